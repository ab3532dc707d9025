// Try a bad network: makes the emulator that serves this page lose, fail and slow down requests.

import { announce, byId, h, newId } from "./dom.js";
import { ask } from "./emulator.js";
import { howOften, ordersFor, SHARES, SWITCHES } from "./faults.js";
import { count } from "./numbers.js";

/** Shows the switches. Returns a function to call after each operation. */
export function startNetwork() {
  const form = byId("network-form");
  const hits = byId("network-hits");
  const controls = SWITCHES.map(switchOf);
  form.prepend(...controls.map(({ element }) => element));
  byId("network").hidden = false;

  const refresh = async () => {
    try {
      const { faults: all } = await ask("GET", "faults");
      // A delay of no time only counts requests.
      const faults = all.filter(({ fault }) => fault.ms !== 0);
      const { keys } = await ask("GET", "keys");
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
      await ask("DELETE", "faults");
      for (const order of ordersFor(chosen, Math.floor(Math.random() * 2 ** 32))) {
        await ask("POST", "faults", order);
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
