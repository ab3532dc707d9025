// Revokes a key, after asking the user about it by name.

import { clock } from "./clock.js";
import { alertBox, openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { answers, explain, notRevoked } from "./explain.js";
import { shown } from "./names.js";
import { unused } from "./records.js";
import { clockTime, MINUTE, relative } from "./time.js";
import { anotherToken } from "./token.js";

/** What revoking a key with this end does. */
function consequence(expires, now) {
  if (clock.hasPassed(expires))
    return `It expired ${relative(expires, now)}, so nothing can use it. Revoking it takes it off the list.`;
  const isOver = expires <= now ? `By this machine’s clock it expired ${relative(expires, now)}. ` : "";
  return `${isOver}Whatever uses this key stops working. This cannot be undone.`;
}

/**
 * Asks, and revokes. `readAt` is when the list was read, `onRevoked` receives the id; `restore` focuses what
 * is left.
 */
export function askToRevoke({ record, readAt, service, onRevoked, restore }) {
  const { name, key, owner, ownerName, used, expires } = record;
  const now = clock.now();
  const problem = h("div");
  const cancel = h("button", { type: "button", autofocus: true, onclick: () => dialog.close() });
  // Once it is asked for, no button keeps the key.
  const tell = (isAsked) => {
    cancel.textContent = isAsked ? "Close" : "Keep it";
  };
  tell(false);
  const revoke = h("button", { type: "button", class: "danger" }, `Revoke “${name}”`);
  revoke.addEventListener("click", async () => {
    if (revoke.ariaDisabled === "true") return;
    // Not disabled: it has the focus.
    revoke.ariaDisabled = "true";
    revoke.textContent = "Revoking…";
    problem.replaceChildren();
    tell(true);
    try {
      await service.remove(record);
      // Before the dialog closes, so that the focus does not return to a row that is about to go.
      onRevoked(record.id);
      dialog.close();
      announce(`“${name}” is revoked.`);
    } catch (error) {
      const renew =
        answers(error, 401) &&
        h("button", { type: "button", onclick: () => anotherToken(service) }, "Use another token…");
      const words = explain(error, service.network());
      const isKept = service.isKept(error, record);
      const outcome = notRevoked(error, isKept);
      const text = `${words.text} ${outcome}`;
      // It is told where the dialog is closed, too.
      if (!dialog.element.isConnected) return announce(`“${name}”: ${words.title}. ${outcome}`);
      if (isKept) tell(false);
      problem.replaceChildren(alertBox({ title: words.title, text }, renew));
      revoke.ariaDisabled = "false";
      revoke.textContent = `Try again to revoke “${name}”`;
      (renew || revoke).focus();
    }
  });
  const dialog = openDialog({
    title: `Revoke “${name}”?`,
    restore,
    body: [
      h("p", {}, consequence(expires, now)),
      service.isOwn(key.prefix) &&
        alertBox({
          title: "This looks like the key that this page uses",
          text: "Revoke it, and the page can do nothing more until you connect with another.",
        }),
      h(
        "dl",
        { class: "facts" },
        [
          ["Begins with", h("code", {}, shown(key.prefix ?? "Not said"))],
          ["Owner", ownerName || shown(owner.id)],
          ["Last used", `${used === undefined ? unused(record, now) : relative(used, now)}${byList(readAt)}`],
        ].map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]),
      ),
      problem,
    ],
    actions: [cancel, revoke],
  });
}

/** By which list it is, if that is not of now. */
function byList(readAt) {
  return clock.machine() - readAt < MINUTE ? "" : `, by the list of ${clockTime(readAt)}`;
}
