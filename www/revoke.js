// Revokes a key, after asking the user about it by name.

import { alertBox, openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { explain } from "./explain.js";
import { relative } from "./time.js";

/** Asks, and revokes. `onRevoked` receives the id; `restore` focuses what is left. */
export function askToRevoke({ record, service, onRevoked, restore }) {
  const { name, key, owner, used } = record;
  const problem = h("div");
  const cancel = h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Keep it");
  const revoke = h("button", { type: "button", class: "danger" }, `Revoke “${name}”`);
  revoke.addEventListener("click", async () => {
    revoke.disabled = true;
    revoke.textContent = "Revoking…";
    problem.replaceChildren();
    try {
      await service.remove(record);
      // Before the dialog closes, so that the focus does not return to a row that is about to go.
      onRevoked(record.id);
      dialog.close();
      announce(`“${name}” is revoked.`);
    } catch (error) {
      problem.replaceChildren(alertBox(explain(error, service.network())));
      revoke.disabled = false;
      revoke.textContent = `Try again to revoke “${name}”`;
      revoke.focus();
    }
  });
  const dialog = openDialog({
    title: `Revoke “${name}”?`,
    restore,
    body: [
      h("p", {}, "Whatever uses this key stops working. This cannot be undone."),
      service.isOwn(key.prefix) &&
        alertBox({
          title: "This looks like the key that this page uses",
          text: "Revoke it, and the page can do nothing more until you connect with another.",
        }),
      h(
        "dl",
        { class: "facts" },
        [
          ["Begins with", h("code", {}, key.prefix ?? "Not said")],
          ["Owner", key.email ?? owner.id],
          ["Last used", used === undefined ? "Never" : relative(used, Date.now())],
        ].map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]),
      ),
      problem,
    ],
    actions: [cancel, revoke],
  });
}
