// What an error says of a wrong option and of a server's words: where it begins to, and where it ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey, deleteApiKey } from "fireworks-keys";
import { errorOf, refusal } from "./calls.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };
const refusedWith = (status, body, headers) =>
  errorOf(createApiKey({ ...at, fetch: refusal(status, body, headers) }));

test("an option's name that is near is told, in any case, and one that is too far is not", async () => {
  const hint = async (name) => {
    const { path, message } = await errorOf(createApiKey({ ...at, [name]: 1 }));
    assert.equal(path, name);
    return /did you mean (\w+)\?$/.exec(message)?.[1];
  };
  for (const [name, expected] of [
    ["expireTme", "expireTime"],
    ["BASEURL", "baseUrl"],
    // Of eleven letters four may be wrong, and no more.
    ["displayNxxxx", "displayName"],
    ["displayxxxxx", undefined],
    // Of two that are near, the nearer.
    ["expireIn", "expiresIn"],
    ["timoutMs", "timeoutMs"],
    // Names of other libraries, which no letters would find.
    ["apiKey", "token"],
    ["expiresAt", "expireTime"],
    ["retries", "maxRetries"],
    ["zzz", undefined],
  ]) {
    assert.equal(await hint(name), expected, name);
  }
});

test("a server's message is repeated up to 1 000 characters", async () => {
  for (const length of [1_000, 1_001]) {
    const { message } = await refusedWith(400, { message: "m".repeat(length) });
    assert.equal(message, `createApiKey: 400 INVALID_ARGUMENT: ${"m".repeat(1_000)}`);
  }
});

test("only a create whose annotations are refused is told how to leave them out", async () => {
  const body = { message: "annotations are unknown" };
  const told = ({ message }) => message.includes("orphanProtection: false");
  assert.ok(told(await refusedWith(400, body)));
  assert.ok(!told(await refusedWith(403, body)));
  assert.ok(!told(await refusedWith(400, { message: "no" })));
  assert.ok(
    !told(
      await errorOf(
        deleteApiKey({ token: "fw_x", accountId: "a", userId: "u", keyId: "k", fetch: refusal(400, body) }),
      ),
    ),
  );
});

test("the code is the body's, by number or name, and the status's where the body has none", async () => {
  for (const [status, body, code] of [
    [400, { code: 5 }, "NOT_FOUND"],
    [400, { error: { code: 6 } }, "ALREADY_EXISTS"],
    [400, { error: { status: "ABORTED" } }, "ABORTED"],
    [400, { code: 0 }, "INVALID_ARGUMENT"],
    [400, { code: "OK" }, "INVALID_ARGUMENT"],
    [400, { code: 99 }, "INVALID_ARGUMENT"],
    [401, {}, "UNAUTHENTICATED"],
    [403, {}, "PERMISSION_DENIED"],
    [404, {}, "NOT_FOUND"],
    [405, {}, "UNIMPLEMENTED"],
    [408, {}, "DEADLINE_EXCEEDED"],
    [409, {}, "ABORTED"],
    [413, {}, "INVALID_ARGUMENT"],
    [418, {}, "UNKNOWN"],
    [429, {}, "RESOURCE_EXHAUSTED"],
    [499, {}, "CANCELLED"],
    [500, {}, "INTERNAL"],
    [501, {}, "UNIMPLEMENTED"],
    [502, {}, "UNAVAILABLE"],
    [503, {}, "UNAVAILABLE"],
    [504, {}, "DEADLINE_EXCEEDED"],
  ]) {
    assert.equal((await refusedWith(status, body)).code, code, `${status} ${JSON.stringify(body)}`);
  }
});

test("the words are those of the first shape that has some", async () => {
  for (const [body, words] of [
    [{ message: "one", error: "two" }, "one"],
    [{ message: "", error: { message: "two" } }, "two"],
    [{ error: "three" }, "three"],
    [{ fault: { faultstring: "four" } }, "four"],
    [{ other: "five" }, "the body holds no message"],
    ["<html>", "the body is no JSON"],
  ]) {
    assert.ok((await refusedWith(404, body)).message.endsWith(`: ${words}`), words);
  }
  assert.match((await refusedWith(302, {})).message, /redirects elsewhere/);
});

test("a wait is read from up to 40 digits or a date, and from nothing else", async () => {
  const waits = async (headers) => (await refusedWith(429, {}, headers)).retryAfterMs;
  const digits = (count) => "7".padStart(count, "0");
  assert.equal(await waits({ "retry-after-ms": digits(40) }), 7);
  assert.equal(await waits({ "retry-after-ms": digits(41) }), undefined);
  assert.equal(await waits({ "retry-after": digits(40) }), 7_000);
  assert.equal(await waits({ "retry-after": digits(41) }), undefined);
  assert.equal(await waits({ "retry-after-ms": " 7 " }), 7);
  assert.equal(await waits({ "retry-after-ms": "7 ms" }), undefined);
  assert.equal(await waits({ "retry-after-ms": "5", "retry-after": "9" }), 5, "milliseconds come first");
  const date = new Date(Date.now() + 60_000).toUTCString();
  const ms = await waits({ "retry-after": date });
  assert.ok(ms > 0 && ms <= 60_000, `${date}: ${ms}`);
  assert.equal(await waits({ "retry-after": `${date}.` }), undefined);
});
