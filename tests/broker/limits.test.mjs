// Tests what a member can make the service do: every request that is sent for the member draws on a bucket,
// keys that were made count as mints, and after a 429 a process sends no mint for a while.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { brokerOf, refusal, service } from "./plain.mjs";

const MINUTE_MS = 60_000;

/** Mints three keys an hour. Every refused attempt is sent three times. */
const limits = { mints: 3, window: "1h", live: 3 };

/** How many requests a member's bucket holds. */
const BUCKET = 12;

for (const [what, trouble] of [
  ["is forbidden", (operation) => operation === "create" && refusal(403, 7)],
  ["breaks", (operation) => operation === "create" && refusal(500, 13)],
  ["never answers a create", (operation) => operation === "create" && Promise.reject(new TypeError("lost"))],
  ["answers nothing", () => Promise.reject(new TypeError("lost"))],
  ["is a gateway that is down", () => new Response("<html>", { status: 502 })],
]) {
  test(`where the service ${what}, a member's requests are bounded by the bucket`, async (context) => {
    context.mock.method(Math, "random", () => 0);
    context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
    const { fetch, sent } = service(undefined, { trouble });
    const { ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 9, totalTimeoutMs: 2_000 });
    for (let count = 0; count < 30; count += 1) assert.notEqual((await ask("POST", "/keys")).status, 201);
    const all = sent.create + sent.delete + sent.list;
    assert.ok(all <= BUCKET, JSON.stringify(sent));
    assert.ok(sent.create >= 3, JSON.stringify(sent));
  });
}

test("where the service strips annotations, no more than the mints are created and deleted", async () => {
  const { fetch, sent } = service(({ annotations: _, ...key }) => key);
  const { ask } = brokerOf(memoryLedger(), { fetch, limits });
  for (let count = 0; count < 30; count += 1) assert.notEqual((await ask("POST", "/keys")).status, 201);
  assert.deepEqual(sent, { create: 3, delete: 3, list: 0 });
});

test("an outage locks nobody out for the window: the bucket refills evenly", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  let isDown = true;
  const trouble = (operation) => operation === "create" && isDown && refusal(403, 7);
  const { fetch, sent } = service(undefined, { trouble });
  const { ask } = brokerOf(memoryLedger(), { fetch, limits });
  const code = async () => (await (await ask("POST", "/keys")).json()).code;
  for (let count = 0; count < 30; count += 1) await code();
  const refused = await ask("POST", "/keys");
  assert.deepEqual([refused.status, (await refused.json()).code], [429, "request-limit"]);
  const seconds = Number(refused.headers.get("retry-after"));
  assert.ok(seconds > 0 && seconds <= 600, `${seconds} s`);
  const before = sent.create;
  isDown = false;
  context.mock.timers.tick(seconds * 1_000);
  assert.equal((await ask("POST", "/keys")).status, 201, "as it said");
  assert.equal(sent.create, before + 1);
  context.mock.timers.tick(20 * MINUTE_MS);
  assert.equal((await ask("POST", "/keys")).status, 201);
});

test("a deletion that fails again and again is bounded by the bucket, too", async () => {
  const trouble = (operation) => operation === "delete" && refusal(403, 7);
  const { fetch, sent } = service(undefined, { trouble });
  const { ask, mint } = brokerOf(memoryLedger(), { fetch, limits });
  const [keyId] = await mint(1);
  const statuses = new Set();
  for (let count = 0; count < 30; count += 1) statuses.add((await ask("DELETE", `/keys/${keyId}`)).status);
  assert.deepEqual([...statuses], [502, 429]);
  assert.equal(sent.create + sent.delete + sent.list, BUCKET);
});

test("every mint and every deletion of an honest member fits into the bucket", async () => {
  const { fetch, keys, sent } = service();
  const { ask, mint } = brokerOf(memoryLedger(), { fetch, limits: { ...limits, live: 1 } });
  for (let count = 0; count < 3; count += 1) {
    const [keyId] = await mint(1);
    assert.equal((await ask("DELETE", `/keys/${keyId}`)).status, 204);
    assert.equal((await ask("DELETE", `/keys/${keyId}`)).status, 204, "again");
  }
  assert.deepEqual([sent, keys.size], [{ create: 3, delete: 3, list: 0 }, 0]);
  assert.equal((await (await ask("POST", "/keys")).json()).code, "mint-limit");
});

