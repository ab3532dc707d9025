// Tests how `reconcile` walks over a long list: page by page, within a budget, with a cursor, and with a
// brake that stops a run that recognises nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { SECRET } from "./brokers.mjs";
import { brokerOf, refusal, service } from "./plain.mjs";

const MINUTE_MS = 60_000;
const limits = { mints: 1_000, window: "1h", live: 1_000 };

const endsIn = (ms) => new Date(Date.now() + ms).toISOString();

/** Adds so many keys that never end. */
const addEndless = ({ add }, count) => Array.from({ length: count }, () => add({}).keyId);

test("honest deletions are no alarm: they are not named, and the run is settled", async () => {
  let work = async () => {};
  const { fetch, keys } = service(undefined, {
    page: 30,
    after: (operation) => operation === "list" && work(),
  });
  const { broker, ask, mint } = brokerOf(memoryLedger(), { fetch, limits });
  const members = Array.from({ length: 20 }, (_, index) => `member-${index}`);
  const held = new Map();
  for (const member of members) held.set(member, await mint(6, member));
  // While each page is on its way to reconcile, every member deletes two keys and mints one.
  work = async () => {
    for (const [member, keyIds] of held) {
      for (const keyId of keyIds.splice(0, 2)) {
        assert.equal((await ask("DELETE", `/keys/${keyId}`, member)).status, 204);
      }
      keyIds.push(...(await mint(1, member)));
    }
  };
  const { revoked, failed, settled, left } = await broker.reconcile();
  assert.deepEqual([revoked, failed, settled, left], [[], [], true, undefined]);
  for (const keyIds of held.values()) for (const keyId of keyIds) assert.ok(keys.has(keyId));
});

test("keys that never end or live too long are revoked in any case but keep", async () => {
  const { fetch, add, keys } = service();
  const ledger = memoryLedger();
  const { broker, mint } = brokerOf(
    { ...ledger, standings: async (_, claims) => claims.map(() => "live") },
    { fetch, limits, lifetime: { max: "1h" } },
  );
  const [own] = await mint(1);
  const { annotations } = keys.get(own);
  const kept = add({}).keyId;
  const fine = add({ annotations, expireTime: endsIn(60 * MINUTE_MS) }).keyId;
  add({ annotations });
  add({ annotations, expireTime: endsIn(60 * MINUTE_MS + 2_000) });
  // Of these it is not known how long they live, and the ledger calls them live.
  const unread = [
    add({ annotations, expireTime: "some day" }),
    add({ annotations, expireTime: endsIn(MINUTE_MS), createTime: "some day" }),
    add({ annotations, expireTime: endsIn(MINUTE_MS), createTime: undefined }),
  ].map(({ keyId }) => keyId);
  add({ expireTime: endsIn(400 * 24 * 60 * MINUTE_MS) });
  const { revoked, settled } = await broker.reconcile({ keep: [kept] });
  assert.deepEqual([revoked.length, settled, [...keys.keys()]], [3, true, [own, kept, fine, ...unread]]);
});

test("a run keeps little of a page, and deletes what is dangerous before it lists the next", async () => {
  const order = [];
  const { fetch, add, sent } = service(undefined, {
    page: 10,
    trouble: (operation, given) => {
      order.push(operation === "list" ? "list" : given?.keyId);
    },
  });
  const large = { large: "x".repeat(1_000) };
  const ids = [];
  for (let count = 0; count < 20; count += 1) {
    const key = { annotations: large, createTime: new Date(Date.now() - 60_000 + count).toISOString() };
    ids.push(add({ ...key, ...(count % 2 ? {} : { expireTime: endsIn(MINUTE_MS) }) }).keyId);
  }
  const { broker } = brokerOf(memoryLedger(), { fetch, limits });
  const { revoked, settled } = await broker.reconcile({ force: true });
  assert.deepEqual([revoked.length, settled], [20, true]);
  const endless = (part) => part.filter((_, index) => index % 2 === 1);
  assert.deepEqual(order.slice(0, 6), ["list", ...endless(ids.slice(0, 10)).reverse()].slice(0, 6));
  assert.equal(order.indexOf("list", 1), 11, "a page is done before the next");
  assert.equal(sent.list, 3);
});

