// Asks for the id of a key's owner where the list does not tell it, and believes it only if that user has the
// key.

import { openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { explain } from "./explain.js";
import { mark, unmark } from "./fields.js";

/** Asks, and calls `act` with the record and its owner. */
export function withOwner({ record, service, restore }, act) {
  if (record.owner.id !== undefined) return act(record);
  const input = h("input", {
    "id": "owner-id",
    "name": "userId",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
    "autofocus": true,
    "data-hint": "owner-id-hint",
    "aria-describedby": "owner-id-hint",
  });
  const check = h("button", { type: "submit", form: "owner-form", class: "primary" }, "Check");
  const form = h(
    "form",
    { id: "owner-form", novalidate: true },
    h(
      "div",
      { "class": "field", "data-path": "userId" },
      h("label", { for: "owner-id" }, "The owner’s id"),
      input,
      h("p", { class: "hint", id: "owner-id-hint" }, "This page looks first whether that user has the key."),
      h("p", { class: "field-error", id: "owner-id-error" }),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (check.ariaDisabled === "true") return;
    unmark(form);
    const id = input.value.trim();
    if (id === "") return mark(form, "userId", "Type the user’s id in.");
    check.ariaDisabled = "true";
    try {
      if (await service.has(id, record.id)) {
        dialog.close();
        act({ ...record, owner: { ...record.owner, id } });
      } else mark(form, "userId", "This user has no such key.");
    } catch (error) {
      const missing = "The service knows no such user, so nothing can be done with the key by this id.";
      const { title, text } = explain(error, service.network());
      mark(form, "userId", error?.status === 404 ? missing : `${title}. ${text}`);
    }
    check.ariaDisabled = "false";
  });
  const dialog = openDialog({
    title: `Whose key is “${record.name}”?`,
    restore,
    body: [h("p", {}, record.owner.why), form],
    actions: [h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), check],
  });
  announce(record.owner.why);
}
