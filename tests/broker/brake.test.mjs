// Tests the brake of `reconcile`: a run that would revoke most of what it sees is a mistake until it is told
// otherwise, and what cannot be read is not known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { SECRET } from "./brokers.mjs";
import { brokerOf, service } from "./plain.mjs";

const limits = { mints: 1_000, window: "1h", live: 1_000 };
const endsIn = (ms) => new Date(Date.now() + ms).toISOString();

/** Mints a key for each of so many members. */
async function mintFor({ mint }, count) {
  for (let index = 0; index < count; index += 1) await mint(1, `member-${index}`);
}

test("a run goes on with the cursor of another, and earns its own clearance", async () => {
  const made = service(undefined, { page: 10 });
  let ledger = memoryLedger();
  const calls = ["reserve", "draw", "settle", "release", "revoke", "standings"];
  const changing = Object.fromEntries(calls.map((name) => [name, (...given) => ledger[name](...given)]));
  const working = brokerOf(changing, { fetch: made.fetch, limits });
  await mintFor(working, 40);
  const { cursor } = await working.broker.reconcile({ maxRequests: 20 });
  assert.ok(cursor);
  const { cursor: forced } = await working.broker.reconcile({ maxRequests: 1, force: true });
  // The ledger has restarted, and remembers nothing.
  ledger = memoryLedger();
  for (const options of [{ cursor }, { cursor: forced }, {}, { maxRequests: 15 }, { maxRequests: 3 }]) {
    const { revoked, settled, left } = await working.broker.reconcile(options);
    assert.deepEqual([revoked, settled], [[], false]);
    assert.ok(left.some(({ why }) => why === "unrecognised"));
  }
  assert.equal(made.keys.size, 40);
  const told = await working.broker.reconcile({ force: true, cursor });
  assert.deepEqual([told.revoked.length, told.settled], [40, true]);
});

test("a run that has seen the rest of a list only has no clearance for its beginning", async () => {
  const made = service(undefined, { page: 3 });
  for (let count = 0; count < 3; count += 1) made.add({ expireTime: endsIn(60_000) });
  const endless = made.add({}).keyId;
  const { broker } = brokerOf(memoryLedger(), { fetch: made.fetch, limits });
  const { cursor } = await broker.reconcile({ maxRequests: 1 });
  assert.ok(cursor);
  const { revoked, settled, left } = await broker.reconcile({ cursor });
  assert.deepEqual([revoked, settled, left], [[endless], false, [{ why: "unrecognised", keys: 3 }]]);
});

test("some keys that are recognised do not release most of the others", async () => {
  const { fetch, keys } = service(undefined, { page: 10 });
  const ledger = memoryLedger();
  await mintFor(brokerOf(ledger, { fetch, limits }), 40);
  const next = brokerOf(ledger, { fetch, limits, memberSecret: `another ${SECRET}` });
  await mintFor(next, 39);
  const { revoked, left, settled } = await next.broker.reconcile();
  assert.deepEqual([revoked, settled, left], [[], false, [{ why: "unrecognised", keys: 40 }]]);
  await mintFor(next, 1);
  const even = await next.broker.reconcile();
  assert.deepEqual([even.revoked.length, even.settled, keys.size], [40, true, 40], "half are not most");
});

/** A broker with ten members' keys, whose list is changed by `change` from now on. */
async function changedList(change, ledger = memoryLedger()) {
  const made = service();
  let isChanged = false;
  const fetch = async (url, init) => {
    const response = await made.fetch(url, init);
    if (!isChanged || init.method !== "GET") return response;
    const { apiKeys } = await response.json();
    return Response.json({ apiKeys: apiKeys.map(change) });
  };
  const broker = brokerOf(ledger, { fetch, limits, lifetime: { max: "1h" } });
  await mintFor(broker, 10);
  isChanged = true;
  return { ...broker, ...made };
}

test("a list without beginnings or ends revokes no live key, and keys of strangers go", async () => {
  for (const [name, value, isSettled] of [
    ["createTime", undefined, true],
    ["createTime", "some day", true],
    ["expireTime", "some day", true],
    ["expireTime", undefined, false],
    ["expireTime", null, false],
    ["expireTime", "", false],
  ]) {
    const { broker, add, keys } = await changedList((key) => ({ ...key, [name]: value }));
    const [{ annotations }] = keys.values();
    const stranger = add({});
    const copy = add({ annotations });
    const { revoked, settled, left, known } = await broker.reconcile();
    const what = `${name}: ${value}`;
    assert.deepEqual(revoked.sort(), [stranger.keyId, copy.keyId], what);
    assert.deepEqual([settled, known, keys.size], [isSettled, 10, 10], what);
    if (!isSettled) assert.deepEqual(left, [{ why: "endless", keys: 10 }], what);
  }
});

test("one live key that lives too long is revoked, and most of them are not unless told to", async () => {
  let odd = 1;
  let held = [];
  const change = (key) => (held.slice(0, odd).includes(key.keyId) ? { ...key, expireTime: undefined } : key);
  const { broker, keys } = await changedList(change);
  held = [...keys.keys()];
  const one = await broker.reconcile();
  assert.deepEqual([one.revoked, one.settled, keys.size], [[held[0]], true, 9]);
  odd = 7;
  const most = await broker.reconcile();
  assert.deepEqual([most.revoked, most.settled, most.left], [[], false, [{ why: "endless", keys: 6 }]]);
  odd = 10;
  const told = await broker.reconcile({ force: true });
  assert.deepEqual([told.revoked.length, told.settled], [9, true]);
});