test("a run stops within its budget, says what is left, and the next one goes on", async () => {
  const made = service(undefined, { page: 10 });
  const ids = addEndless(made, 60);
  const { broker } = brokerOf(memoryLedger(), { fetch: made.fetch, limits });
  const other = brokerOf(memoryLedger(), { fetch: made.fetch, limits }).broker;
  let cursor;
  const revoked = [];
  for (let run = 0; run < 20; run += 1) {
    const before = made.sent.list + made.sent.delete;
    const result = await [broker, other][run % 2].reconcile({ maxRequests: 15, cursor });
    const used = made.sent.list + made.sent.delete - before;
    assert.ok(used <= 15, `${used} requests`);
    revoked.push(...result.revoked);
    ({ cursor } = result);
    if (result.settled) break;
    assert.equal(result.left[0].why, "requests");
    assert.equal(typeof cursor, "string");
  }
  assert.deepEqual(revoked.sort(), ids);
  assert.equal(made.keys.size, 0);
  assert.equal(cursor, undefined);
});

test("a broker goes on by itself where its own last run has stopped", async () => {
  const starts = [];
  const made = service(undefined, { page: 10 });
  const fetch = (url, init) => {
    if (init.method === "GET") starts.push(new URL(url).searchParams.get("pageToken"));
    return made.fetch(url, init);
  };
  const { broker, mint } = brokerOf(memoryLedger(), { fetch, limits });
  await mint(30);
  const first = await broker.reconcile({ maxRequests: 3 });
  assert.deepEqual([first.settled, first.known], [false, 10]);
  const second = await broker.reconcile({ maxRequests: 9 });
  assert.deepEqual([second.settled, second.known, second.left], [true, 30, undefined]);
  assert.equal(starts.filter((token) => token === null).length, 1);
});

test("no page starves although keys of the first can never be deleted", async () => {
  const stuck = new Set();
  const made = service(undefined, {
    page: 10,
    trouble: (operation, given) => operation === "delete" && stuck.has(given.keyId) && refusal(403, 7),
  });
  for (const keyId of addEndless(made, 10)) stuck.add(keyId);
  addEndless(made, 20);
  const { broker } = brokerOf(memoryLedger(), { fetch: made.fetch, limits });
  for (let run = 0; run < 12; run += 1) await broker.reconcile({ maxRequests: 6 });
  assert.deepEqual([...made.keys.keys()], [...stuck]);
});

test("a run stops when its time is up, and while the platform lets no request out", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const made = service(undefined, { page: 10, trouble: () => context.mock.timers.tick(1_000) });
  addEndless(made, 60);
  const timed = await brokerOf(memoryLedger(), { fetch: made.fetch, limits }).broker.reconcile({
    maxTime: 5,
  });
  assert.deepEqual([timed.settled, timed.left[0].why], [false, "time"]);
  assert.ok(timed.revoked.length > 0 && timed.revoked.length < 20);
  const large = service(undefined, { page: 50 });
  addEndless(large, 50);
  let allowed = 20;
  let refused = 0;
  const cut = async (url, init) => {
    if ((allowed -= 1) >= 0) return large.fetch(url, init);
    refused += 1;
    throw new TypeError("Too many subrequests.");
  };
  const { broker } = brokerOf(memoryLedger(), { fetch: cut, limits, maxRetries: 0 });
  const { settled, left, cursor } = await broker.reconcile();
  assert.deepEqual([settled, left[0].why, typeof cursor], [false, "unreachable", "string"]);
  assert.ok(refused <= 20, `${refused} futile requests`);
});

test("a list that names a page twice ends the run, and a page that fails leaves what was done", async () => {
  const made = service(undefined, { page: 10 });
  addEndless(made, 20);
  const again = async (url, init) => {
    const response = await made.fetch(url, init);
    if (init.method !== "GET") return response;
    return Response.json({ ...(await response.json()), nextPageToken: "k0" });
  };
  const endless = await brokerOf(memoryLedger(), { fetch: again, limits }).broker.reconcile();
  assert.deepEqual([endless.settled, endless.left[0].why], [false, "list"]);
  let lists = 0;
  const fails = service(undefined, {
    page: 10,
    trouble: (operation) => operation === "list" && (lists += 1) > 1 && refusal(403, 7),
  });
  addEndless(fails, 20);
  const { broker } = brokerOf(memoryLedger(), { fetch: fails.fetch, limits });
  const { revoked, left, settled, cursor } = await broker.reconcile();
  assert.deepEqual([revoked.length, left[0].why, settled], [10, "list", false]);
  assert.ok(left[0].error && cursor);
});

test("a cursor that the service no longer knows begins anew", async () => {
  const made = service(undefined, {
    page: 10,
    trouble: () => {},
  });
  addEndless(made, 30);
  let isStale = false;
  const fetch = (url, init) => {
    if (isStale && new URL(url).searchParams.has("pageToken")) return refusal(400, 3);
    return made.fetch(url, init);
  };
  const { broker } = brokerOf(memoryLedger(), { fetch, limits });
  const { cursor } = await broker.reconcile({ maxRequests: 12 });
  isStale = true;
  const stale = await broker.reconcile({ cursor });
  assert.deepEqual([stale.left[0].why, stale.settled], ["list", false]);
  isStale = false;
  assert.equal((await broker.reconcile({ cursor: stale.cursor })).settled, true);
  assert.equal(made.keys.size, 0);
});

