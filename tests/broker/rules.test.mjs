// Tests the broker's own rules against a service that is a plain function, without an emulator.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { brokerOf, service } from "./plain.mjs";

const MINUTE_MS = 60_000;

test("the end of a key may be rounded, and is refused when it is seconds later", async () => {
  for (const [laterMs, expected] of [
    [0, 201],
    [900, 201],
    [1_500, 502],
    [-4 * MINUTE_MS, 201],
    // An end before the beginning is none.
    [-30 * MINUTE_MS, 502],
    [3_000, 502],
    [MINUTE_MS, 502],
    [59 * MINUTE_MS, 502],
  ]) {
    const { keys, fetch } = service((key) => {
      const expireTime = new Date(Date.parse(key.expireTime) + laterMs).toISOString();
      return { ...key, expireTime };
    });
    const { ask } = brokerOf(memoryLedger(), { fetch });
    assert.equal((await ask("POST", "/keys")).status, expected, `${laterMs} ms later`);
    assert.equal(keys.size, expected === 201 ? 1 : 0);
  }
});

test("a key whose lifetime cannot be read is refused", async () => {
  for (const name of ["expireTime", "createTime"]) {
    for (const time of ["some day", "", 7, null, undefined]) {
      const { keys, fetch } = service((key) => ({ ...key, [name]: time }));
      const { ask } = brokerOf(memoryLedger(), { fetch });
      assert.equal((await ask("POST", "/keys")).status, 502, `${name}: ${time}`);
      assert.equal(keys.size, 0);
    }
  }
});

test("a key lives as long as it should although the broker's clock is ahead", async () => {
  const hourMs = 60 * MINUTE_MS;
  const { keys, fetch } = service((key) => {
    return { ...key, createTime: new Date(Date.parse(key.createTime) - hourMs).toISOString() };
  });
  const { ask } = brokerOf(memoryLedger(), { fetch });
  const answer = await ask("POST", "/keys");
  assert.equal(answer.status, 201);
  const [{ createTime, expireTime }] = keys.values();
  const minutes = (Date.parse(expireTime) - Date.parse(createTime)) / MINUTE_MS;
  assert.ok(minutes > 4 && minutes < 6, `${minutes} minutes`);
});

test("a mint whose key is deleted again counts as a mint, and its key no longer", async () => {
  const { keys, fetch } = service();
  let lost = 1;
  const unreliable = async (url, init) => {
    const response = await fetch(url, init);
    if (init.method === "POST" && !url.endsWith(":delete") && (lost -= 1) >= 0) throw new TypeError("lost");
    return response;
  };
  const limits = { mints: 2, window: "1h", live: 1 };
  const { ask } = brokerOf(memoryLedger(), { fetch: unreliable, limits, maxRetries: 0 });
  assert.equal((await ask("POST", "/keys")).status, 503);
  assert.equal(keys.size, 0, "its key was found and deleted");
  const { status, body } = await ask("POST", "/keys");
  assert.equal(status, 201);
  const { keyId } = await new Response(body).json();
  assert.equal((await ask("DELETE", `/keys/${keyId}`)).status, 204);
  assert.equal((await (await ask("POST", "/keys")).json()).code, "mint-limit");
});

test("a mint that the module refuses before anything is sent does not count", async () => {
  const ledger = memoryLedger();
  const released = [];
  const release = (member, tag) => {
    released.push(tag);
    return ledger.release(member, tag);
  };
  const { fetch } = service();
  const refused = brokerOf({ ...ledger, release }, { fetch, headers: { "not a name": "x" } });
  assert.ok((await refused.ask("POST", "/keys")).status >= 500);
  assert.equal(released.length, 1);
  const { ask } = brokerOf(ledger, { fetch, limits: { mints: 1, window: "1h", live: 1 } });
  assert.equal((await ask("POST", "/keys")).status, 201, "the refused mint was forgotten");
});

