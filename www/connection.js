// The form that connects the page to a service. It passes the typed token to `connect`, and clears the field
// once the page is connected.

import { alertBox } from "./dialog.js";
import { byId, h } from "./dom.js";
import { DEMO } from "./emulator.js";
import { answers, explain } from "./explain.js";
import { mark, unmark } from "./fields.js";
import { accountsOf, missing, usersOf } from "./lookup.js";
import { shown, visible } from "./names.js";
import { networkTo } from "./service.js";

const FIREWORKS = "https://api.fireworks.ai";

/** The field that is wrong when the service refuses with this status. For a 404 it has to be asked. */
const FIELD_OF_STATUS = { 401: "token", 403: "userId" };

const MISSING = {
  userId: ["There is no such user", "The account has no user or service account of this id."],
  accountId: [
    "There is no such account",
    "The service knows no account of this id. It is an id, not a name.",
  ],
  baseUrl: ["This is not the API", "What answers at this address does not answer as the API does."],
};

/** How many ids are offered in words; the field's list has them all. */
const NAMED = 5;

function someOf(ids) {
  const some = ids.slice(0, NAMED).map(shown).join(", ");
  return ids.length > NAMED ? `${some} or one of ${ids.length - NAMED} more` : some;
}

/** Offers ids as they are; one that holds what cannot be seen would look like another. */
function offer(list, ids) {
  const plain = ids.filter((id) => visible(id) === id);
  byId(list).replaceChildren(...plain.map((value) => h("option", { value })));
}

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
    if (form.getAttribute("aria-busy") === "true") return;
    unmark(form);
    problem.replaceChildren();
    if (token.value.trim() !== "" && accountId.value.trim() === "" && (await offerAccounts())) return;
    for (const [control, name, text] of [
      [token, "token", "Type the token in."],
      [accountId, "accountId", "Type the account’s id in."],
    ]) {
      if (control.value.trim() === "") return mark(form, name, text);
    }
    if (scope.value === "one" && userId.value.trim() === "") return offerUsers();
    const settings = {
      baseUrl: baseUrl.value.trim(),
      token: token.value.trim(),
      accountId: accountId.value.trim(),
      userId: scope.value === "one" ? userId.value.trim() : "-",
    };
    setBusy(true);
    try {
      await connect(settings);
      token.value = "";
    } catch (error) {
      await tell(error, settings);
    } finally {
      setBusy(false);
    }
  });

  /** Asks for the user, and offers those that the token sees. */
  const offerUsers = async () => {
    setBusy(true);
    const at = {
      token: token.value.trim(),
      baseUrl: baseUrl.value.trim(),
      accountId: accountId.value.trim(),
    };
    const { ids = [], error } = await usersOf(at).then(
      (ids) => ({ ids }),
      (error) => ({ error }),
    );
    setBusy(false);
    if (error?.status === 401 || error?.status === 404) return tell(error, { ...at, userId: "-" });
    offer("users", ids);
    mark(form, "userId", `Type the user’s id in${ids.length > 0 ? `, or choose: ${someOf(ids)}` : ""}.`);
  };

  /** Finds the token's accounts: fills in the only one, or offers them and asks. */
  const offerAccounts = async () => {
    setBusy(true);
    try {
      const ids = await accountsOf({ token: token.value.trim(), baseUrl: baseUrl.value.trim() });
      offer("accounts", ids);
      if (ids.length === 1) accountId.value = ids[0];
      else if (ids.length > 0) mark(form, "accountId", `Choose: ${someOf(ids)}.`);
      else mark(form, "accountId", "The service lists none for this token: type the id in.");
      return ids.length !== 1;
    } catch (error) {
      if (error?.status === 403)
        mark(form, "accountId", "This token may not list its accounts: type the id in.");
      else await tell(error, { baseUrl: baseUrl.value.trim() });
      return true;
    } finally {
      setBusy(false);
    }
  };

  /** Says what is wrong, at its field if that is known, and has the focus there. */
  const tell = async (error, settings) => {
    let words = explain(error, networkTo(settings.baseUrl));
    let path =
      error?.code === "VALIDATION"
        ? error.path
        : answers(error, error?.status) && FIELD_OF_STATUS[error.status];
    if (error?.status === 404 && settings.accountId) {
      path = await missing(settings);
      if (path) words = { title: MISSING[path][0], text: MISSING[path][1] };
    }
    const marked = path && (mark(form, path, words.text) || mark(form, "scope", words.text));
    if (marked && error?.code === "VALIDATION") return;
    const box = alertBox(marked ? { title: words.title, text: "See the field that is marked." } : words);
    problem.append(box);
    if (marked) return;
    box.tabIndex = -1;
    box.focus();
  };

  const setBusy = (busy) => {
    form.setAttribute("aria-busy", String(busy));
    // Not disabled, as it may have the focus.
    button.setAttribute("aria-disabled", String(busy));
    button.textContent = busy ? "Connecting…" : "Connect";
  };

  return {
    /** Shows the form again; the user has to enter the token again. */
    show() {
      prefill();
      (emulator ? button : token).focus();
    },
  };
}
