// Asks for the id of a key's owner where the list does not tell it, and believes it only if that user has the
// key.

import { openDialog } from "./dialog.js";
import { announce, h, newId } from "./dom.js";
import { answers, explain } from "./explain.js";
import { mark, unmark } from "./fields.js";

/** Asks, and calls `act` with the record and its owner. */
export function withOwner({ record, service, restore }, act) {
  if (record.owner.id !== undefined) return act(record);
  const { form, check } = ownerForm({
    service,
    keyIds: [record.id],
    none: "This user’s list has no such key.",
    hint: "This page looks first whether that user has the key.",
    accept: (id) => {
      dialog.close();
      act({ ...record, owner: { ...record.owner, id } });
    },
  });
  const dialog = openDialog({
    title: `Whose key is “${record.name}”?`,
    restore,
    body: [h("p", {}, record.owner.why), form],
    actions: [h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), check],
  });
  announce(record.owner.why);
}

/**
 * A form that asks for the owner's id of these keys, with its button. `accept` receives an id and which of
 * the keys that user has: one at least.
 */
export function ownerForm({ service, keyIds, hint, none, accept }) {
  const [formId, inputId] = [newId("owner-form"), newId("owner-id")];
  const input = h("input", {
    "id": inputId,
    "name": "userId",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
    "autofocus": true,
    "data-hint": `${inputId}-hint`,
    "aria-describedby": `${inputId}-hint`,
  });
  const check = h("button", { type: "submit", form: formId, class: "primary" }, "Check");
  const form = h(
    "form",
    { id: formId, novalidate: true },
    h(
      "div",
      { "class": "field", "data-path": "userId" },
      h("label", { for: inputId }, "The owner’s id"),
      input,
      h("p", { class: "hint", id: `${inputId}-hint` }, hint),
      h("p", { class: "field-error", id: `${inputId}-error` }),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (check.ariaDisabled === "true") return;
    unmark(form);
    const id = input.value.trim();
    // A dash would stand for all users, and so for a proof of nothing.
    if (id === "" || id === "-") return mark(form, "userId", "Type the user’s id in.");
    check.ariaDisabled = "true";
    try {
      const found = await service.ownedBy(id, keyIds);
      if (found.size > 0) accept(id, found);
      else mark(form, "userId", none);
    } catch (error) {
      const missing = "The service knows no such user, so nothing can be done by this id.";
      const { title, text } = explain(error, service.network());
      mark(form, "userId", answers(error, 404) ? missing : `${title}. ${text}`);
    }
    check.ariaDisabled = "false";
  });
  return { form, check };
}