test("the ledger is asked about ids of up to 256 characters, and about no longer one", async () => {
  const ledger = memoryLedger();
  const asked = [];
  const standings = (member, claims) => {
    asked.push(...claims.map(({ keyId }) => keyId.length));
    return ledger.standings(member, claims);
  };
  const { ask } = brokerOf({ ...ledger, standings }, { fetch: service().fetch });
  for (const length of [1, 255, 256, 257, 5_000]) {
    assert.equal((await ask("DELETE", `/keys/${"k".repeat(length)}`)).status, 404);
  }
  assert.deepEqual(asked, [1, 255, 256]);
});

test("a mint whose answer was lost counts until reconcile has deleted its key", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const { keys, fetch } = service();
  const limits = { mints: 9, window: "1h", live: 1 };
  const lifetime = { min: "1m", max: "1h", default: "1h" };
  let loses = true;
  let refuses = true;
  const unreliable = async (url, init) => {
    if (refuses && url.endsWith(":delete")) return Response.json({}, { status: 403 });
    const response = await fetch(url, init);
    if (loses && !url.endsWith(":delete")) throw new TypeError("the answer was lost");
    return response;
  };
  const { broker, ask } = brokerOf(memoryLedger(), { fetch: unreliable, limits, lifetime, maxRetries: 0 });
  assert.equal((await ask("POST", "/keys")).status, 503);
  loses = false;
  assert.equal(keys.size, 1);
  context.mock.timers.tick(2 * MINUTE_MS);
  assert.equal((await broker.reconcile()).failed.length, 1);
  assert.equal((await ask("POST", "/keys")).status, 429, "its key lives");
  refuses = false;
  assert.equal((await broker.reconcile()).revoked.length, 1);
  assert.equal((await ask("POST", "/keys")).status, 201);
});

test("reconcile asks about members in an order that chance decides", async (context) => {
  const ledger = memoryLedger();
  const asked = [];
  const standings = (member, claims) => {
    asked.push(claims[0].keyId);
    return ledger.standings(member, claims);
  };
  const { keys, fetch } = service();
  const { broker, ask } = brokerOf({ ...ledger, standings }, { fetch });
  for (const member of ["a", "b", "c", "d"]) assert.equal((await ask("POST", "/keys", member)).status, 201);
  const minted = [...keys.keys()];
  let drawn = 0;
  context.mock.method(Math, "random", () => (drawn += 0.01));
  await broker.reconcile();
  assert.deepEqual(asked, minted);
  asked.length = 0;
  context.mock.method(Math, "random", () => (drawn -= 0.01));
  await broker.reconcile();
  assert.deepEqual(asked, minted.toReversed());
});

test("a ledger in memory forgets members of whom nothing is left, once a minute", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const forgotten = [];
  const remove = Map.prototype.delete;
  context.mock.method(Map.prototype, "delete", function (name) {
    forgotten.push(name);
    return remove.call(this, name);
  });
  const ledger = memoryLedger();
  const limits = { mints: 1, windowMs: 30_000, live: 1, requests: 4 };
  const reserve = (member, lifetimeMs) => {
    const durations = { lifetimeMs, aheadMs: 0, settleMs: lifetimeMs, requests: 1 };
    return ledger.reserve(member, { attemptTag: `of ${member}`, ...durations }, limits);
  };
  const gone = (member) => forgotten.includes(member);
  await reserve("short", 40_000);
  await reserve("long", 10 * MINUTE_MS);
  context.mock.timers.tick(59_999);
  await reserve("other", 1_000);
  assert.deepEqual([gone("short"), gone("long")], [false, false], "it is not time to tidy");
  context.mock.timers.tick(1);
  await reserve("another", 1_000);
  assert.deepEqual([gone("short"), gone("long")], [true, false]);
});

/** A mint's durations and a member's limits, for a ledger. */
const MINT = { lifetimeMs: 300_000, aheadMs: 0, settleMs: 70_000, requests: 2 };
const MOST = { mints: 2, windowMs: 3_600_000, live: 2, requests: 8 };

