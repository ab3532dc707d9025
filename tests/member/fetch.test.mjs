// Tests the keyring's fetch: what gets the key, and what happens if the inference host does not accept it.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { listen, refuse, startBroker, stopAll } from "./broker.mjs";
import { happened, stopClock } from "./clock.mjs";
import { startInference } from "./inference.mjs";

let createKeyring;

before(async () => {
  await prepare();
  ({ createKeyring } = await tool("fireworks-keys/member"));
});

afterEach(stopAll);

/** A broker, an inference host that accepts its keys, and a keyring for both. */
async function start(change = {}) {
  const broker = await startBroker();
  const inference = await startInference(broker.works);
  const events = [];
  const ring = createKeyring({
    broker: broker.url,
    authorization: "Bearer a",
    inference: inference.url,
    onEvent: (event) => events.push(event),
    ...change,
  });
  return { broker, inference, ring, events, url: `${inference.url}v1/models` };
}

test("the key goes to the inference host, and to no other address", async () => {
  const { broker, inference, ring, url } = await start();
  const elsewhere = [];
  const other = await listen(({ url, headers }, response) => {
    elsewhere.push([url, headers]);
    response.end();
  });
  const { origin } = inference;
  for (const address of [
    `${other}/inference/v1/models`,
    `${origin}/v1/accounts/acme/users/broker/apiKeys`,
    `${origin}/`,
    `${origin}/inference`,
    `${origin}/inferences/v1`,
    `${origin}/INFERENCE/v1`,
    `${origin}/inference/../v1/accounts`,
    `${origin}/inference/%2e%2e/v1/accounts`,
    `${origin}/inference/.%2E/v1/accounts`,
    `${origin}/inference/..%2fv1/accounts`,
    `${origin}/inference/%2e%2e%2fv1/accounts`,
    `${origin}/inference/%252e%252e/v1/accounts`,
    `${origin}/inference/..\\v1/accounts`,
    `${origin}/inference/..%5cv1/accounts`,
    `${origin}/inference/..;/v1/accounts`,
    `${origin}/inference/x/../../v1/accounts`,
    `${origin}/inference/\t../v1/accounts`,
    `${origin}\\inference\\..\\v1`,
    `${origin.replace("http:", "https:")}/inference/v1/models`,
    `${origin.replace("127.0.0.1", "localhost")}/inference/v1/models`,
    "https://api.fireworks.ai/inference/v1/models",
    "data:text/plain,a",
    new URL(`${origin}/v1/accounts`),
    new Request(`${origin}/v1/accounts`),
  ]) {
    await assert.rejects(ring.fetch(address), { name: "KeyringError", code: "ADDRESS" }, `${address}`);
  }
  for (const nonsense of [
    `${origin}@${new URL(other).host}/inference/`,
    "/inference/v1",
    "not an address",
    undefined,
    `http://a:b@${origin.slice(7)}/inference/`,
  ]) {
    await assert.rejects(ring.fetch(nonsense));
  }
  assert.deepEqual([elsewhere, inference.requests, broker.mints], [[], [], []]);
  for (const address of [url, new URL(url), new Request(url), `${url}?a=%2f..%2f#%2f`]) {
    assert.equal((await ring.fetch(address)).status, 200);
  }
  assert.ok(inference.requests.every(({ key }) => broker.works(key)));
});

test("nothing follows a redirect", async () => {
  const elsewhere = [];
  const other = await listen(({ headers }, response) => {
    elsewhere.push(headers);
    response.end();
  });
  const { inference, ring, url } = await start();
  for (const [status, location] of [
    [302, other],
    [307, "/v1/accounts"],
    [308, `${other}/inference/`],
  ]) {
    inference.answers.push((response) => response.writeHead(status, { location }).end());
    assert.equal((await ring.fetch(url, { redirect: "follow" })).status, status);
  }
  assert.equal(inference.requests.length, 3);
  assert.deepEqual(elsewhere, []);
});

