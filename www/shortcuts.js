// Keyboard shortcuts, while the console is shown and no dialog is open; and the dialog that lists them.

import { openDialog } from "./dialog.js";
import { byId, h } from "./dom.js";

const LIST = [
  ["/", "Filter the keys"],
  ["Ctrl K", "Filter the keys, from anywhere"],
  ["c", "Create a key"],
  ["?", "Show this list"],
  ["Arrow keys", "Walk through the table and its controls"],
  ["Shift and a click", "Tick a range of keys"],
];

/** Starts to listen. `filter` and `create` do what they say. */
export function startShortcuts({ isConnected, filter, create }) {
  const works = { "/": filter, "c": create, "?": openShortcuts };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !isConnected() || document.querySelector("dialog[open]")) return;
    const isTyping = event.target.matches?.(
      "input:not([type=checkbox], [type=radio], [type=range]), select, textarea",
    );
    const isFind = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping;
    const work = isFind ? filter : isPlain ? works[event.key] : undefined;
    if (!work) return;
    event.preventDefault();
    work();
  });
  byId("show-shortcuts").addEventListener("click", openShortcuts);
}

function openShortcuts() {
  const dialog = openDialog({
    title: "Keyboard",
    body: h(
      "dl",
      { class: "facts" },
      LIST.map(([keys, what]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, what)]),
    ),
    actions: h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Close"),
  });
}
