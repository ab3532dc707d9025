// What is taken out of errors and events, and what is left of them. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey, rotateApiKey } from "fireworks-keys";
import { errorOf, refusal } from "./calls.mjs";

const TOKEN = "the.token";
const at = { token: TOKEN, accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

/** The error of a create that is refused with this body. */
const refusedWith = (body, headers) => errorOf(createApiKey({ ...at, fetch: refusal(400, body, headers) }));

test("of two tokens the longer is taken out first, whichever was used first", async () => {
  for (const tokens of [
    ["short", "short.and_long"],
    ["short.and_long", "short"],
  ]) {
    let asked = 0;
    const error = await errorOf(
      createApiKey({
        ...at,
        maxRetries: 1,
        token: () => tokens[asked++],
        fetch: refusal(500, { message: "<short.and_long>" }, { "retry-after-ms": "0" }),
      }),
    );
    assert.equal(asked, 2, "both were used");
    assert.equal(error.body.message, "<[redacted]>");
  }
});

test("what goes on after a token is taken out with it, up to the end of the word", async () => {
  const { body } = await refusedWith({ message: `${TOKEN}_and-more; the rest` });
  assert.equal(body.message, "[redacted]; the rest");
});

test("anything that looks like a key is taken out, also of what a fetch throws", async () => {
  const { body, message } = await refusedWith({ message: "got <fw_some-other_key>" });
  assert.equal(body.message, "got <[redacted]>");
  assert.ok(message.endsWith(": got <[redacted]>"), message);
  const thrown = Object.assign(new TypeError(`<${TOKEN}>`, { cause: new Error("<fw_inner>") }), {
    code: TOKEN,
  });
  const { cause } = await errorOf(createApiKey({ ...at, fetch: () => Promise.reject(thrown) }));
  assert.deepEqual(
    [cause.name, cause.message, cause.code, cause.cause.message],
    ["TypeError", "<[redacted]>", "[redacted]", "<[redacted]>"],
  );
  assert.equal(cause.stack, "TypeError: <[redacted]>");
});

test("what looks like a key that was made loses its `key` at any depth, whatever it holds", async () => {
  const made = { key: { deep: "plain" }, keyId: "k" };
  const { body } = await refusedWith({ ...made, list: [{ more: made }], metadata: { key: "displayName" } });
  const shown = { key: "[redacted]", keyId: "k" };
  assert.deepEqual(body, { ...shown, list: [{ more: shown }], metadata: { key: "displayName" } });
});

test("tokens are taken out of a body's names and lists, and of the request's id", async () => {
  const { body, requestId } = await refusedWith({ [TOKEN]: [TOKEN] }, { "x-request-id": `r-${TOKEN}` });
  assert.deepEqual([body, requestId], [{ "[redacted]": ["[redacted]"] }, "r-[redacted]"]);
});

test("a body is kept eight levels deep, and what lies deeper is left out", async () => {
  const nested = (levels) => (levels === 0 ? "text" : { in: nested(levels - 1) });
  assert.deepEqual((await refusedWith(nested(8))).body, nested(8));
  const { body } = await refusedWith(nested(9));
  let innermost = body;
  for (let level = 1; level < 8; level += 1) innermost = innermost.in;
  assert.deepEqual(innermost, { in: undefined });
});

/** A service with these keys. */
const listing =
  (apiKeys) =>
  async (url, { method, body }) => {
    if (url.endsWith("/acme")) return Response.json({ name: "accounts/acme" });
    if (method === "GET") return Response.json({ apiKeys });
    if (url.endsWith(":delete")) return Response.json({});
    const { annotations } = JSON.parse(body).apiKey;
    return Response.json({ keyId: "new", key: "fw_new", annotations });
  };

test("events do not tell a token that was taken for an id", async () => {
  const events = [];
  const fetch = listing([{ keyId: TOKEN }]);
  const onEvent = (event) => events.push(event);
  await rotateApiKey({
    token: TOKEN,
    accountId: "acme",
    userId: "u",
    keyId: TOKEN,
    fetch,
    onEvent,
    persist() {},
  });
  assert.deepEqual(events.at(-1), {
    type: "rotation",
    stage: "revoke",
    keyId: "[redacted]",
    successorId: "new",
  });
  assert.ok(!JSON.stringify(events).includes(TOKEN));
});

test("a rotation's error does not tell a token that was taken for an id", async () => {
  const successor = { keyId: `s.${TOKEN}`, annotations: { "fireworks-keys-rotates": TOKEN } };
  const fetch = listing([{ keyId: TOKEN }, successor]);
  const options = { token: TOKEN, accountId: "acme", userId: "u", keyId: TOKEN, fetch, persist() {} };
  const error = await errorOf(rotateApiKey(options));
  assert.equal(error.reason, "unfinished");
  assert.ok(error.liveKeyIds.includes("[redacted]"), error.liveKeyIds.join());
  assert.deepEqual(
    error.successors.map(({ keyId }) => keyId),
    ["s.[redacted]"],
  );
  assert.ok(!error.message.includes(TOKEN), error.message);
});

test("a rotation's cause is the error that its request failed with, as it is", async () => {
  const fetch = refusal(403, { code: 7, message: "no" });
  const options = { token: TOKEN, accountId: "acme", userId: "u", keyId: "k", fetch, persist() {} };
  const { cause } = await errorOf(rotateApiKey(options));
  assert.deepEqual([cause.name, cause.status, cause.body.message], ["ApiError", 403, "no"]);
});
