// Shows the fate of a create or a rotation: one line that follows what becomes known, and a button to look
// for a lost key now. A dialog and the journal show the same fate, each in a box of its own.

import { announce, h } from "./dom.js";
import { explain } from "./explain.js";

/** An element for a fate. `network` returns what `explain` needs. It is empty until there is something. */
export function fateBox(fate, network) {
  const text = h("p", { class: "fate-line" });
  const button = h("button", { type: "button", class: "small" }, "Look now");
  const said = h("p", { class: "fate-said" });
  const element = h("div", { class: "fate" }, text, button, said);
  const draw = () => {
    const line = fate.line;
    element.hidden = line.text === "";
    element.dataset.tone = line.tone;
    text.textContent = line.text;
    // Not disabled, as it may have the focus.
    button.setAttribute("aria-disabled", String(fate.isLooking));
    button.textContent = fate.isLooking ? "Looking…" : "Look now";
    if (!fate.canLook && button.contains(document.activeElement)) focusNear(element);
    button.hidden = !fate.canLook;
  };
  button.addEventListener("click", async () => {
    if (fate.isLooking) return;
    said.textContent = "";
    try {
      await fate.look(fate.sweep);
      announce(fate.line.text);
    } catch (error) {
      const { title, text } = explain(error, network());
      said.textContent = `The look did not come to its end. ${title}. ${text}`;
      announce(said.textContent);
    }
  });
  fate.onChange(draw);
  draw();
  return element;
}

/** Focuses the text, because the focused button is about to disappear. */
function focusNear(element) {
  const text = element.querySelector(".fate-line");
  text.tabIndex = -1;
  text.focus();
}