test("a cursor outlives a run that cannot list anything", async () => {
  let isDown = false;
  const made = service(undefined, { page: 10, trouble: () => isDown && refusal(503, 14) });
  addEndless(made, 30);
  const { broker } = brokerOf(memoryLedger(), { fetch: made.fetch, limits, maxRetries: 0 });
  const { cursor } = await broker.reconcile({ maxRequests: 12 });
  assert.ok(cursor);
  isDown = true;
  await assert.rejects(broker.reconcile(), { status: 503 });
  isDown = false;
  const lists = made.sent.list;
  assert.equal((await broker.reconcile({ maxRequests: 1 })).left[0].why, "requests");
  assert.equal(made.sent.list, lists + 1);
  assert.equal((await broker.reconcile()).settled, true);
});

test("the ledger is asked about a hundred keys at a time, however many a page holds", async () => {
  const ledger = memoryLedger();
  const asked = [];
  const standings = (member, claims) => {
    asked.push(claims.length);
    return ledger.standings(member, claims);
  };
  const { fetch } = service();
  const { broker, mint } = brokerOf({ ...ledger, standings }, { fetch, limits });
  await mint(250);
  assert.equal((await broker.reconcile()).known, 250);
  assert.deepEqual(asked.sort(), [100, 100, 50]);
});

test("wrong options of a run are named", async () => {
  const { fetch, sent } = service();
  const { broker } = brokerOf(memoryLedger(), { fetch });
  const progress = encodeURIComponent(JSON.stringify({ page: 7 }));
  for (const [path, options] of [
    ...["", "x", "%", 7, null, {}, "null", "[]", progress].map((cursor) => ["cursor", { cursor }]),
    ...[0, -1, 1.5, "9", NaN, Infinity, null].map((maxRequests) => ["maxRequests", { maxRequests }]),
    ...[0, "", "5y", null, -1].map((maxTime) => ["maxTime", { maxTime }]),
    ...["yes", 1, null].map((force) => ["force", { force }]),
  ]) {
    await assert.rejects(
      broker.reconcile(options),
      { name: "ValidationError", path },
      JSON.stringify(options),
    );
  }
  assert.equal(sent.list, 0);
});

test("a list without annotations revokes no key that ends in time, unless told to go on", async () => {
  let strip = false;
  const made = service();
  const fetch = async (url, init) => {
    const response = await made.fetch(url, init);
    if (!strip || init.method !== "GET") return response;
    const { apiKeys } = await response.json();
    return Response.json({ apiKeys: apiKeys.map(({ annotations: _, ...key }) => key) });
  };
  const { broker, mint } = brokerOf(memoryLedger(), { fetch, limits });
  const held = await mint(5);
  const past = { createTime: endsIn(-2 * MINUTE_MS), expireTime: endsIn(-MINUTE_MS) };
  const ended = Array.from({ length: 10 }, () => made.add(past).keyId);
  const endless = made.add({}).keyId;
  const tooLong = made.add({ expireTime: endsIn(120 * MINUTE_MS) }).keyId;
  strip = true;
  const { revoked, settled, left } = await broker.reconcile();
  assert.deepEqual([revoked.sort(), settled], [[endless, tooLong], false]);
  assert.deepEqual(left, [{ why: "unrecognised", keys: 5 }]);
  assert.deepEqual([...made.keys.keys()], [...held, ...ended]);
  strip = false;
  assert.equal((await broker.reconcile()).settled, true);
  strip = true;
  const forced = await broker.reconcile({ force: true });
  assert.deepEqual([forced.revoked.length, forced.settled], [5, true]);
});

test("with another memberSecret nothing is revoked, and with both the members keep their keys", async () => {
  const { fetch, keys } = service();
  const ledger = memoryLedger();
  const { mint } = brokerOf(ledger, { fetch, limits });
  const held = await mint(3);
  const next = `another ${SECRET}`;
  const changed = brokerOf(ledger, { fetch, limits, memberSecret: next });
  assert.equal((await changed.broker.reconcile()).left[0].why, "unrecognised");
  assert.equal(keys.size, 3);
  const both = brokerOf(ledger, { fetch, limits: { ...limits, mints: 3 }, memberSecret: [next, SECRET] });
  assert.deepEqual((await both.broker.reconcile()).known, 3);
  assert.equal((await both.ask("DELETE", `/keys/${held[0]}`)).status, 204, "a key of the old secret");
  assert.equal((await both.ask("DELETE", `/keys/${held[0]}`)).status, 204, "again");
  assert.equal((await both.ask("DELETE", `/keys/${held[1]}`, "ben")).status, 404, "another member's");
  // The limits start anew under the new secret.
  const [own] = await both.mint(1);
  assert.equal((await both.ask("DELETE", `/keys/${own}`)).status, 204);
  assert.equal((await both.broker.reconcile()).settled, true);
  assert.deepEqual([...keys.keys()], held.slice(1));
});

