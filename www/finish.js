// Finishes a rotation that was cut short. Only the user can tell which key the store holds; where nobody
// knows, nothing is done.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { shown } from "./names.js";

/**
 * Asks which key the store holds. `rotate` receives the old key, to be rotated once more; `cleanUp` the ids
 * of the keys that the new one has replaced.
 */
export function askToFinish({ record, restore, rotate, cleanUp }) {
  const { predecessor, remains } = record;
  const choice = (value, label, hint) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "holds", value, required: true }),
      h("span", {}, h("strong", {}, label), h("span", { class: "hint" }, hint)),
    );
  const form = h(
    "form",
    { id: "finish" },
    h(
      "p",
      {},
      `By its annotations, a rotation made this key, and ${
        remains.length > 0 ? "keys that it was to replace are" : "the key that it comes after is"
      } still listed. Look into the store that your software reads: which key does it hold?`,
    ),
    h(
      "fieldset",
      { class: "choices" },
      h("legend", { class: "visually-hidden" }, "The store holds"),
      choice("old", `The old one: ${nameAndId(predecessor)}`, "It is rotated once more."),
      choice("new", `The new one: ${nameAndId(record)}`, "What it replaces is revoked, after a question."),
      choice("unknown", "I don’t know", "Then neither is done: either key may be in use."),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const holds = new FormData(form).get("holds");
    dialog.close();
    if (holds === "old") rotate(predecessor);
    if (holds === "new") cleanUp((remains.length > 0 ? remains : [predecessor]).map(({ id }) => id));
  });
  const dialog = openDialog({
    title: `Finish the rotation of “${predecessor.name}”`,
    restore,
    body: form,
    actions: [
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "submit", form: "finish", class: "primary" }, "Go on"),
    ],
  });
}

function nameAndId({ prefix, id }) {
  return prefix ? `${prefix}… (${shown(id)})` : shown(id);
}
