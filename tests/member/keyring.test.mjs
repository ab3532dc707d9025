// Tests how a keyring gets its keys: when it asks the broker, and what it does if the broker fails.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { lost, refuse, startBroker, stopAll } from "./broker.mjs";
import { happened, stopClock } from "./clock.mjs";

const AUTHORIZATION = "Bearer s3cret-of-the-member";
const DAY = 86_400_000;

let createKeyring;

before(async () => {
  await prepare();
  ({ createKeyring } = await tool("fireworks-keys/member"));
});

afterEach(stopAll);

/** A keyring of a broker, with the events that it sends. */
function ringOf(broker, { fetch, ...change } = {}) {
  const events = [];
  const ring = createKeyring({
    broker: broker.url,
    authorization: AUTHORIZATION,
    onEvent: (event) => events.push(event),
    ...(fetch === undefined ? {} : { fetch }),
    ...change,
  });
  return { ring, events, failures: () => events.filter(({ type }) => type === "failure") };
}

test("a key is fetched when it is first needed, once for all who wait", async () => {
  const broker = await startBroker();
  const { ring, events } = ringOf(broker);
  const keys = await Promise.all(Array.from({ length: 20 }, () => ring.key()));
  assert.equal(new Set(keys).size, 1);
  assert.ok(broker.works(keys[0]));
  assert.equal(await ring.key(), keys[0]);
  assert.equal(broker.mints.length, 1);
  assert.equal(broker.mints[0].headers.authorization, AUTHORIZATION);
  assert.deepEqual(
    events.map(({ type, keyId, isShared }) => [type, keyId, isShared]),
    [["key", "id-1", false]],
  );
  assert.ok(events[0].expiresInMs > 290_000 && events[0].expiresInMs <= 300_000);
});

test("a function is asked for the authorization at each request; one without any sends none", async () => {
  const broker = await startBroker();
  let count = 0;
  const { ring } = ringOf(broker, { authorization: async () => `Bearer ${(count += 1)}` });
  await ring.key();
  await ring.close();
  assert.equal(count, 2);
  const { ring: other } = ringOf(broker, { authorization: () => undefined });
  await other.key();
  assert.deepEqual(
    broker.mints.map(({ headers }) => headers.authorization),
    ["Bearer 1", undefined],
  );
});

test("a key that is used is renewed before it ends", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker({ lifeMs: 300_000 });
  const { ring } = ringOf(broker, { fetch: clock.fetch });
  const first = await ring.key();
  await clock.next();
  await broker.asked(2);
  assert.ok(clock.elapsed() < 290_000, `${clock.elapsed()}`);
  await happened(async () => (await ring.key()) !== first);
  const second = await ring.key();
  assert.ok(broker.works(second));
  await clock.next();
  await broker.asked(3);
  await happened(async () => (await ring.key()) !== second);
});

test("a tab that nobody uses any more stops asking", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker({ lifeMs: 60_000 });
  let calls = 0;
  const fetch = (...request) => {
    calls += 1;
    return clock.fetch(...request);
  };
  const { ring, events } = ringOf(broker, { fetch });
  await ring.key();
  await clock.next();
  await happened(() => events.filter(({ type }) => type === "key").length === 2);
  await clock.next();
  await new Promise(setImmediate);
  assert.equal(clock.set(), 0, "no timer is left");
  assert.equal(calls, 2, "and nothing is sent");
  clock.sleep(DAY);
  const key = await ring.key();
  assert.ok(broker.works(key));
  assert.equal(calls, 3, "who asks next gets a new one");
});

test("a key of 40 days is not renewed at once: no timer overflows", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker({ lifeMs: 40 * DAY });
  const { ring } = ringOf(broker, { fetch: clock.fetch });
  await ring.key();
  await clock.next();
  assert.equal(broker.mints.length, 1);
  assert.ok(
    clock.delays.every((ms) => ms <= 2 ** 31 - 1),
    `${clock.delays}`,
  );
  await clock.next();
  await broker.asked(2);
  const days = clock.elapsed() / DAY;
  assert.ok(days > 20 && days < 40, `${days}`);
});

test("after the machine has slept, a key that ended is not handed out", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker({ lifeMs: 60_000 });
  const { ring } = ringOf(broker, { fetch: clock.fetch });
  const first = await ring.key();
  clock.sleep(59_000);
  assert.notEqual(await ring.key(), first);
  assert.equal(broker.mints.length, 2);
});

test("where the time of day is set back or forth, keys are renewed in time all the same", async (context) => {
  const clock = stopClock(context);
  for (const ms of [-DAY, DAY]) {
    const broker = await startBroker({ lifeMs: 300_000 });
    const { ring } = ringOf(broker, { fetch: clock.fetch });
    const first = await ring.key();
    clock.timeOfDay = ms;
    const begun = clock.elapsed();
    // One that seems to have ended costs a mint, and no more.
    assert.equal((await ring.key()) === first, ms < 0);
    await clock.until(broker.asked(2));
    assert.ok(clock.elapsed() - begun < 290_000, `${clock.elapsed()}`);
    await happened(async () => (await ring.key()) !== first);
    const second = await ring.key();
    clock.sleep(290_000);
    assert.notEqual(await ring.key(), second, "one that has ended is not handed out");
    await ring.close();
    clock.timeOfDay = 0;
  }
});