test("no header is passed on that a browser would have to ask for", async () => {
  const { broker, inference, ring, url } = await start();
  const passed = {
    "accept": "text/event-stream",
    "accept-language": "de, en;q=0.5",
    "content-language": "en",
    "content-type": 'multipart/form-data; boundary="a b"',
  };
  const dropped = {
    "authorization": "Bearer mine",
    "user-agent": "OpenAI/JS",
    "x-stainless-os": "Linux",
    "x-stainless-retry-count": "0",
    "x-http-method-override": "DELETE",
    "openai-organization": "o",
    "cookie": "a=b",
    "range": "bytes=0-1",
    "x-api-key": "k",
    "connection": "close",
  };
  const headers = { ...passed, ...dropped };
  for (const [input, init] of [
    [url, { headers }],
    [url, { headers: new Headers(headers) }],
    [url, { headers: Object.entries(headers) }],
    [new Request(url, { headers })],
    [new Request(url, { headers: { "x-a": "b" } }), { headers }],
  ]) {
    await ring.fetch(input, { ...init, method: "POST", body: "a" });
    const { headers: sent, key } = inference.requests.at(-1);
    assert.ok(broker.works(key));
    for (const [name, value] of Object.entries(passed)) assert.equal(sent[name], value);
    for (const [name, value] of Object.entries(dropped)) assert.notEqual(sent[name], value, name);
  }
  // Such values would have to be asked for.
  for (const accept of ["a".repeat(129), 'text/html;a="b"', "a(b)"]) {
    await ring.fetch(url, { headers: { accept } });
    assert.notEqual(inference.requests.at(-1).headers.accept, accept);
  }
});

/** Revokes the current key behind the keyring's back. */
const revokeAll = (broker) => broker.alive.clear();

test("bodies of all kinds arrive, and arrive again after a 401", async () => {
  const form = new FormData();
  form.set("file", new Blob(["audio"]), "a.wav");
  for (const [what, init, expected, type] of [
    ["text", { body: "text" }, "text", "text/plain;charset=UTF-8"],
    ["JSON", { body: "{}", headers: { "content-type": "application/json" } }, "{}", "application/json"],
    ["bytes", { body: new TextEncoder().encode("bytes") }, "bytes", undefined],
    ["a buffer", { body: new TextEncoder().encode("buffer").buffer }, "buffer", undefined],
    ["a blob", { body: new Blob(["blob"], { type: "a/b" }) }, "blob", "a/b"],
    ["parameters", { body: new URLSearchParams({ a: "b" }) }, "a=b", /^application\/x-www-form-urlencoded/],
    [
      "a form",
      { body: form },
      /name="file"; filename="a.wav"[\s\S]*audio/,
      /^multipart\/form-data; boundary=/,
    ],
    ["nothing", {}, "", undefined],
    ["an empty text", { body: "" }, "", "text/plain;charset=UTF-8"],
  ]) {
    for (const make of [(...request) => request, (...request) => [new Request(...request)]]) {
      const { broker, inference, ring, url } = await start();
      await ring.fetch(url);
      revokeAll(broker);
      const before = inference.requests.length;
      const response = await ring.fetch(...make(url, { method: "POST", ...init }));
      assert.equal(response.status, 200, what);
      const sent = inference.requests.slice(before);
      assert.equal(sent.length, 2, what);
      for (const { body, headers, method } of sent) {
        assert.equal(method, "POST");
        if (expected instanceof RegExp) assert.match(body, expected, what);
        else assert.equal(body, expected, what);
        if (type instanceof RegExp) assert.match(headers["content-type"], type, what);
        else assert.equal(headers["content-type"], type, what);
      }
    }
  }
});

test("a stream is sent once, and the next request has a new key", async () => {
  const { broker, inference, ring, url } = await start();
  const stream = () => new Blob(["a"]).stream();
  assert.equal((await ring.fetch(url, { method: "POST", body: stream(), duplex: "half" })).status, 200);
  revokeAll(broker);
  const before = inference.requests.length;
  assert.equal((await ring.fetch(url, { method: "POST", body: stream(), duplex: "half" })).status, 401);
  assert.equal(inference.requests.length, before + 1);
  assert.equal((await ring.fetch(url)).status, 200);
  assert.equal(broker.mints.length, 2);
});

