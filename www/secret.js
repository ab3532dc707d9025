// Shows a new key once: masked, with buttons to reveal and copy it. The dialog closes only when the user says
// whether the key is stored; then the page forgets it.

import { clock } from "./clock.js";
import { openDialog } from "./dialog.js";
import { announce, copy, h } from "./dom.js";
import { holdPage } from "./leave.js";
import { nameOf, shown } from "./names.js";
import { exact, lasting, parseTime } from "./time.js";

/**
 * Resolves to whether the user has stored the key. Only with `refusable` can the user say no. An aborted
 * `signal` closes the dialog and resolves to false. `notes` are elements that tell how the key was made; they
 * may go on changing.
 */
export function showSecret({ created, title, notes = [], refusable = false, restore, signal }) {
  let { key } = created;
  const masked = () => `${key.slice(0, 7)}${"•".repeat(20)}`;
  const output = h("output", { class: "secret", "aria-label": "The key, hidden", id: "secret" }, masked());
  const reveal = h(
    "button",
    { "type": "button", "aria-pressed": "false", "aria-controls": "secret" },
    "Reveal",
  );
  const copyButton = h("button", { type: "button", autofocus: true }, "Copy");
  const said = h("p", { class: "said" });
  const setRevealed = (revealed) => {
    output.textContent = revealed ? key : masked();
    output.setAttribute("aria-label", revealed ? "The key" : "The key, hidden");
    reveal.textContent = revealed ? "Hide" : "Reveal";
    reveal.setAttribute("aria-pressed", String(revealed));
  };
  reveal.addEventListener("click", () => setRevealed(reveal.getAttribute("aria-pressed") === "false"));
  copyButton.addEventListener("click", async () => {
    const copied = await copy(key ?? "");
    if (!copied) {
      setRevealed(true);
      getSelection().selectAllChildren(output);
    }
    said.textContent = copied
      ? "Copied. The clipboard holds it until something else is copied."
      : "The browser does not let this page copy. The key is selected: copy it by hand.";
    announce(said.textContent);
  });
  return new Promise((resolve) => {
    const end = (stored) => {
      // Clears both copies: the closure's and the document's.
      key = undefined;
      output.textContent = "";
      release();
      resolve(stored);
      dialog.close();
    };
    const stored = h(
      "button",
      { type: "button", class: "primary", onclick: () => end(true) },
      "I have stored it",
    );
    const refuse = h("button", { type: "button", onclick: () => end(false) }, "I could not store it");
    const dialog = openDialog({
      title,
      sticky: true,
      restore,
      body: [
        h("p", {}, "This is the only time it is shown. Store it where your software reads it, then say so."),
        h("div", { class: "secret-box" }, output, h("div", { class: "secret-actions" }, reveal, copyButton)),
        said,
        notes,
        h(
          "dl",
          { class: "facts" },
          factsOf(created).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
        ),
      ],
      actions: [refusable && refuse, stored],
    });
    const release = holdPage();
    signal?.addEventListener("abort", () => end(false), { once: true });
  });
}

function factsOf({ keyId, displayName, createTime, expireTime }) {
  const [created, expires] = [parseTime(createTime), parseTime(expireTime)];
  const lives = created !== undefined && expires !== undefined && `${lasting(expires - created)}, until `;
  return [
    ["Key id", shown(keyId)],
    ["Name", nameOf(displayName || "default")],
    [
      "Lives",
      expireTime ? `${lives || ""}${expires === undefined ? expireTime : exact(expires)}` : "For ever",
    ],
    clock.words && ["The clocks", `${clock.words} The times above are the service’s.`],
  ].filter(Boolean);
}
