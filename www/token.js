// Asks for another token, where the one that the page uses is not accepted. The page stays connected.

import { openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { mark, unmark } from "./fields.js";

/** Asks, and has the service use what is typed. `onRenewed` is called then. */
export function anotherToken(service, onRenewed) {
  const input = h("input", {
    "id": "another-token",
    "name": "token",
    "type": "password",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
    "autofocus": true,
    "data-hint": "another-token-hint",
    "aria-describedby": "another-token-hint",
  });
  const form = h(
    "form",
    { id: "token-form", novalidate: true },
    h(
      "div",
      { "class": "field", "data-path": "token" },
      h("label", { for: "another-token" }, "Token"),
      input,
      h(
        "p",
        { class: "hint", id: "another-token-hint" },
        "An existing key that works. It stays in memory only.",
      ),
      h("p", { class: "field-error", id: "another-token-error" }),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    unmark(form);
    const token = input.value.trim();
    if (token === "") return mark(form, "token", "Type the token in.");
    input.value = "";
    service.useToken(token);
    dialog.close();
    announce("The page uses the other token from now on.");
    onRenewed?.();
  });
  const dialog = openDialog({
    title: "Use another token",
    body: [h("p", {}, "The service does not accept the token that this page has used so far."), form],
    actions: [
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "submit", form: "token-form", class: "primary" }, "Use it"),
    ],
  });
}