test("a 401 renews the key that is current, once for all requests", async () => {
  const { broker, inference, ring, url, events } = await start();
  await ring.fetch(url);
  revokeAll(broker);
  // Half of the answers come only when the key has been renewed already.
  let letGo;
  const renewed = new Promise((resolve) => (letGo = resolve));
  inference.answers.push(
    ...Array.from({ length: 10 }, () => async (_, json) => {
      await renewed;
      json(401, {});
    }),
  );
  const late = Array.from({ length: 10 }, () => ring.fetch(url));
  await happened(() => inference.requests.length === 11);
  const responses = await Promise.all(Array.from({ length: 10 }, () => ring.fetch(url)));
  letGo();
  responses.push(...(await Promise.all(late)));
  assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
  assert.equal(broker.mints.length, 2);
  assert.deepEqual(
    events.filter(({ type }) => type === "refused").map(({ keyId }) => keyId),
    ["id-1"],
  );
});

test("a young key that is not known yet is tried again, and no other is minted", async (context) => {
  const clock = stopClock(context);
  const { broker, inference, ring, url } = await start({ fetch: clock.fetch });
  inference.answers.push(...Array(4).fill((_, json) => json(401, {})));
  assert.equal((await clock.until(ring.fetch(url))).status, 200);
  assert.equal(inference.requests.length, 5);
  assert.equal(broker.mints.length, 1);
  assert.ok(clock.elapsed() > 2_000 && clock.elapsed() < 10_000, `${clock.elapsed()}`);
});

for (const [what, ms] of [
  ["back", -3_600_000],
  ["forth", 3_600_000],
]) {
  test(`a key that is refused is replaced, though the time of day was set ${what}`, async (context) => {
    const clock = stopClock(context);
    const { broker, inference, ring, url } = await start({ fetch: clock.fetch });
    await ring.key();
    clock.timeOfDay = ms;
    revokeAll(broker);
    assert.equal((await clock.until(ring.fetch(url))).status, 200);
    assert.equal(broker.mints.length, 2);
    assert.ok(inference.requests.length < 20, `${inference.requests.length}`);
    assert.ok(clock.elapsed() < 20_000, `${clock.elapsed()}`);
    // The second one in a row to be refused is not replaced at once, but is before it ends.
    revokeAll(broker);
    clock.timeOfDay = 2 * ms;
    clock.sleep(30_000);
    assert.equal((await clock.until(ring.fetch(url))).status, 200);
    assert.equal(broker.mints.length, 3);
  });
}

test("a young key that is refused is not tried for ever, though no clock goes on", async (context) => {
  const clock = stopClock(context);
  const { inference, ring, url } = await start({ fetch: clock.fetch });
  inference.works = () => false;
  await ring.key();
  context.mock.method(performance, "now", () => 0);
  assert.equal((await clock.until(ring.fetch(url))).status, 401);
  assert.ok(inference.requests.length < 40, `${inference.requests.length}`);
});

test("an inference host that accepts no key burns no mints", async (context) => {
  const clock = stopClock(context);
  const { broker, inference, ring, url, events } = await start({ fetch: clock.fetch });
  inference.works = () => {
    assert.ok(broker.mints.length < 100, "it mints without end");
    return false;
  };
  let calls = 0;
  while (clock.elapsed() < 3_600_000) {
    const response = await clock.until(ring.fetch(url));
    assert.equal(response.status, 401, "the caller is told");
    calls += 1;
    clock.sleep(1_000);
  }
  assert.ok(calls > 100, `${calls}`);
  // One for every four minutes is what a key of five costs anyway.
  assert.ok(broker.mints.length < 25, `${broker.mints.length} mints in an hour`);
  inference.works = broker.works;
  assert.equal((await clock.until(ring.fetch(url))).status, 200);
  await happened(() => events.some(({ type }) => type === "refused"));
});