test("a key that was made counts as a mint although its member has left", async () => {
  const { keys, fetch, sent } = service();
  let controller;
  const ledger = memoryLedger();
  const leaving = async (url, init) => {
    const response = await fetch(url, init);
    if (init.method === "POST" && !url.endsWith(":delete")) controller.abort();
    return response;
  };
  const { ask } = brokerOf(ledger, { fetch: leaving, limits });
  for (let count = 0; count < 40; count += 1) {
    controller = new AbortController();
    const { status } = await ask("POST", "/keys", "ada", { signal: controller.signal });
    assert.equal(status, count < 3 ? 400 : 429);
  }
  assert.deepEqual([sent.create, keys.size], [3, 0]);
});

test("a member who leaves aborts no create that was sent, and its key is deleted", async () => {
  const made = service();
  const controller = new AbortController();
  const signals = [];
  const fetch = async (url, init) => {
    signals.push(init.signal);
    controller.abort();
    await new Promise(setImmediate);
    return made.fetch(url, init);
  };
  const ledger = memoryLedger();
  const tags = [];
  const reserve = (member, mint, most) => {
    tags.push([member, mint.attemptTag]);
    return ledger.reserve(member, mint, most);
  };
  const { ask } = brokerOf({ ...ledger, reserve }, { fetch, limits });
  assert.equal((await ask("POST", "/keys", "ada", { signal: controller.signal })).status, 400);
  assert.equal(signals[0].aborted, false);
  assert.deepEqual(made.sent, { create: 1, delete: 1, list: 0 });
  const [[member, attemptTag]] = tags;
  assert.deepEqual(await ledger.standings(member, [{ keyId: "copy", attemptTag, endsAt: 0 }]), ["unknown"]);
});

test("a mint whose member leaves before it is sent is not sent, and does not count", async () => {
  const ledger = memoryLedger();
  let controller = new AbortController();
  const reserve = async (...mint) => {
    const answer = await ledger.reserve(...mint);
    controller?.abort();
    return answer;
  };
  const { fetch, sent } = service();
  const { ask } = brokerOf({ ...ledger, reserve }, { fetch, limits: { mints: 1, window: "1h", live: 1 } });
  for (let count = 0; count < 5; count += 1) {
    controller = new AbortController();
    assert.equal((await ask("POST", "/keys", "ada", { signal: controller.signal })).status, 400);
  }
  assert.equal(sent.create, 0);
  controller = undefined;
  assert.equal((await ask("POST", "/keys")).status, 201);
});

for (const [what, late] of [
  ["is written down late", "write"],
  ["is answered late", "answer"],
  ["fails after it was written", undefined],
]) {
  test(`a reservation that ${what} does not count`, async (context) => {
    const ledger = memoryLedger();
    let go = () => {};
    let isSlow = true;
    const reserve = async (...mint) => {
      if (!isSlow) return ledger.reserve(...mint);
      const wait = new Promise((resolve) => {
        go = resolve;
      });
      if (late === "write") await wait;
      const answer = await ledger.reserve(...mint);
      if (!late) throw new Error("the answer was lost");
      if (late === "answer") await wait;
      return answer;
    };
    const { fetch, sent } = service();
    // Where the reservation is answered late, the first release does not get through.
    let lost = late === "answer" ? 1 : 0;
    const release = async (...mint) => {
      if ((lost -= 1) >= 0) throw new Error("down");
      return ledger.release(...mint);
    };
    const slow = { ...ledger, reserve, release };
    const { ask } = brokerOf(slow, { fetch, limits: { mints: 1, window: "1h", live: 1 } });
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let isAnswered = false;
    const asked = ask("POST", "/keys").finally(() => {
      isAnswered = true;
    });
    // Real time has to pass as well, because another thread computes the hashes.
    while (!isAnswered) {
      await new Promise(setImmediate);
      context.mock.timers.tick(100);
    }
    assert.equal((await asked).status, 503);
    go();
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    context.mock.timers.reset();
    isSlow = false;
    assert.equal(sent.create, 0);
    assert.equal((await ask("POST", "/keys")).status, 201, "as if it had never been");
  });
}

test("a mint under way keeps its place although its key would have ended", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const ledger = memoryLedger();
  const mint = { lifetimeMs: 5_000, aheadMs: 0, settleMs: 70_000, requests: 2 };
  const most = { mints: 9, windowMs: 1_000, live: 1, requests: 36 };
  assert.equal((await ledger.reserve("ada", { ...mint, attemptTag: "one" }, most)).endsAt, 1_800_000_005_000);
  context.mock.timers.tick(60_000);
  assert.equal((await ledger.reserve("ada", { ...mint, attemptTag: "two" }, most)).limit, "live");
  assert.equal(await ledger.settle("ada", "one", "k1", 1), true);
  assert.equal((await ledger.reserve("ada", { ...mint, attemptTag: "two" }, most)).limit, undefined);
});

