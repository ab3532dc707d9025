// Tests the first call of all, which loads the module: these cases have to run before all others.

import { equal } from "./service.mjs";

/** What test tools put a clock of their own in the place of, by the object that it is a method of. */
const TIMERS = [
  [globalThis, "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "requestAnimationFrame"],
  [globalThis.process, "nextTick"],
];

export const first = {
  async "the first call needs no timer, as where a test stands still"({ createApiKey }) {
    const { setTimeout } = globalThis;
    const fetch = async () => ({
      status: 200,
      headers: new Map(),
      text: async () => '{"keyId":"k","key":"fw_k"}',
    });
    const options = { token: "fw_x", accountId: "acme", userId: "ci-bot", orphanProtection: false, fetch };
    const late = new Promise((_, reject) => setTimeout(reject, 10_000, new Error("it hangs")));
    late.catch(() => {});
    const restore = [];
    for (const [object, ...names] of TIMERS) {
      for (const name of names.filter((name) => typeof object?.[name] === "function")) {
        const before = object[name];
        restore.push(() => (object[name] = before));
        object[name] = () => 0;
      }
    }
    let created;
    try {
      created = createApiKey(options);
      equal((await Promise.race([created, late])).keyId, "k", "created");
    } finally {
      for (const each of restore) each();
    }
  },
};
