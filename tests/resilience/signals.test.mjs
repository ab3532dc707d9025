// Limits and aborts: what a call does to the caller's signal, to timers and to its requests.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createApiKey, init } from "fireworks-keys";
import { creating, errorOf, watchTimers } from "./calls.mjs";

// Before the module is loaded, which sets a timer of its own.
const timers = watchTimers();
await init();
const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

/** A fetch that never answers, and what it was called with once that is known. */
function hanging() {
  let called;
  const asked = new Promise((resolve) => (called = resolve));
  const fetch = (_, init) => {
    called(init);
    return new Promise(() => {});
  };
  return { fetch, asked };
}

test("calls that share a signal have one listener on it, which stays until the last has ended", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = () => getEventListeners(signal, "abort").length;
  const waiting = hanging();
  const reason = new Error("mine");
  const other = errorOf(createApiKey({ ...at, signal, fetch: waiting.fetch }));
  await waiting.asked;
  const many = Array.from({ length: 20 }, () => createApiKey({ ...at, signal, fetch: creating() }));
  assert.equal(listeners(), 1, "one serves them all");
  await Promise.all(many);
  assert.equal(listeners(), 1, "the other call still listens");
  controller.abort(reason);
  assert.equal(await other, reason);
  assert.equal(listeners(), 0);
});

test("a call that has ended leaves no listener and no timer behind", async () => {
  const { signal } = new AbortController();
  for (let call = 0; call < 5; call += 1) await createApiKey({ ...at, signal, fetch: creating() });
  assert.equal(getEventListeners(signal, "abort").length, 0);
  assert.equal(timers.size, 0);
});

test("a request is aborted at either limit and with the caller's signal", async () => {
  const controller = new AbortController();
  for (const [options, expected] of [
    [{ timeoutMs: 5 }, { code: "TIMEOUT", limit: "attempt" }],
    [{ totalTimeoutMs: 5 }, { code: "TIMEOUT", limit: "total" }],
    [{ signal: controller.signal }, { name: "AbortError" }],
  ]) {
    const { fetch, asked } = hanging();
    const ended = errorOf(createApiKey({ ...at, fetch, ...options }));
    const { signal } = await asked;
    assert.equal(signal.aborted, false);
    if (options.signal) controller.abort();
    const error = await ended;
    for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value);
    assert.equal(signal.aborted, true, "the request was aborted");
  }
});

test("a limit that is longer than a timer can hold does not end a call at once", async (t) => {
  const delays = [];
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, "setTimeout", (work, delay) => {
    delays.push(delay);
    return setTimeout(work, delay);
  });
  await createApiKey({ ...at, timeoutMs: 2 ** 40, totalTimeoutMs: 2 ** 40, fetch: creating() });
  assert.ok(delays.length > 0);
  for (const delay of delays) assert.ok(delay < 2 ** 31, `${delay} would fire at once`);
});

test("a signal that is aborted while the token is asked for sends nothing", async () => {
  const controller = new AbortController();
  const fetch = creating();
  const token = () => {
    controller.abort("enough");
    return "fw_x";
  };
  assert.equal(await errorOf(createApiKey({ ...at, token, fetch, signal: controller.signal })), "enough");
  assert.equal(fetch.asked.length, 0);
});

test("a signal of another realm, or one of the caller's own, can abort a call", async () => {
  const target = new EventTarget();
  const signal = {
    aborted: false,
    reason: "mine",
    addEventListener: (...args) => target.addEventListener(...args),
    removeEventListener: (...args) => target.removeEventListener(...args),
  };
  const { fetch, asked } = hanging();
  const ended = errorOf(createApiKey({ ...at, fetch, signal }));
  await asked;
  signal.aborted = true;
  target.dispatchEvent(new Event("abort"));
  assert.equal(await ended, "mine");
});

test("a signal that has no reason is an abort all the same", async () => {
  for (const reason of [undefined, null, "mine"]) {
    const { fetch, asked } = hanging();
    const signal = Object.assign(new EventTarget(), { aborted: false, reason });
    const ended = errorOf(createApiKey({ ...at, fetch, signal }));
    await asked;
    signal.aborted = true;
    signal.dispatchEvent(new Event("abort"));
    const error = await ended;
    if (reason === undefined) assert.equal(error.name, "AbortError");
    else assert.equal(error, reason);
  }
});

test("an error of this package may be the reason of an abort, frozen or not", async () => {
  for (const close of [Object.freeze, Object.seal, Object.preventExtensions, (error) => error]) {
    const reason = close(await errorOf(createApiKey({ ...at, accountId: "" })));
    const options = { ...at, signal: AbortSignal.abort(reason), fetch: creating() };
    assert.equal(await errorOf(createApiKey(options)), reason);
  }
});

/** A promise, and the function that resolves it. */
function later() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A response whose body has no end, and a promise that is resolved once the body is cancelled. */
function endless() {
  let cancel;
  const cancelled = new Promise((resolve) => (cancel = resolve));
  const pull = (controller) => controller.enqueue(new Uint8Array([32]));
  const body = new ReadableStream({
    pull: (each) => new Promise(setImmediate).then(() => pull(each)),
    cancel,
  });
  return { response: new Response(body), cancelled };
}

test("a body is cancelled together with its attempt, also where fetch was not told to end", async (t) => {
  const controller = new AbortController();
  for (const options of [{ timeoutMs: 20 }, { totalTimeoutMs: 20 }, { signal: controller.signal }]) {
    const { response, cancelled } = endless();
    const fetch = async () => {
      if (options.signal) setImmediate(() => controller.abort());
      return response;
    };
    await errorOf(createApiKey({ ...at, fetch, ...options }));
    await cancelled;
  }
  // What stands in the place of the global fetch may be such a fetch as well.
  const { response, cancelled } = endless();
  t.mock.method(globalThis, "fetch", async () => response);
  await errorOf(createApiKey({ ...at, timeoutMs: 20 }));
  await cancelled;
  // And it may answer only afterwards.
  const late = endless();
  const { promise, resolve } = later();
  await errorOf(createApiKey({ ...at, timeoutMs: 5, fetch: () => promise }));
  resolve(late.response);
  await late.cancelled;
});

test("a body is read as text, however it comes", async () => {
  const bytes = new TextEncoder().encode(`\ufeff{"keyId": "k", "key": "fw_k", "displayName": "é🔑"}`);
  const pieces = () => new ReadableStream({ start: (each) => [...bytes].map((byte) => feed(each, byte)) });
  const feed = (stream, byte) => {
    stream.enqueue(new Uint8Array([byte]));
    if (byte === bytes.at(-1)) stream.close();
  };
  const decoding = Object.assign(new Response("x"), { text: async () => `{"keyId": "k", "key": "fw_k"}` });
  const bodiless = { status: 200, headers: new Headers(), text: decoding.text };
  for (const response of [new Response(pieces()), decoding, bodiless]) {
    const { keyId, displayName = "é🔑" } = await createApiKey({ ...at, fetch: async () => response });
    assert.deepEqual([keyId, displayName], ["k", "é🔑"]);
  }
  const broken = new Response(new ReadableStream({ start: (each) => each.error(new Error("broken off")) }));
  const { code, message } = await errorOf(createApiKey({ ...at, fetch: async () => broken }));
  assert.equal(code, "CONNECTION");
  assert.ok(message.endsWith("broken off"), message);
});
