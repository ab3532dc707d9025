// Modal dialogs: native ones, made when they open and gone when they close. Focus goes in, and back to
// where it was; what Escape may not close, it does not.

import { byId, h, newId } from "./dom.js";

/**
 * Opens one. `body` and `actions` are elements; with `sticky` only `close` ends it; `restore` is asked
 * to focus something where the element that opened it is gone. `onCancel` is told of Escape.
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
  // A browser may close it all the same, when Escape is pressed twice. The event comes late.
  element.addEventListener("close", () => {
    if (sticky && element.isConnected) element.showModal();
    else close();
  });
  const dialog = {
    element,
    closed,
    /** At once: nothing of it is left, and the focus is back, when this returns. */
    close,
    /** Another title, such as when the work is done. */
    rename(text) {
      element.querySelector("h2").textContent = text;
    },
  };
  document.body.append(element);
  element.showModal();
  (element.querySelector("[autofocus]") ?? element.querySelector("h2")).focus();
  return dialog;
}

function focusAgain(opener, restore) {
  // A dialog below has the focus to itself.
  const below = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (below?.contains(document.activeElement)) return;
  const usable = opener?.isConnected && opener !== document.body && opener.checkVisibility?.() !== false;
  if (usable && !opener.disabled && (!below || below.contains(opener))) opener.focus();
  else if (below) below.querySelector("h2").focus();
  else if (!restore?.()) byId("main").focus();
}

/** What went wrong, where it is read aloud. */
export function alertBox({ title, text }, ...more) {
  return h("div", { class: "alert", role: "alert" }, h("strong", {}, title), h("p", {}, text), more);
}
