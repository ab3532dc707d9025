// Try a bad network: makes the emulator that serves this page lose, fail and slow down requests.

import { clock } from "./clock.js";
import { announce, byId, h, newId } from "./dom.js";
import { howOften, ordersFor, SHARES, SWITCHES } from "./faults.js";
import { count } from "./numbers.js";
import { parseTime } from "./time.js";

const TITLE = "Fireworks API keys, locally";

/** The account and the administrator's token of the demo's emulator. */
export const DEMO = { accountId: "local", token: "fw_local_admin" };

/**
 * Finds out whether an emulator serves this page, and whether it accepts fault rules. The emulator listens on
 * this machine only, so the page asks no other host.
 */
export async function findEmulator() {
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
  const sent = clock.machine();
  const found = local && (await answers("/openapi.json", ({ info }) => info.title === TITLE));
  if (!found) return undefined;
  // Its clock is the service's. The header holds whole seconds.
  const date = parseTime(found.headers.get("date"));
  const heard = [date === undefined ? undefined : date + 500, sent - 500, clock.machine() + 500];
  const faults = await answers("/_emulator/faults", ({ faults }) => Array.isArray(faults));
  return { faults: Boolean(faults), heard };
}

async function answers(path, right) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(5_000) });
    return response.ok && right(await response.json()) ? response : undefined;
  } catch {
    return undefined;
  }
}

/** Shows the switches. Returns a function to call after each operation. */
export function startNetwork() {
  const form = byId("network-form");
  const hits = byId("network-hits");
  const controls = SWITCHES.map(switchOf);
  form.prepend(...controls.map(({ element }) => element));
  byId("network").hidden = false;

  const refresh = async () => {
    try {
      const { faults } = await ask("GET", "/_emulator/faults");
      const { keys } = await ask("GET", "/_emulator/keys");
      const hit = faults.reduce((sum, { hits }) => sum + hits, 0);
      // A rule for the next request is used up once it has hit.
      const live = faults.filter(
        ({ times, share, hits }) => typeof share === "number" || hits < (times ?? 1),
      );
      for (const { box, often, kind } of controls) {
        const order = live.find(({ fault }) => fault.kind === kind);
        box.checked = order !== undefined;
        if (order) often.value = howOften(order);
      }
      hits.textContent = [
        faults.length > 0 ? `${count(hit, "request")} got into trouble so far.` : "All is well.",
        `The emulator really holds ${count(keys.length, "key")}.`,
      ].join(" ");
      byId("trouble").hidden = live.length === 0;
    } catch {
      hits.textContent = "The emulator does not answer.";
    }
  };

  // Orders are given one after another: two at a time would leave each other's rules behind.
  let last = Promise.resolve();
  const apply = () => {
    const chosen = Object.fromEntries(
      controls.map(({ name, box, often }) => [name, box.checked && often.value]),
    );
    const on = controls.filter(({ box }) => box.checked).map(({ label }) => label.toLowerCase());
    const mine = last.then(() => order(chosen, on)).then(() => last === mine && refresh());
    last = mine;
    return mine;
  };

  const order = async (chosen, on) => {
    try {
      await ask("DELETE", "/_emulator/faults");
      for (const order of ordersFor(chosen, Math.floor(Math.random() * 2 ** 32))) {
        await ask("POST", "/_emulator/faults", order);
      }
      announce(on.length > 0 ? `Bad network: ${on.join(", ")}.` : "The network is good again.");
    } catch {
      announce("The emulator did not take the order.");
    }
  };

  form.addEventListener("change", ({ target }) => {
    // "How often" has no effect while its switch is off.
    if (!controls.some(({ box, often }) => often === target && !box.checked)) apply();
  });
  for (const button of document.querySelectorAll("[data-action=good-network]")) {
    button.addEventListener("click", async () => {
      for (const { box } of controls) box.checked = false;
      await apply();
      // The banner's button disappears with the banner.
      if (!document.activeElement || document.activeElement === document.body) byId("main").focus();
    });
  }
  refresh();
  return refresh;
}

function switchOf({ name, kind, label, hint }) {
  const box = h("input", {
    "type": "checkbox",
    "role": "switch",
    "id": newId("switch"),
    "aria-describedby": newId("hint"),
  });
  const often = h(
    "select",
    { "aria-label": `${label}: how often` },
    SHARES.map(({ value, label }) => h("option", { value }, label)),
  );
  const element = h(
    "div",
    { class: "switch" },
    box,
    h(
      "div",
      { class: "switch-words" },
      h("label", { for: box.id }, label),
      h("p", { class: "hint", id: box.getAttribute("aria-describedby") }, hint),
    ),
    often,
  );
  return { name, kind, label, box, often, element };
}

async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.status === 204 ? undefined : response.json();
}
