// The form that connects the page to a service. It passes the typed token to `connect`, and clears the field
// once the page is connected.

import { alertBox } from "./dialog.js";
import { byId, h } from "./dom.js";
import { explain } from "./explain.js";
import { mark, unmark } from "./fields.js";
import { DEMO } from "./network.js";
import { networkTo } from "./service.js";

const FIREWORKS = "https://api.fireworks.ai";

/** The field that is wrong when the service refuses with this status. */
const FIELD_OF_STATUS = { 401: "token", 403: "userId", 404: "accountId" };

/** Makes the form work. `connect` receives the settings, and rejects if they do not work. */
export function startConnection({ emulator, connect }) {
  const form = byId("connect-form");
  const problem = byId("connect-problem");
  const button = form.querySelector("[type=submit]");
  const { baseUrl, token, accountId, userId, scope } = form.elements;

  const prefill = () => {
    baseUrl.value = emulator ? location.origin : FIREWORKS;
    if (!emulator) return;
    token.value = DEMO.token;
    accountId.value = DEMO.accountId;
  };
  const showUser = () => {
    byId("user-field").hidden = scope.value !== "one";
  };
  byId("addresses").append(
    ...[emulator && location.origin, FIREWORKS].filter(Boolean).map((value) => h("option", { value })),
  );
  byId("demo-note").hidden = !emulator;
  prefill();
  showUser();
  form.addEventListener("change", showUser);
  baseUrl.addEventListener("change", () => {
    // The demo's token must not go to another service.
    if (!emulator || baseUrl.value.trim() === location.origin || token.value !== DEMO.token) return;
    token.value = "";
    accountId.value = "";
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    unmark(form);
    problem.replaceChildren();
    for (const [control, name, text] of [
      [token, "token", "Type the token in."],
      [accountId, "accountId", "Type the account’s id in."],
      [scope.value === "one" ? userId : { value: "-" }, "userId", "Type the user’s id in."],
    ]) {
      if (control.value.trim() === "") return mark(form, name, text);
    }
    setBusy(true);
    try {
      await connect({
        baseUrl: baseUrl.value.trim(),
        token: token.value.trim(),
        accountId: accountId.value.trim(),
        userId: scope.value === "one" ? userId.value.trim() : "-",
      });
      token.value = "";
    } catch (error) {
      const words = explain(error, networkTo(baseUrl.value.trim()));
      const path = error?.code === "VALIDATION" ? error.path : FIELD_OF_STATUS[error?.status];
      const marked = path && (mark(form, path, words.text) || mark(form, "scope", words.text));
      if (!marked || error?.code !== "VALIDATION")
        problem.append(
          alertBox(marked ? { title: words.title, text: "See the field that is marked." } : words),
        );
    } finally {
      setBusy(false);
    }
  });

  const setBusy = (busy) => {
    form.setAttribute("aria-busy", String(busy));
    button.disabled = busy;
    button.textContent = busy ? "Connecting…" : "Connect";
  };

  return {
    /** Shows the form again; the user has to enter the token again. */
    show() {
      prefill();
      byId("connect").hidden = false;
      (emulator ? button : token).focus();
    },
    hide() {
      byId("connect").hidden = true;
    },
  };
}
