// The fault rules that the switches for a bad network set in the emulator. Pure.

/** The switches. The emulator tries their rules in this order, and applies the first that matches. */
export const SWITCHES = [
  {
    name: "drop",
    kind: "drop",
    label: "Lose answers of creates",
    hint: "The key is made, and the connection breaks before the answer.",
  },
  { name: "fail", kind: "answer", label: "Fail", hint: "Requests are answered 503 and not done." },
  { name: "slow", kind: "delay", label: "Slow down", hint: "Requests take two seconds longer." },
];

/** The choices of how often a fault happens. */
export const SHARES = [
  { value: "next", label: "the next one" },
  { value: "half", label: "every other, by chance" },
  { value: "all", label: "every one" },
];

const FAULTS = {
  drop: { operation: "create", fault: { kind: "drop", when: "after" } },
  fail: {
    fault: {
      kind: "answer",
      status: 503,
      headers: { "content-type": "application/json" },
      body: '{"code": 14, "message": "the emulator was asked to fail"}',
    },
  },
  slow: { fault: { kind: "delay", ms: 2_000 } },
};

/** The choice that belongs to a rule. */
export function howOften({ share }) {
  if (typeof share !== "number") return "next";
  return share < 1 ? "half" : "all";
}

/** The rules for `chosen`: how often, by the switch's name. `seed` seeds the random choice. */
export function ordersFor(chosen, seed) {
  return SWITCHES.filter(({ name }) => chosen[name]).map(({ name }) => ({
    ...FAULTS[name],
    ...{ next: { times: 1 }, half: { share: 0.5, seed }, all: { share: 1 } }[chosen[name]],
  }));
}