test("a host that refuses one of two requests again and again burns no mints either", async (context) => {
  const clock = stopClock(context);
  const { broker, inference, ring, url } = await start({ fetch: clock.fetch });
  while (clock.elapsed() < 3_600_000) {
    inference.answers = [(_, json) => json(200, {}), ...Array(30).fill((_, json) => json(401, {}))];
    assert.equal((await clock.until(ring.fetch(url))).status, 200);
    await clock.until(ring.fetch(url));
    clock.sleep(1_000);
  }
  assert.ok(broker.mints.length < 30, `${broker.mints.length} mints in an hour`);
});

test("if no other key can be had, the caller gets the 401", async (context) => {
  const clock = stopClock(context);
  for (const answer of [
    refuse(401, "unauthenticated"),
    refuse(429, "mint-limit", { "retry-after": "600" }),
  ]) {
    const { broker, ring, url } = await start({ fetch: clock.fetch });
    await ring.fetch(url);
    revokeAll(broker);
    broker.answers.push(answer);
    const response = await clock.until(ring.fetch(url));
    assert.equal(response.status, 401);
    assert.equal((await response.json()).error.code, "UNAUTHORIZED", "it can still be read");
    clock.sleep(700_000);
    assert.equal((await clock.until(ring.fetch(url))).status, 200);
  }
});

test("other statuses are the caller's, and renew nothing", async () => {
  const { broker, inference, ring, url } = await start();
  for (const status of [400, 402, 403, 404, 429, 500, 503]) {
    inference.answers.push((_, json) => json(status, { status }));
    const response = await ring.fetch(url);
    assert.equal(response.status, status);
    assert.deepEqual(await response.json(), { status });
  }
  assert.equal(broker.mints.length, 1);
  inference.answers.push((response) => response.destroy());
  await assert.rejects(ring.fetch(url), TypeError);
});

test("an abort ends whatever it waits for, with the signal's reason", async (context) => {
  const clock = stopClock(context);
  const { broker, inference, ring, url } = await start({ fetch: clock.fetch });
  const reason = new Error("enough");
  const aborted = async (signal, abort, input = url) => {
    const result = assert.rejects(ring.fetch(input, { signal }), reason);
    await abort();
    await result;
  };
  await assert.rejects(ring.fetch(url, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(inference.requests.length, 0);
  // For the key.
  broker.answers.push(() => {});
  const first = new AbortController();
  await aborted(first.signal, async () => {
    await broker.asked(1);
    first.abort(reason);
  });
  await stopAll();
  const next = await start({ fetch: clock.fetch });
  // For the host's answer.
  next.inference.answers.push(() => {});
  const second = new AbortController();
  const waiting = assert.rejects(next.ring.fetch(next.url, { signal: second.signal }), reason);
  await happened(() => next.inference.requests.length === 1);
  second.abort(reason);
  await waiting;
  // For the next try with a young key, which a Request asks for here.
  next.inference.answers.push((_, json) => json(401, {}));
  const third = new AbortController();
  const request = new Request(next.url, { signal: third.signal });
  const timers = clock.set();
  const trying = assert.rejects(next.ring.fetch(request), reason);
  await happened(() => clock.set() > timers);
  third.abort(reason);
  await trying;
  assert.equal(next.inference.requests.length, 2);
});

test("a long-lived signal does not gather listeners", async () => {
  const { ring, url } = await start();
  const { signal } = new AbortController();
  let count = 0;
  for (const [method, step] of [
    ["addEventListener", 1],
    ["removeEventListener", -1],
  ]) {
    const real = signal[method];
    signal[method] = (type, listener, ...rest) => {
      // Not those that the platform adds for a request of the keyring's.
      if (/fireworks-keys.dist.member/.test(new Error().stack.split("\n")[2])) count += step;
      return real.call(signal, type, listener, ...rest);
    };
  }
  for (let calls = 0; calls < 5; calls += 1) await ring.fetch(url, { signal });
  await happened(() => count === 0);
});
