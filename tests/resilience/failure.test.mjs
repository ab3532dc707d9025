// What becomes of calls when the module itself runs out of memory: it is replaced, and the callers whose
// creates may have left a key behind are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pending } from "./calls.mjs";
import fireworksKeys, { footprint, watchProcess } from "./instance.mjs";

const { createApiKey } = fireworksKeys;
const uncaught = watchProcess();
const at = { token: "fw_token", accountId: "acme", userId: "ci-bot" };
const created = { keyId: "k", key: "fw_k", annotations: { "fireworks-keys-attempt": "t" } };

/** Takes more memory than there is. */
async function exhaust() {
  // Of letters beyond ASCII: the glue copies those at once, and the others one at a time.
  const text = "é".repeat(2 ** 19);
  const annotations = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`a${index}`, text]));
  await assert.rejects(createApiKey({ ...at, annotations }), { code: "MODULE_LOAD" });
  assert.equal(footprint().pages, 1, "a fresh instance");
}

async function works() {
  const { more } = await createApiKey({ ...at, fetch: async () => Response.json({ ...created, more: 1 }) });
  assert.equal(more, 1);
  // What nobody has handled is reported before the next turn of the event loop.
  await new Promise(setImmediate);
  assert.deepEqual(uncaught, []);
}

test("a create under way is told what it may have left, and the next call works", async () => {
  for (const orphanProtection of [true, false]) {
    const fetch = pending();
    const events = [];
    const waiting = createApiKey({
      ...at,
      orphanProtection,
      fetch,
      onEvent: (event) => events.push(event),
    }).catch((error) => error);
    await fetch.called;
    await exhaust();
    const error = await waiting;
    assert.deepEqual([error.code, error.attempts], ["MODULE_LOAD", 1]);
    assert.deepEqual([error.orphans, error.keyIds], ["unknown", []]);
    assert.equal(typeof error.attemptTag, orphanProtection ? "string" : "undefined");
    const { attemptTag } = error;
    assert.deepEqual(events, [{ type: "orphans-unknown", ...(orphanProtection && { attemptTag }) }]);
    // An answer for the instance that is gone is ignored.
    fetch.resolve(Response.json({}));
    await works();
  }
});

test("a sweep that goes on after the answer is told, too, and lets the runtime go", async () => {
  const events = [];
  const work = [];
  let sent = 0;
  await createApiKey({
    ...at,
    attemptTag: "t",
    fetch: async (_, { method, body }) => {
      if (method === "GET") return Response.json({ apiKeys: [] });
      if ((sent += 1) === 1) throw new Error("lost");
      return Response.json({ ...created, annotations: JSON.parse(body).apiKey.annotations });
    },
    waitUntil: (promise) => work.push(promise),
    onEvent: (event) => events.push(event),
  });
  assert.equal(work.length, 1, "a late sweep");
  events.length = 0;
  await exhaust();
  await Promise.all(work);
  assert.deepEqual(events, [{ type: "orphans-unknown", attemptTag: "t", keepKeyId: "k" }]);
  await works();
});

test("a rotation under way tells what may be deleted, and what may be stored", async () => {
  for (const stage of ["verify", "persist"]) {
    const events = [];
    const never = pending();
    const waiting = fireworksKeys
      .rotateApiKey({
        ...at,
        keyId: "old",
        fetch: (url, { method, body }) => {
          if (url.endsWith("/acme")) {
            return stage === "verify" ? never() : Promise.resolve(Response.json({ name: "accounts/acme" }));
          }
          if (method === "GET") return Promise.resolve(Response.json({ apiKeys: [{ keyId: "old" }] }));
          return Promise.resolve(
            Response.json({ ...created, annotations: JSON.parse(body).apiKey.annotations }),
          );
        },
        persist: never,
        onEvent: (event) => events.push(event),
      })
      .catch((error) => error);
    await never.called;
    assert.equal(events.at(-1).stage, stage);
    await exhaust();
    const error = await waiting;
    const { attemptTag, ...event } = events.at(-1);
    assert.equal(error.code, "MODULE_LOAD");
    assert.equal(attemptTag.length, 32);
    if (stage === "verify") {
      assert.deepEqual([error.orphans, error.attemptTag], ["unknown", attemptTag]);
      assert.deepEqual(event, { type: "orphans-unknown" });
    } else {
      // Deleting whatever has the tag would delete the key that may be stored.
      assert.deepEqual([error.orphans, error.attemptTag], [undefined, undefined]);
      assert.deepEqual(event, { type: "orphans-unknown", keepKeyId: "k" });
    }
    await works();
  }
});

test("work that is queued when the module fails is dropped", async () => {
  // The answer is there in so many microtasks: at one of these, Rust is about to be called.
  for (let ticks = 0; ticks < 16; ticks += 1) {
    const fetch = async () => Response.json(created);
    const waiting = createApiKey({ ...at, fetch }).catch((error) => error);
    for (let tick = 0; tick < ticks; tick += 1) await null;
    await exhaust();
    await waiting;
  }
  await works();
});

test("a refusal that is too long to be told is told without its text", async () => {
  let answer;
  const bystander = createApiKey({ ...at, fetch: () => new Promise((resolve) => (answer = resolve)) });
  // With its secrets taken out, this would be longer than a string can be.
  const message = "a".repeat(54_000_000);
  const error = await createApiKey({
    ...at,
    token: "a",
    fetch: async () => Response.json({ message }, { status: 400 }),
  }).catch((error) => error);
  assert.deepEqual([error.name, error.status, error.body], ["ApiError", 400, undefined]);
  answer(Response.json(created));
  assert.equal((await bystander).keyId, "k");
  assert.deepEqual(uncaught, []);
});