test("each call to a ledger may be sent again, and changes nothing more", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_500 });
  const ledger = memoryLedger();
  const reserve = (attemptTag, change) => ledger.reserve("ada", { ...MINT, attemptTag, ...change }, MOST);
  const noted = { endsAt: 1_800_000_300_000 };
  for (let time = 0; time < 5; time += 1) assert.deepEqual(await reserve("one"), noted);
  for (let time = 0; time < 5; time += 1) assert.equal(await ledger.draw("ada", "one", 4, MOST), null);
  for (let time = 0; time < 5; time += 1) assert.equal(await ledger.draw("ada", "deletion", 1, MOST), null);
  for (let time = 0; time < 5; time += 1) assert.equal(await ledger.settle("ada", "one", "k1", 3), true);
  assert.equal(await ledger.settle("ada", "one", "k2", 3), false, "a row vouches for one key");
  // Three were sent for the mint and one for a deletion: four are left.
  assert.equal(await ledger.draw("ada", "rest", 4, MOST), null);
  assert.equal((await ledger.draw("ada", "rest", 5, MOST)).limit, "requests");
  for (let time = 0; time < 5; time += 1) await ledger.revoke("ada", "k1");
  const claim = { keyId: "k1", attemptTag: "one", endsAt: noted.endsAt };
  assert.deepEqual(await ledger.standings("ada", [claim, { ...claim, keyId: "k2" }]), ["revoked", "unknown"]);
  context.mock.timers.tick(3_500_000);
  assert.ok((await reserve("two")).endsAt);
  for (let time = 0; time < 5; time += 1) await ledger.release("ada", "two", true, 1);
  assert.equal((await reserve("three")).limit, "mints");
  context.mock.timers.tick(100_000);
  assert.ok((await reserve("three")).endsAt);
  for (let time = 0; time < 5; time += 1) await ledger.release("ada", "three", false, 0);
  assert.ok((await reserve("four")).endsAt, "a mint that made nothing does not count");
});

test("a mint is not settled after its time or its release, and a release may come first", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const ledger = memoryLedger();
  const reserve = (attemptTag) => ledger.reserve("ada", { ...MINT, attemptTag }, { ...MOST, requests: 99 });
  await reserve("slow");
  context.mock.timers.tick(69_999);
  const claims = [{ keyId: "k1", attemptTag: "slow", endsAt: 1_800_000_300_000 }];
  assert.deepEqual(await ledger.standings("ada", claims), ["pending"]);
  context.mock.timers.tick(1);
  assert.deepEqual(await ledger.standings("ada", claims), ["lost"]);
  assert.equal(await ledger.settle("ada", "slow", "k1", 1), false);
  await ledger.release("ada", "slow", true, 1);
  assert.equal(await ledger.settle("ada", "slow", "k1", 1), false);
  assert.equal(await ledger.settle("ada", "never noted", "k1", 1), false);
  await ledger.release("ada", "early", false, 0);
  await reserve("early");
  assert.equal(await ledger.settle("ada", "early", "k2", 1), false);
  assert.ok((await reserve("next")).endsAt, "only the slow one counts");
});

test("a key fits an open mint if it ends no more than a second later", async () => {
  const ledger = memoryLedger();
  const { endsAt } = await ledger.reserve("ada", { ...MINT, attemptTag: "one" }, MOST);
  for (const [end, expected] of [
    [endsAt, "pending"],
    [endsAt - 60_000, "pending"],
    [endsAt + 1_000, "pending"],
    [endsAt + 1_001, "unknown"],
    [endsAt + 2_000, "unknown"],
    [null, "unknown"],
  ]) {
    const claims = [{ keyId: "k1", attemptTag: "one", endsAt: end }];
    assert.deepEqual(await ledger.standings("ada", claims), [expected], `${end}`);
    assert.deepEqual(await ledger.standings("ben", claims), ["unknown"], "another member's mint");
  }
});

test("only the end of an open mint moves, by what is known of the service's clock", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_999 });
  const ledger = memoryLedger();
  const reserve = (aheadMs) => ledger.reserve("ada", { ...MINT, attemptTag: "one", aheadMs }, MOST);
  assert.equal((await reserve(0)).endsAt, 1_800_000_300_000);
  context.mock.timers.tick(5_000);
  assert.equal((await reserve(-3_600_000)).endsAt, 1_799_996_700_000);
  assert.equal((await reserve(1)).endsAt, 1_800_000_301_000);
  await ledger.settle("ada", "one", "k1", 1);
  assert.equal((await reserve(-3_600_000)).endsAt, 1_800_000_301_000);
});
