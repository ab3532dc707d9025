// What is asked of a runtime's or a caller's fetch, and what is taken from it for an answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey, deleteApiKey, listApiKeys, rotateApiKey } from "fireworks-keys";
import { creating, errorOf, refusal } from "./calls.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

test("a request follows no redirect, says what it sends, and is not bound to anything", async () => {
  const fetch = creating();
  await createApiKey({ ...at, headers: { "x-mine": "1" }, fetch });
  const [{ init, self }] = fetch.asked;
  assert.equal(self, undefined);
  assert.deepEqual([init.method, init.redirect], ["POST", "manual"]);
  assert.deepEqual(init.headers, {
    "accept": "application/json",
    "authorization": "Bearer fw_x",
    "content-type": "application/json",
    "x-mine": "1",
  });
  assert.deepEqual(JSON.parse(init.body), { apiKey: {} });
});

test("the runtime's own fetch gets a request, and its body beside it", async (t) => {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (request, init) => {
    asked.push([request, init]);
    return Response.json({ keyId: "k", key: "fw_k", apiKeys: [] });
  });
  await createApiKey(at);
  const { token, accountId, userId } = at;
  await listApiKeys({ token, accountId, userId });
  const [[post, { body }], [get, nothing]] = asked;
  assert.ok(post instanceof Request && get instanceof Request);
  assert.deepEqual([post.method, post.redirect, JSON.parse(body)], ["POST", "manual", { apiKey: {} }]);
  assert.deepEqual([get.method, nothing], ["GET", {}]);
  assert.equal(get.headers.get("content-type"), null);
});

test("each create has a tag of its own: 32 digits, also where random numbers are small", async (t) => {
  let count = 0;
  t.mock.method(crypto, "getRandomValues", (words) => words.map(() => (count += 1)));
  const tags = [];
  const fetch = creating();
  for (let call = 0; call < 50; call += 1) {
    const { annotations } = await createApiKey({ ...at, orphanProtection: true, fetch });
    tags.push(annotations["fireworks-keys-attempt"]);
  }
  assert.ok(count > 0, "these numbers were asked for");
  assert.equal(new Set(tags).size, tags.length);
  for (const tag of tags) assert.match(tag, /^[0-9a-f]{32}$/);
});

test("what is no answer is not taken for one", async () => {
  const response = (fields) => async () => ({
    status: 200,
    headers: new Headers(),
    text: async () => "{}",
    ...fields,
  });
  for (const fetch of [
    async () => Response.error(),
    response({ status: "200" }),
    response({ status: 200.5 }),
    response({ status: -1 }),
    response({ status: 1_000 }),
    response({ text: () => 7 }),
    async () => undefined,
  ]) {
    const error = await errorOf(createApiKey({ ...at, fetch }));
    assert.deepEqual([error.code, error.cause.name], ["CONNECTION", "TypeError"]);
  }
});

test("a server's word on retries must be true or false", async () => {
  const attempts = async (status, word) => {
    const headers = { "x-should-retry": word, "retry-after-ms": "0" };
    return (await errorOf(createApiKey({ ...at, maxRetries: 1, fetch: refusal(status, {}, headers) })))
      .attempts;
  };
  assert.equal(await attempts(400, "true"), 2);
  assert.equal(await attempts(400, "truex"), 1);
  assert.equal(await attempts(500, "false"), 1);
  assert.equal(await attempts(500, "falsex"), 2);
});

test("an option that is on every object is not taken for the caller's", async () => {
  for (const name of ["displayName", "expiresIn"]) {
    const polluted = { value: "1d", configurable: true, enumerable: true };
    Object.defineProperty(Object.prototype, name, polluted);
    try {
      const fetch = creating();
      await createApiKey({ ...at, fetch });
      assert.deepEqual(JSON.parse(fetch.asked[0].init.body), { apiKey: {} });
    } finally {
      delete Object.prototype[name];
    }
  }
});