test("a key's life is what the broker says, whatever this machine's clock", async (context) => {
  const clock = stopClock(context);
  for (const wrong of [-DAY, DAY]) {
    const broker = await startBroker();
    const expireTime = new Date(Date.now() + wrong + 300_000).toISOString();
    broker.answers.push((answer) => answer(201, broker.mint({ expireTime })));
    const { ring, events } = ringOf(broker, { fetch: clock.fetch });
    const key = await ring.key();
    assert.equal(await ring.key(), key);
    await happened(() => events.length > 0);
    assert.equal(events[0].expiresInMs, 300_000);
    clock.sleep(290_000);
    assert.notEqual(await ring.key(), key);
  }
});

test("where the broker does not say how long a key lives, its expiry time counts", async (context) => {
  const clock = stopClock(context);
  for (const expiresInMs of [undefined, null, 0, "soon"]) {
    const broker = await startBroker({ lifeMs: 600_000 });
    broker.answers.push((answer) => answer(201, broker.mint({ expiresInMs })));
    const { ring } = ringOf(broker, { fetch: clock.fetch });
    const key = await ring.key();
    clock.sleep(300_000);
    assert.equal(await ring.key(), key);
    clock.sleep(290_000);
    assert.notEqual(await ring.key(), key);
  }
  // If that is long past, this machine's clock is wrong, and the key is worth trying.
  const broker = await startBroker();
  const expireTime = new Date(Date.now() - DAY).toISOString();
  broker.answers.push((answer) => answer(201, broker.mint({ expireTime, expiresInMs: undefined })));
  const { ring } = ringOf(broker, { fetch: clock.fetch });
  await ring.key();
  await ring.key();
  assert.equal(broker.mints.length, 1);
});

test("a lost connection and a broker that is down are tried again", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  broker.answers.push(lost, refuse(503, "unavailable"), refuse(500, "failed"));
  const { ring, failures } = ringOf(broker, { fetch: clock.fetch });
  assert.ok(broker.works(await clock.until(ring.key())));
  assert.equal(broker.mints.length, 4);
  assert.deepEqual(
    failures().map(({ error }) => [error.code, error.status, error.problem]),
    [
      ["CONNECTION", undefined, undefined],
      ["BROKER", 503, "unavailable"],
      ["BROKER", 500, "failed"],
    ],
  );
});

test("a renewal that fails is tried again, and the old key serves meanwhile", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker({ lifeMs: 600_000 });
  const { ring } = ringOf(broker, { fetch: clock.fetch });
  const first = await ring.key();
  const meanwhile = [];
  for (let count = 0; count < 6; count += 1) {
    broker.answers.push((...connection) => {
      meanwhile.push(ring.key());
      lost(...connection);
    });
  }
  await clock.until(broker.asked(8));
  assert.deepEqual(await Promise.all(meanwhile), Array(6).fill(first));
  assert.ok(clock.elapsed() < 570_000, `${clock.elapsed()}`);
  await happened(async () => (await ring.key()) !== first);
  assert.ok(broker.works(await ring.key()));
});

test("while the broker asks to wait, it is sent nothing, for five minutes at the most", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  for (const seconds of ["60", "86400", "2592000", "1e300"]) {
    broker.answers.push(refuse(429, "mint-limit", { "retry-after": seconds }));
    const { ring, failures } = ringOf(broker, { fetch: clock.fetch });
    const before = broker.mints.length;
    const asked = Number(seconds) * 1_000;
    const wait = Math.min(asked, 300_000);
    for (let count = 0; count < 5; count += 1) {
      await assert.rejects(ring.key(), {
        name: "KeyringError",
        code: "BROKER",
        status: 429,
        problem: "mint-limit",
        retryAfterMs: asked,
      });
    }
    assert.equal(broker.mints.length, before + 1);
    assert.ok(failures()[0].retryInMs >= wait && failures()[0].retryInMs <= wait + 2_000);
    clock.sleep(wait + 2_000);
    assert.ok(broker.works(await ring.key()), "then it is asked again");
  }
  assert.ok(clock.delays.every((ms) => ms <= 2 ** 31 - 1));
});

test("a Retry-After that is none is as if it were not there", async (context) => {
  const clock = stopClock(context);
  for (const nonsense of ["-5", "soon", "", "NaN", "-1e300"]) {
    const broker = await startBroker();
    broker.answers.push(refuse(429, "mint-limit", { "retry-after": nonsense }));
    const { ring, failures } = ringOf(broker, { fetch: clock.fetch });
    assert.ok(broker.works(await clock.until(ring.key())), nonsense);
    assert.ok(failures()[0].retryInMs >= 500 && failures()[0].retryInMs <= 1_000, nonsense);
  }
});

