// Native modal dialogs, created when they open and removed when they close. A dialog takes the focus and
// gives it back. Escape does not close a sticky one.

import { byId, h, hush, newId } from "./dom.js";

/**
 * Opens a dialog. `body` and `actions` are elements; with `sticky` only `close` closes it. `restore` focuses
 * something else if the element that opened the dialog is gone. `onCancel` is called on Escape.
 */
export function openDialog({ title, body, actions, sticky = false, restore, onCancel }) {
  const titleId = newId("title");
  const opener = document.activeElement;
  const element = h(
    "dialog",
    { "aria-labelledby": titleId, "closedby": sticky ? "none" : "closerequest" },
    h(
      "div",
      { class: "dialog-frame" },
      h("h2", { id: titleId, tabindex: -1 }, title),
      h("div", { class: "dialog-body" }, body),
      h("output", { class: "dialog-status visually-hidden" }),
      h("div", { class: "actions" }, actions),
    ),
  );
  let resolveClosed;
  const closed = new Promise((resolve) => (resolveClosed = resolve));
  const close = () => {
    if (!element.isConnected) return;
    element.close();
    element.remove();
    focusAgain(opener, restore);
    resolveClosed();
  };
  element.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (!sticky) (onCancel ?? close)();
  });
  // A browser may still close a sticky dialog when the user presses Escape twice. The event arrives late.
  element.addEventListener("close", () => {
    if (sticky && element.isConnected) element.showModal();
    else close();
  });
  const dialog = {
    element,
    closed,
    /** Removes the dialog and restores the focus before it returns. */
    close,
    /** Changes the title, for example when the work is done. */
    rename(text) {
      element.querySelector("h2").textContent = text;
    },
  };
  // An old message would seem to be about this dialog.
  hush();
  document.body.append(element);
  element.showModal();
  (element.querySelector("[autofocus]") ?? element.querySelector("h2")).focus();
  return dialog;
}

function focusAgain(opener, restore) {
  // If another dialog is open below, the focus must stay inside it.
  const below = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (below?.contains(document.activeElement)) return;
  const usable = opener?.isConnected && opener !== document.body && opener.checkVisibility?.() !== false;
  if (usable && !opener.disabled && (!below || below.contains(opener))) opener.focus();
  else if (below) below.querySelector("h2").focus();
  else if (!restore?.()) byId("main").focus();
}

/** A box that says what went wrong. Screen readers read it aloud. */
export function alertBox({ title, text }, ...more) {
  return h("div", { class: "alert", role: "alert" }, h("strong", {}, title), h("p", {}, text), more);
}