test("an unknown option is found where it is hidden or inherited, and a method is none", async () => {
  const hidden = Object.defineProperty({ ...at }, "expireTme", { value: "x", enumerable: false });
  const inherited = Object.assign(Object.create({ expireTme: "x" }), at);
  for (const options of [hidden, inherited]) {
    assert.equal((await errorOf(createApiKey(options))).path, "expireTme");
  }
  class Options {
    helps() {}
  }
  await createApiKey(Object.assign(new Options(), at, { fetch: creating() }));
});

test("a token or a header that no request can carry is refused before anything is sent", async () => {
  for (const [path, options] of [
    ["token", { token: "fw_x\n" }],
    ["token", { token: "fw x" }],
    ["token", { token: "fw_é" }],
    ["headers.a b", { headers: { "a b": "1" } }],
    ["headers.x-mine", { headers: { "x-mine": "a\r\nb" } }],
    ["headers.x-mine", { headers: { "x-mine": "\u0100" } }],
  ]) {
    const fetch = creating();
    assert.equal((await errorOf(createApiKey({ ...at, fetch, ...options }))).path, path);
    assert.equal(fetch.asked.length, 0);
  }
  const fetch = creating();
  await createApiKey({ ...at, headers: { "x-mine": "\tcaf\u00e9" }, fetch });
  assert.equal(fetch.asked[0].init.headers["x-mine"], "\tcaf\u00e9");
});

/** A service with one key, whose prefix is told, and what it was asked as whom. */
function rotating(prefix) {
  const asked = [];
  const fetch = async (url, { method, body, headers: { authorization } }) => {
    if (url.endsWith(":delete")) asked.push(authorization);
    if (method === "GET") return Response.json({ apiKeys: [{ keyId: "k", prefix }] });
    if (url.endsWith(":delete")) return Response.json({});
    return Response.json({ keyId: "new", key: "fw_new", annotations: JSON.parse(body).apiKey.annotations });
  };
  const options = { token: "fw_x", accountId: "acme", userId: "u", keyId: "k", keep: 0, fetch };
  return { asked, options };
}

test("only a prefix of the token tells that the token is the key that is deleted", async () => {
  for (const [prefix, token] of [
    ["fw_", "fw_new"],
    ["_x", "fw_x"],
    ["", "fw_x"],
    [undefined, "fw_x"],
  ]) {
    const { asked, options } = rotating(prefix);
    await rotateApiKey({ ...options, persist() {} });
    assert.deepEqual(asked, [`Bearer ${token}`], `${prefix}`);
  }
});

test("a listener or a waitUntil that throws changes nothing for the call", async () => {
  const events = [];
  let failures = 0;
  const fetch = async (url, init) => {
    if (init.method === "GET") return Response.json({ apiKeys: [] });
    failures += 1;
    return failures === 1
      ? new Response("", { status: 500, headers: { "retry-after-ms": "0" } })
      : creating()(url, init);
  };
  const onEvent = (event) => {
    events.push(event.type);
    throw new Error("mine");
  };
  const waitUntil = () => {
    throw new Error("mine");
  };
  const { token, accountId, userId } = at;
  const { keyId } = await createApiKey({ token, accountId, userId, fetch, onEvent, waitUntil });
  assert.equal(keyId, "k");
  assert.deepEqual(events, ["retry"]);
});

test("a delete sends the key's id, and resolves to nothing", async () => {
  let sent;
  const fetch = async (url, { body }) => {
    sent = [new URL(url).pathname, JSON.parse(body)];
    return Response.json({ some: "thing" });
  };
  const { token, accountId, userId } = at;
  assert.equal(await deleteApiKey({ token, accountId, userId, keyId: "k", fetch }), undefined);
  assert.deepEqual(sent, ["/v1/accounts/acme/users/ci-bot/apiKeys:delete", { keyId: "k" }]);
});
