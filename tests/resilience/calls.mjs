// What the tests without a server share: answers for a `fetch` of their own, and the timers that are set.

import { after } from "node:test";

/** What a promise is rejected with. */
export async function errorOf(promise) {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  if ("value" in outcome) throw new Error(`should have been rejected: ${JSON.stringify(outcome.value)}`);
  return outcome.error;
}

/** A fetch whose every request is refused with this body: a text, or what is sent as JSON. */
export const refusal = (status, body, headers) => async () =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });

/** A fetch that creates a key, and notes the requests it got in `asked`. */
export function creating() {
  const fetch = async function (url, init) {
    fetch.asked.push({ url, init, self: this });
    return Response.json({ keyId: "k", key: "fw_k", ...JSON.parse(init.body).apiKey });
  };
  fetch.asked = [];
  return fetch;
}

/** A function whose promise is pending until `resolve` gives it a value. `called` is resolved by the call. */
export function pending() {
  let call;
  const called = new Promise((resolve) => (call = resolve));
  const waiting = () => {
    call();
    return new Promise((resolve) => (waiting.resolve = resolve));
  };
  waiting.called = called;
  return waiting;
}

/**
 * The timers that are set and neither fired nor were cleared. None keeps the process when the tests are
 * over: a test that finds one left fails at once.
 */
export function watchTimers() {
  const pending = new Set();
  const { setTimeout, clearTimeout } = globalThis;
  globalThis.setTimeout = (work, ms, ...args) => {
    const fire = (...given) => {
      pending.delete(timer);
      work(...given);
    };
    const timer = setTimeout(fire, ms, ...args);
    pending.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    pending.delete(timer);
    clearTimeout(timer);
  };
  after(() => {
    for (const timer of pending) timer.unref();
  });
  return pending;
}
