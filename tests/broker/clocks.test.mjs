// Tests a broker whose clock is set back, or whose service shows a wrong time once.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { brokerOf, refusal, service } from "./plain.mjs";

const MINUTE_MS = 60_000;
const { now: real } = Date;
const limits = { mints: 100, window: "1h", live: 100 };

let offMs = 0;

/** Sets the broker's clock this far ahead of the service's. */
function setAhead(ms) {
  offMs = ms;
  Date.now = () => real() + offMs;
}

afterEach(() => {
  Date.now = real;
});

/** A service that goes by the true time: it refuses an end that has passed. */
function truthful(trouble = () => {}) {
  return service((key) => ({ ...key, createTime: new Date(real()).toISOString() }), {
    trouble: (operation, given, add) => {
      if (operation === "create" && Date.parse(given.apiKey.expireTime) <= real()) return refusal(400, 3);
      return trouble(operation, given, add);
    },
  });
}

const minutes = ({ createTime, expireTime }) => (Date.parse(expireTime) - Date.parse(createTime)) / MINUTE_MS;

test("after its clock was corrected, in either direction, the broker mints at once", async () => {
  for (const [before, after] of [
    [10 * MINUTE_MS, 0],
    [0, -3 * MINUTE_MS],
    [-3 * MINUTE_MS, 0],
    [24 * 60 * MINUTE_MS, 0],
  ]) {
    const { fetch, keys, sent } = truthful();
    const { mint, ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0 });
    setAhead(before);
    await mint(2);
    setAhead(after);
    for (let count = 0; count < 3; count += 1) assert.equal((await ask("POST", "/keys", "ben")).status, 201);
    await mint(1, "cat");
    const last = [...keys.values()].at(-1);
    assert.ok(minutes(last) > 4.9 && minutes(last) < 5.1, `${minutes(last)} minutes`);
    assert.ok(sent.create <= 10, `${sent.create} creates`);
  }
});

test("a 400 that no clock explains is tried once, and not for ever", async () => {
  const { fetch, sent } = truthful((operation) => operation === "create" && refusal(400, 3));
  const { ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0 });
  assert.equal((await ask("POST", "/keys")).status, 502);
  assert.equal(sent.create, 1);
});

test("one wrong createTime does not move the clock", async () => {
  const within = (minutes) => new Date(real() + minutes * MINUTE_MS).toISOString();
  for (const wrong of ["2035-01-01T00:00:00Z", "1970-01-01T00:00:00Z", within(3), within(-60)]) {
    const asked = [];
    let isWrong = true;
    const made = truthful((operation, given) => {
      if (operation === "create") asked.push(Date.parse(given.apiKey.expireTime));
    });
    const fetch = async (url, init) => {
      const response = await made.fetch(url, init);
      if (init.method === "GET" || url.endsWith(":delete") || !isWrong || !response.ok) return response;
      isWrong = false;
      return Response.json({ ...(await response.json()), createTime: wrong });
    };
    const { mint, ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0 });
    // A key that ends before it begins is refused.
    assert.equal((await ask("POST", "/keys")).status, wrong.startsWith("2035") ? 502 : 201);
    asked.length = 0;
    await mint(2, "ben");
    assert.equal(asked.length, 2, wrong);
    for (const end of asked) assert.ok(Math.abs(end - real() - 5 * MINUTE_MS) < 2_000, wrong);
  }
});

test("a pause ends although the clock was set back", async () => {
  let isLimited = true;
  const { fetch } = service(undefined, {
    trouble: (operation) => operation === "create" && isLimited && refusal(429, 8, { "retry-after": "5" }),
  });
  const { ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0 });
  assert.equal((await ask("POST", "/keys")).status, 503);
  isLimited = false;
  setAhead(-2 * MINUTE_MS);
  assert.equal((await ask("POST", "/keys")).status, 201);
});

test("a probe that never settles holds the others only as long as a mint may take", async () => {
  let mode = "limited";
  const made = service();
  const fetch = (url, init) => {
    if (init.method !== "POST" || mode === "well") return made.fetch(url, init);
    return mode === "limited" ? refusal(429, 8, { "retry-after": "1" }) : new Promise(() => {});
  };
  const timeouts = { timeoutMs: 100, totalTimeoutMs: 200 };
  const { ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0, ...timeouts });
  assert.equal((await ask("POST", "/keys")).status, 503);
  setAhead(1_000);
  mode = "hangs";
  assert.equal((await ask("POST", "/keys", "ben")).status, 503);
  mode = "well";
  setAhead(2_000);
  assert.equal((await ask("POST", "/keys", "cat")).status, 201);
});

test("a member is told to come back after thirty seconds at the most", async () => {
  for (const [status, code, expected] of [
    [429, 8, 30],
    [503, 14, 30],
  ]) {
    const { fetch } = service(undefined, {
      trouble: () => refusal(status, code, { "retry-after": "86400" }),
    });
    const { ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0 });
    const { headers } = await ask("POST", "/keys");
    assert.equal(headers.get("retry-after"), String(expected), `${status}`);
  }
  // What is answered is the rest of the pause, also where a failure was named before.
  const { fetch } = service(undefined, { trouble: () => refusal(429, 8, { "retry-after": "7" }) });
  const { ask } = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0 });
  assert.equal((await ask("POST", "/keys")).headers.get("retry-after"), "7");
});

test("a run ends in time although the clock is set back in its middle", async () => {
  const made = service(undefined, {
    trouble: (operation) => operation === "delete" && setAhead(offMs - MINUTE_MS * (sent() === 1 ? 60 : -1)),
  });
  const sent = () => made.sent.delete;
  for (let count = 0; count < 60; count += 1) made.add({});
  const { broker } = brokerOf(memoryLedger(), { fetch: made.fetch, limits });
  const { left, revoked } = await broker.reconcile({ maxTime: "10m" });
  assert.equal(left[0].why, "time");
  assert.ok(revoked.length < 30, `${revoked.length} revoked`);
});
