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

/** What a service's answers say of the time. */
const dated = (ms) => ({ date: new Date(ms).toUTCString() });

/**
 * A service that goes by the true time: it refuses an end that has passed, or that is more than `most` away.
 * With `date`, its answers say what time it is, or would be by that many milliseconds.
 */
function truthful(trouble = () => {}, { date, most = Infinity } = {}) {
  const made = service((key) => ({ ...key, createTime: new Date(real()).toISOString() }), {
    trouble: (operation, given, add) => {
      if (operation === "create") {
        const leftMs = Date.parse(given.apiKey.expireTime) - real();
        if (leftMs <= 0 || leftMs > most) return refusal(400, 3);
      }
      return trouble(operation, given, add);
    },
  });
  if (date === undefined) return made;
  const fetch = async (url, init) => {
    const { status, headers, body } = await made.fetch(url, init);
    const now = dated(real() + date);
    return new Response(body, { status, headers: { ...Object.fromEntries(headers), ...now } });
  };
  return { ...made, fetch };
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

test("a broker whose clock is wrong by more than a lifetime mints keys of that lifetime", async () => {
  for (const wrong of [-5, -6, -60, -10 * 365 * 24 * 60, 6, 60, 10 * 365 * 24 * 60]) {
    // A process of its own for each mint, as on a platform that keeps none, and one for all.
    for (const isKept of [false, true]) {
      const made = truthful(undefined, { date: 0, most: 60 * MINUTE_MS });
      const ledger = memoryLedger();
      const start = () => brokerOf(ledger, { fetch: made.fetch, limits, maxRetries: 0 });
      setAhead(wrong * MINUTE_MS);
      let broker = start();
      for (const member of ["ada", "ben", "cat", "dan"]) {
        if (!isKept) broker = start();
        const response = await broker.ask("POST", "/keys", member);
        assert.equal(response.status, 201, `${wrong} minutes, ${member}`);
        const { keyId } = await response.json();
        const lives = minutes(made.keys.get(keyId));
        assert.ok(lives > 4.9 && lives <= 5.02, `${wrong} minutes off: lives ${lives} minutes`);
      }
      assert.equal(made.keys.size, 4, "no other key is left");
      assert.ok(made.sent.create <= (isKept ? 5 : 8), `${made.sent.create} creates`);
    }
  }
});

test("a service that makes keys that have ended, and refuses no end, shows its clock, too", async () => {
  for (const wrong of [-6, -60, -30 * 60]) {
    const made = service((key) => ({ ...key, createTime: new Date(real()).toISOString() }));
    const fetch = async (url, init) => {
      const { status, body } = await made.fetch(url, init);
      return new Response(body, { status, headers: dated(real()) });
    };
    const one = { mints: 2, window: "1h", live: 1 };
    const { ask } = brokerOf(memoryLedger(), { fetch, limits: one, maxRetries: 0 });
    setAhead(wrong * MINUTE_MS);
    assert.equal((await ask("POST", "/keys")).status, 201, `${wrong} minutes`);
    const [key] = made.keys.values();
    assert.ok(minutes(key) > 4.9 && minutes(key) <= 5.02, `lives ${minutes(key)} minutes`);
    assert.deepEqual([made.keys.size, made.sent.create], [1, 2]);
    assert.equal((await (await ask("POST", "/keys")).json()).code, "live-limit");
  }
});

test("a key that would end long before it should, because of a clock, is made once more", async () => {
  for (const wrong of [-4.98, -3, -2.6]) {
    const made = truthful();
    const { ask } = brokerOf(memoryLedger(), { fetch: made.fetch, limits, maxRetries: 0 });
    setAhead(wrong * MINUTE_MS);
    assert.equal((await ask("POST", "/keys")).status, 201);
    const [key] = made.keys.values();
    assert.ok(minutes(key) > 4.9 && minutes(key) <= 5.02, `${minutes(key)} minutes`);
    assert.deepEqual(made.sent, { create: 2, delete: 1, list: 0 });
  }
  // A service that ends keys earlier has another reason.
  const { fetch, sent } = service((key) => {
    return { ...key, expireTime: new Date(Date.parse(key.expireTime) - 4 * MINUTE_MS).toISOString() };
  });
  setAhead(0);
  const { mint } = brokerOf(memoryLedger(), { fetch, limits });
  await mint(1);
  assert.equal(sent.create, 1);
});

test("a mint whose end was refused, and whose member leaves then, does not count", async () => {
  const controller = new AbortController();
  const made = truthful(undefined, { date: 0 });
  const fetch = async (url, init) => {
    const response = await made.fetch(url, init);
    controller.abort();
    return response;
  };
  const one = { mints: 1, window: "1h", live: 1 };
  const { ask } = brokerOf(memoryLedger(), { fetch, limits: one, maxRetries: 0 });
  setAhead(-30 * MINUTE_MS);
  const { signal } = controller;
  assert.equal((await ask("POST", "/keys", "ada", { signal })).status, 400);
  assert.deepEqual([made.keys.size, made.sent.create], [0, 1]);
  assert.equal((await ask("POST", "/keys")).status, 201);
});

test("where no clock that was shown makes the mint work, the operator is told of it", async () => {
  // What is in between has another clock than the service. If it is ahead, the key that is made shows that.
  for (const [date, expected] of [
    [10, 201],
    [24 * 60, 201],
    [-60, 502],
  ]) {
    const errors = [];
    const made = truthful(undefined, { date: date * MINUTE_MS });
    const onError = (error) => errors.push(error);
    const { ask } = brokerOf(memoryLedger(), { fetch: made.fetch, limits, maxRetries: 0, onError });
    setAhead(-30 * MINUTE_MS);
    assert.equal((await ask("POST", "/keys")).status, expected, `${date} minutes`);
    if (expected === 502) assert.match(errors[0].message, /clock/);
    for (const key of made.keys.values()) assert.ok(minutes(key) <= 5.02, `lives ${minutes(key)} minutes`);
    assert.equal(made.keys.size, expected === 201 ? 1 : 0);
    assert.ok(made.sent.create <= 3, `${made.sent.create} creates`);
  }
  // A service whose times contradict each other, and itself.
  let madeMs = 0;
  const errors = [];
  const made = service((key) => {
    madeMs -= 10 * MINUTE_MS;
    return { ...key, createTime: new Date(real() + madeMs).toISOString() };
  });
  const onError = (error) => errors.push(error);
  const broker = brokerOf(memoryLedger(), { fetch: made.fetch, limits, maxRetries: 0, onError });
  setAhead(0);
  const refused = await broker.ask("POST", "/keys");
  assert.deepEqual([refused.status, (await refused.json()).code], [502, "clock"]);
  assert.match(errors[0].message, /clock/);
  assert.equal(made.keys.size, 0);
  assert.equal(made.sent.create, 3);
  // Without a Date nothing is known of the clock: it may be the reason.
  const { fetch, sent } = truthful();
  const undated = brokerOf(memoryLedger(), { fetch, limits, maxRetries: 0, onError });
  setAhead(-30 * MINUTE_MS);
  const response = await undated.ask("POST", "/keys");
  assert.equal((await response.json()).code, "upstream");
  assert.match(errors[1].message, /clock/);
  assert.equal(sent.create, 1);
});

test("a Date that cannot be read, or that another 400 has, moves no clock", async () => {
  for (const date of ["", "some day", "0", real() + 600_000]) {
    const asked = [];
    const made = service(undefined, {
      trouble: (operation, given) => {
        asked.push(given?.apiKey?.expireTime);
        return operation === "create" && refusal(400, 3, { date: String(date) });
      },
    });
    const { ask } = brokerOf(memoryLedger(), { fetch: made.fetch, limits, maxRetries: 0 });
    const response = await ask("POST", "/keys");
    assert.equal((await response.json()).code, "upstream", `${date}`);
    assert.equal(asked.length, 1, `${date}`);
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
  for (const wrong of ["2035-01-01T00:00:00Z", "1970-01-01T00:00:00Z", within(2), within(3), within(-60)]) {
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