test("keys without an end are revoked while the ledger is away, unless most seem to have none", async () => {
  const down = () => Promise.reject(new Error("down"));
  const away = { ...memoryLedger(), standings: down };
  const few = await changedList((key) => key, away);
  const [{ annotations }] = few.keys.values();
  const endless = few.add({ annotations });
  const first = await few.broker.reconcile();
  assert.deepEqual([first.revoked, first.failed.length, first.settled], [[endless.keyId], 10, false]);
  const all = await changedList(({ expireTime: _, ...key }) => key, away);
  const second = await all.broker.reconcile();
  assert.deepEqual([second.revoked, second.failed.length, all.keys.size], [[], 10, 10]);
});

test("a key of a stranger without a beginning that ends in a year is known to live too long", async () => {
  const { broker, add, keys } = await changedList(({ createTime: _, ...key }) => key);
  const year = add({ expireTime: endsIn(365 * 86_400_000) });
  for (let count = 0; count < 30; count += 1) add({ expireTime: endsIn(60_000) });
  const { revoked, left } = await broker.reconcile();
  assert.deepEqual([revoked, left, keys.size], [[year.keyId], [{ why: "unrecognised", keys: 30 }], 40]);
});

test("copies of a tag weigh as one key, whichever of them is listed first", async () => {
  for (const [page, isReversed] of [
    [1, false],
    [3, false],
    [100, false],
    [100, true],
  ]) {
    const made = service(undefined, { page });
    const fetch = async (url, init) => {
      const response = await made.fetch(url, init);
      if (!isReversed || init.method !== "GET") return response;
      return Response.json({ apiKeys: (await response.json()).apiKeys.reverse() });
    };
    const { mint, ask, broker } = brokerOf(memoryLedger(), { fetch, limits });
    const [own, deleted, ...others] = await mint(4);
    for (const keyId of [own, deleted]) {
      const { annotations, expireTime } = made.keys.get(keyId);
      for (let count = 0; count < 8; count += 1) made.add({ annotations, expireTime });
      for (let count = 0; count < 8; count += 1) made.add({ annotations });
    }
    assert.equal((await ask("DELETE", `/keys/${deleted}`)).status, 204);
    const { left, revoked, settled } = await broker.reconcile();
    assert.deepEqual([left, revoked.length, settled], [undefined, 32, true], `${page} ${isReversed}`);
    assert.deepEqual([...made.keys.keys()], [own, ...others]);
  }
});

test("it holds although the broker's clock is ahead or behind by hours", async (context) => {
  const real = Date.now;
  for (const hours of [-30, -2, 2, 30]) {
    const made = service((key) => ({ ...key, createTime: new Date(real()).toISOString() }));
    const dated = async (url, init) => {
      const { status, body } = await made.fetch(url, init);
      return new Response(body, { status, headers: { date: new Date(real()).toUTCString() } });
    };
    const change = { fetch: dated, limits, memberSecret: `another ${SECRET}` };
    await mintFor(brokerOf(memoryLedger(), { fetch: dated, limits }), 10);
    // Keys that have ended, and that no ledger remembers, are no sign of a mistake.
    const ended = [-2, -1].map((hours) => made.add({ expireTime: endsIn(hours * 3_600_000) }).keyId);
    context.mock.method(Date, "now", () => real() + hours * 3_600_000);
    const next = brokerOf(memoryLedger(), change);
    const held = await next.broker.reconcile();
    const expected = [{ why: "unrecognised", keys: 10 }];
    assert.deepEqual([held.left, held.settled, made.keys.size], [expected, false, 12], `${hours} hours`);
    await mintFor(next, 11);
    const { revoked } = await next.broker.reconcile();
    assert.equal(revoked.length, 12, `${hours} hours`);
    for (const keyId of ended) assert.ok(!made.keys.has(keyId));
    context.mock.restoreAll();
  }
});

test("a slow clock makes no key without a beginning live too long", async (context) => {
  const real = Date.now;
  const made = service((key) => ({ ...key, createTime: new Date(real()).toISOString() }));
  let isChanged = false;
  const fetch = async (url, init) => {
    const response = await made.fetch(url, init);
    const headers = { date: new Date(real()).toUTCString() };
    if (!isChanged || init.method !== "GET") return new Response(response.body, { ...response, headers });
    const { apiKeys } = await response.json();
    const [{ createTime: _, ...first }, ...others] = apiKeys;
    return Response.json({ apiKeys: [first, ...others] }, { headers });
  };
  context.mock.method(Date, "now", () => real() - 48 * 3_600_000);
  const broker = brokerOf(memoryLedger(), { fetch, limits });
  await mintFor(broker, 5);
  isChanged = true;
  const { revoked, settled } = await broker.broker.reconcile();
  assert.deepEqual([revoked, settled, made.keys.size], [[], true, 5]);
});