test("a run is not settled while several keys fit one mint, and is while one does", async () => {
  const { fetch, add, keys } = service(undefined, { page: 1 });
  const standings = async (_, claims) => claims.map(() => "pending");
  const { broker, mint } = brokerOf({ ...memoryLedger(), standings }, { fetch, limits });
  const [own] = await mint(1);
  assert.deepEqual([(await broker.reconcile()).known, (await broker.reconcile()).settled], [1, true]);
  const { annotations, expireTime } = keys.get(own);
  add({ annotations, expireTime });
  const { known, settled, left } = await broker.reconcile();
  assert.deepEqual([known, settled, left], [2, false, [{ why: "pending", keys: 2 }]]);
});

test("the brake holds while most keys would go, and keys that have ended do not pull it", async () => {
  const { fetch, add, keys } = service();
  const { broker, mint } = brokerOf(memoryLedger(), { fetch, limits });
  for (let count = 0; count < 3; count += 1) add({ expireTime: endsIn(MINUTE_MS) });
  assert.equal((await broker.reconcile()).left[0].why, "unrecognised");
  const own = await mint(2);
  assert.deepEqual((await broker.reconcile()).left, [{ why: "unrecognised", keys: 3 }]);
  own.push(...(await mint(1)));
  const { revoked, settled } = await broker.reconcile();
  assert.deepEqual([revoked.length, settled, [...keys.keys()]], [3, true, own]);
  const ended = service();
  ended.add({ createTime: endsIn(-2 * MINUTE_MS), expireTime: endsIn(-MINUTE_MS) });
  const other = await brokerOf(memoryLedger(), { fetch: ended.fetch, limits }).broker.reconcile();
  assert.deepEqual([other.revoked.length, other.settled, ended.keys.size], [1, true, 0]);
});

test("the oldest key that looks like the token is held back over pages and runs", async () => {
  const made = service((key) => ({ ...key, prefix: "fw_tok" }), { page: 2 });
  const at = (seconds) => new Date(1_700_000_000_000 + seconds * 1_000).toISOString();
  const ids = [5, 3, 4, 1, 2, 6].map((seconds) => made.add({ createTime: at(seconds) }).keyId);
  const { broker } = brokerOf(memoryLedger(), { fetch: made.fetch, limits });
  let result;
  const spared = new Set();
  for (let run = 0; run < 12 && !result?.settled; run += 1) {
    result = await broker.reconcile({ maxRequests: 4 });
    for (const keyId of result.spared) spared.add(keyId);
  }
  assert.deepEqual([[...made.keys.keys()], result.spared, result.settled], [[ids[3]], [ids[3]], true]);
  assert.ok(spared.has(ids[3]));
  const kept = await broker.reconcile({ keep: [ids[3]] });
  assert.deepEqual([kept.spared, kept.missing, kept.settled], [[], [], true]);
});

test("a list that is shorter than it says is not settled, and a key on two pages is one", async () => {
  for (const [totalSize, moves, settled] of [
    [4, false, true],
    ["4", false, true],
    [3, true, true],
    // One key stands on both pages, and another is hidden.
    [4, true, false],
    [5, false, false],
    ["many", false, false],
  ]) {
    const { fetch } = service(undefined, { page: 2 });
    let first;
    const listed = async (url, init) => {
      const answer = await fetch(url, init);
      if (init.method !== "GET") return answer;
      const page = await answer.json();
      if (moves && first && page.apiKeys.length > 0) page.apiKeys[0] = first;
      first = page.nextPageToken ? page.apiKeys[0] : undefined;
      return Response.json({ ...page, totalSize });
    };
    const { broker, mint } = brokerOf(memoryLedger(), { fetch: listed, limits });
    await mint(4);
    const result = await broker.reconcile();
    assert.equal(result.settled, settled, `${totalSize} ${moves}`);
    assert.deepEqual(
      result.left?.map(({ why }) => why),
      settled ? undefined : ["list"],
    );
    assert.deepEqual([result.revoked, result.missing], [[], []]);
  }
});