test("after a 429 no mint is sent for as long as the service asks, and then one probe", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  let answer = () => refusal(429, 8, { "retry-after": "20" });
  const { fetch, sent } = service(undefined, { trouble: (operation) => operation === "create" && answer() });
  const ledger = memoryLedger();
  const { ask, broker } = brokerOf(ledger, { fetch, maxRetries: 0 });
  const status = async (member) => (await ask("POST", "/keys", member)).status;
  assert.equal(await status("ada"), 503);
  for (const member of ["ada", "ben", "cat"]) assert.equal(await status(member), 503);
  assert.equal(sent.create, 1);
  assert.equal((await ask("POST", "/keys", "ben")).headers.get("retry-after"), "20");
  await broker.reconcile();
  assert.equal(sent.list, 1, "reconcile does not wait");
  context.mock.timers.tick(19_999);
  assert.equal(await status("ben"), 503);
  assert.equal(sent.create, 1);
  context.mock.timers.tick(1);
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  answer = () => held;
  const probe = status("ben");
  while (sent.create < 2) await new Promise(setImmediate);
  assert.equal(await status("cat"), 503, "one probe at a time");
  release(refusal(429, 8, { "retry-after": "3600" }));
  assert.equal(await probe, 503);
  context.mock.timers.tick(29_999);
  assert.equal(await status("cat"), 503);
  assert.equal(sent.create, 2);
  context.mock.timers.tick(1);
  answer = () => undefined;
  assert.equal(await status("cat"), 201, "no longer than thirty seconds");
  assert.equal(await status("ada"), 201);
});

test("a 429 says how long in milliseconds, as a time, or not at all", async (context) => {
  const now = 1_800_000_000_000;
  context.mock.timers.enable({ apis: ["Date"], now });
  for (const [headers, ms] of [
    [{ "retry-after-ms": "1500" }, 1_500],
    [{ "retry-after": new Date(now + 7_000).toUTCString() }, 7_000],
    [{ "retry-after": new Date(now - 7_000).toUTCString() }, 0],
    [{}, 5_000],
    [{ "retry-after": "soon" }, 5_000],
    [{ "retry-after": "-1" }, 5_000],
    [{ "retry-after": "9".repeat(400) }, 30_000],
  ]) {
    context.mock.timers.setTime(now);
    let is429 = true;
    const trouble = (operation) => operation === "create" && is429 && refusal(429, 8, headers);
    const { fetch } = service(undefined, { trouble });
    const { ask } = brokerOf(memoryLedger(), { fetch, maxRetries: 0 });
    assert.equal((await ask("POST", "/keys")).status, 503);
    is429 = false;
    if (ms > 0) {
      context.mock.timers.setTime(now + ms - 1);
      assert.equal((await ask("POST", "/keys")).status, 503, `${JSON.stringify(headers)}: too early`);
    }
    context.mock.timers.setTime(now + ms);
    assert.equal((await ask("POST", "/keys")).status, 201, JSON.stringify(headers));
  }
});

test("a 429 that reconcile or a deletion is answered holds mints back, too", async () => {
  for (const [limited, by] of [
    ["list", "reconcile"],
    ["delete", "reconcile"],
    ["delete", "member"],
  ]) {
    let is429 = false;
    const trouble = (operation) => is429 && operation === limited && refusal(429, 8, { "retry-after": "20" });
    const { fetch, add, sent } = service(undefined, { trouble });
    const { ask, mint, broker } = brokerOf(memoryLedger(), { fetch, maxRetries: 0 });
    const [keyId] = await mint(1);
    add({});
    is429 = true;
    if (by === "member") assert.equal((await ask("DELETE", `/keys/${keyId}`)).status, 503);
    else await broker.reconcile().catch(() => undefined);
    const { status, headers } = await ask("POST", "/keys", "ben");
    assert.deepEqual(
      [status, headers.get("retry-after"), sent.create],
      [503, "20", 1],
      `${limited} by ${by}`,
    );
  }
});

test("deletions do not wait after a 429", async () => {
  let is429 = false;
  const trouble = (operation) => operation === "create" && is429 && refusal(429, 8, { "retry-after": "20" });
  const { fetch, keys } = service(undefined, { trouble });
  const { ask, mint } = brokerOf(memoryLedger(), { fetch, maxRetries: 0 });
  const [keyId] = await mint(1);
  is429 = true;
  assert.equal((await ask("POST", "/keys")).status, 503);
  assert.equal((await ask("DELETE", `/keys/${keyId}`)).status, 204);
  assert.equal(keys.size, 0);
});
