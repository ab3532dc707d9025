// What stands in the place of an id: a token, a new key or an error that somebody has added one to.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { errorOf } from "./calls.mjs";
import fireworksKeys, { remembers } from "./instance.mjs";

const { createApiKey, rotateApiKey } = fireworksKeys;
const TOKEN = "the.token.of.the.caller";
const KEY = "a-new-key-without-any-prefix";
const at = { token: TOKEN, accountId: "acme", userId: "ci-bot" };

/** Whatever can be read of an error or an event: its fields, those that are hidden, and its causes. */
const told = (thing) => inspect(thing, { depth: 20, showHidden: true }) + JSON.stringify(thing);

/** A service that makes keys as `make` says, and deletes none. */
function service(make, apiKeys = []) {
  return async (url, { method, body }) => {
    if (url.endsWith("/acme")) return Response.json({ name: "accounts/acme" });
    if (method === "GET") return Response.json({ apiKeys });
    if (url.endsWith(":delete")) return Response.json({ code: 7, message: "no" }, { status: 403 });
    return Response.json(make(JSON.parse(body).apiKey));
  };
}

test("no error tells a token in the place of the id of a key that is alive", async () => {
  const createTime = new Date().toISOString();
  const made = service(() => ({ keyId: TOKEN, key: KEY, createTime }));
  const tooLong = await errorOf(createApiKey({ ...at, expiresIn: "5m", fetch: made, maxRetries: 0 }));
  assert.deepEqual(tooLong.liveKeyIds, ["[redacted]"]);
  assert.ok(!told(tooLong).includes(TOKEN), told(tooLong));
});

test("no error tells a token in the place of the id of a key that may be stored, or of a tag", async () => {
  let lost = true;
  const kept = service(
    ({ annotations }) => ({ keyId: `k.${TOKEN}`, key: KEY, annotations }),
    [{ keyId: "k" }],
  );
  const fetch = async (url, init) => {
    if (init.method === "POST" && !url.endsWith(":delete") && lost) {
      lost = false;
      return new Response("", { status: 500, headers: { "retry-after-ms": "0" } });
    }
    return kept(url, init);
  };
  const persist = () => Promise.reject(new Error("no answer"));
  const error = await errorOf(rotateApiKey({ ...at, keyId: "k", fetch, persist }));
  assert.ok(error.liveKeyIds.includes("k.[redacted]"), error.liveKeyIds.join());
  assert.equal(error.keepKeyId, "k.[redacted]");
  assert.ok(!told(error).includes(TOKEN), told(error));
  const tagged = { ...at, attemptTag: TOKEN, maxRetries: 0, fetch: async () => Response.error() };
  const { attemptTag } = await errorOf(createApiKey(tagged));
  assert.equal(attemptTag, "[redacted]");
});

test("a field that holds the new key stays in JavaScript, and is no id", async () => {
  const createTime = new Date().toISOString();
  const middle = "without-any-prefix";
  for (const [name, fields] of Object.entries({
    "an id": { keyId: `key:${KEY}` },
    "an id that is the key's end": { keyId: `${KEY}.` },
    "a name": { keyId: "k", name: `apiKeys/${KEY}`, displayName: `for ${KEY}` },
    "a time": { keyId: "k", expireTime: `${createTime} ${KEY}` },
    "the tag": { keyId: "k", annotations: { "fireworks-keys-attempt": `x ${KEY}` } },
    "an annotation": { keyId: "k", annotations: { [`fireworks-keys-${KEY}`]: "x" } },
  })) {
    const said = [];
    const onEvent = (event) => said.push(event);
    const fetch = service(() => ({ key: KEY, createTime, expireTime: createTime, ...fields }));
    const options = { ...at, expiresIn: "5m", fetch, onEvent, maxRetries: 0, totalTimeoutMs: 1_000 };
    await createApiKey(options).catch((error) => said.push(error));
    assert.ok(said.length > 0, name);
    for (const thing of said) assert.ok(!told(thing).includes(KEY), `${name}: ${told(thing)}`);
    assert.ok(!remembers(middle), name);
  }
});

test("an error of this package that somebody has added a secret to is told without it", async () => {
  const fetch = service(({ annotations }) => ({ keyId: "new", key: KEY, annotations }), [{ keyId: "k" }]);
  const refuses = async () => Response.json({ message: "no" }, { status: 400 });
  for (const options of [{ accountId: "" }, { fetch: refuses }]) {
    // No other error of this package is made until it is thrown again.
    const error = await errorOf(createApiKey({ ...at, ...options }));
    const persist = ({ key }) => {
      error.message += ` ${key}`;
      error.stored = key;
      error.cause = new Error(key);
      throw error;
    };
    const rejected = await errorOf(rotateApiKey({ ...at, keyId: "k", fetch, persist }));
    assert.ok(rejected.cause.message.includes("[redacted]"), rejected.cause.message);
    assert.ok(!told(rejected).includes(KEY), told(rejected));
  }
});