for (const [what, status, code] of [
  ["does not know the member", 401, "unauthenticated"],
  ["refuses the page", 403, "origin"],
  ["is not there", 404, "not-found"],
]) {
  test(`a broker that ${what} is asked seldom, however often a key is`, async (context) => {
    const clock = stopClock(context);
    const broker = await startBroker();
    const { ring } = ringOf(broker, { fetch: clock.fetch });
    while (clock.elapsed() < 3_600_000) {
      broker.answers = [refuse(status, code)];
      await assert.rejects(clock.until(ring.key()), { code: "BROKER", status, problem: code });
      clock.sleep(1_000);
    }
    assert.ok(broker.mints.length < 40, `${broker.mints.length} requests in an hour`);
    broker.answers = [];
    clock.sleep(300_000);
    assert.ok(broker.works(await ring.key()), "and asked again");
  });
}

test("a broker that is down is asked a few times a minute, if a key is asked for", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  const { ring } = ringOf(broker, { fetch: clock.fetch });
  while (clock.elapsed() < 3_600_000) {
    broker.answers = [lost];
    await clock.until(ring.key().catch(({ code }) => assert.equal(code, "CONNECTION")));
    clock.sleep(1_000);
  }
  assert.ok(broker.mints.length < 260, `${broker.mints.length} requests in an hour`);
});

test("what is no answer of a broker's gives no key", async () => {
  const broker = await startBroker();
  const html = (status) => (_, response) =>
    response.writeHead(status, { "content-type": "text/html" }).end("<p>Sign in</p>");
  for (const [given, code, status] of [
    [html(200), "BROKER", 200],
    [html(404), "BROKER", 404],
    [(answer) => answer(200, broker.mint()), "BROKER", 200],
    [(_, response) => response.writeHead(302, { location: "/elsewhere" }).end(), "BROKER", 302],
    [(answer) => answer(400, { code: `fw_secret ${AUTHORIZATION}` }), "BROKER", 400],
    [(answer) => answer(400, { code: ["a"] }), "BROKER", 400],
  ]) {
    broker.answers.push(given);
    const { ring } = ringOf(broker);
    await assert.rejects(ring.key(), (error) => {
      assert.deepEqual([error.code, error.status], [code, status]);
      return !/s3cret|fw_secret/.test(`${error.stack} ${JSON.stringify(error)}`);
    });
  }
});

test("an answer without a key that can be sent is a failure, and tried again", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  const { key, keyId, expireTime } = broker.mint();
  for (const body of [
    null,
    [],
    "key",
    {},
    { key, expireTime },
    { keyId, expireTime },
    { key, keyId },
    { key: "", keyId, expireTime },
    { key: "fw_a\nb", keyId, expireTime },
    { key: 7, keyId, expireTime },
    { key, keyId: 7, expireTime },
    { key, keyId, expireTime: "tomorrow" },
    { key, keyId, expiresInMs: -1 },
  ]) {
    broker.answers.push((answer) => answer(201, body));
    const { ring, failures } = ringOf(broker, { fetch: clock.fetch });
    assert.ok(broker.works(await clock.until(ring.key())), JSON.stringify(body));
    assert.equal(failures()[0].error.code, "INVALID_RESPONSE", JSON.stringify(body));
  }
});

test("whatever a page's own functions do, the error is the keyring's", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  for (const change of [
    { fetch: () => undefined },
    { fetch: () => ({ status: 429 }) },
    { fetch: () => ({ status: 201, json: async () => ({}) }) },
    { fetch: () => ({ status: 429, json: async () => ({ code: "x" }), headers: { get: () => 600 } }) },
    { authorization: () => Promise.reject(new DOMException("no", "SecurityError")) },
    { authorization: () => Promise.reject() },
    { fetch: () => Promise.reject() },
  ]) {
    const { ring } = ringOf(broker, change);
    const error = await clock.until(ring.key().catch((error) => error));
    assert.equal(error?.name, "KeyringError", `${error}`);
  }
});

test("an authorization that never comes, and a fetch that never settles, end", async (context) => {
  const clock = stopClock(context);
  const limits = [];
  context.mock.method(AbortSignal, "timeout", (ms) => {
    const limit = new AbortController();
    limits.push({ ms, end: () => limit.abort() });
    return limit.signal;
  });
  const broker = await startBroker();
  const never = () => new Promise(() => {});
  for (const change of [{ authorization: never }, { fetch: never }]) {
    const { ring, failures } = ringOf(broker, change);
    const key = ring.key();
    key.catch(() => {});
    await happened(() => limits.length > 0);
    const { ms, end } = limits.shift();
    assert.equal(ms, 60_000);
    end();
    await happened(() => failures().length > 0);
    assert.equal(failures()[0].error.code, change.fetch ? "CONNECTION" : "AUTHORIZATION");
    await clock.next();
    await happened(() => limits.length > 0);
    limits.shift();
  }
});
