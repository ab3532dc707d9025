// What the service in memory has beside the API: its options, its clock, what it shows, and how it stands in
// for the platform's fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  auditApiKeys,
  createApiKey,
  deleteApiKey,
  listApiKeys,
  listUsers,
  rotateApiKey,
} from "fireworks-keys";
import { fakeFireworks } from "fireworks-keys/testing";
import { clientOf } from "../emulator/client.mjs";

const TOKEN = "fw_local_admin";
const connectionTo = (service, userId = "ci-bot") => {
  return { token: TOKEN, accountId: service.accountId, userId, fetch: service.fetch };
};

test("the package works with it, without a request to anywhere", async () => {
  const service = fakeFireworks();
  const connection = connectionTo(service);
  const created = await createApiKey({ ...connection, displayName: "deploy", expiresIn: "30d" });
  const lifetime = Date.parse(created.expireTime) - Date.parse(created.createTime);
  assert.ok(Math.abs(lifetime - 30 * 86_400_000) < 10_000, `${lifetime} ms`);
  const stored = [];
  const { revoked } = await rotateApiKey({
    ...connection,
    keyId: created.keyId,
    keep: 0,
    persist: ({ key }) => stored.push(key),
  });
  assert.deepEqual([revoked, stored.length], [[created.keyId], 1]);
  for await (const key of listApiKeys(connection)) await deleteApiKey({ ...connection, keyId: key.keyId });
  assert.deepEqual(service.keys(), []);
  const names = [];
  for await (const { displayName } of listUsers({ ...connection, userId: undefined }))
    names.push(displayName);
  assert.deepEqual(names, ["me", "ci-bot"]);
  const { userId: _, ...account } = connection;
  assert.deepEqual((await auditApiKeys({ ...account, userId: "-" })).keys, []);
});

test("a create whose answer is lost leaves no orphan", async () => {
  const service = fakeFireworks();
  service.addFault({ operation: "create", fault: { kind: "drop", when: "after" } });
  const { keyId } = await createApiKey({ ...connectionTo(service), expiresIn: "1h" });
  assert.deepEqual(
    service.keys().map((key) => key.keyId),
    [keyId],
  );
  const operations = service.requests().map(({ operation, status }) => [operation, status]);
  assert.deepEqual(operations.slice(0, 2), [
    ["create", undefined],
    ["create", 200],
  ]);
  assert.deepEqual(service.faults(), [
    { operation: "create", fault: { kind: "drop", when: "after" }, hits: 1 },
  ]);
});

test("keys are made and end by the clock that the test gives", async () => {
  let now = Date.parse("2030-01-31T12:00:00.250Z");
  const service = fakeFireworks({ now: () => now });
  const admin = clientOf("https://api.fireworks.ai", TOKEN, service.fetch);
  const { key, createTime } = (await admin.create("ci-bot", { expireTime: "2030-01-31T13:00:00Z" })).body;
  assert.equal(createTime, "2030-01-31T12:00:00.25Z");
  assert.equal((await admin.create("me", { expireTime: "2030-01-31T12:00:00.25Z" })).status, 400);
  now = Date.parse("2030-01-31T12:59:59.999Z");
  assert.equal((await admin.as(key).account()).status, 200);
  assert.equal(service.keys()[0].lastUsed, "2030-01-31T12:59:59.999Z");
  now += 1;
  assert.equal((await admin.as(key).account()).status, 401);
  assert.ok(service.keys()[0].expired);
});

test("a removed user's keys stay, and are refused", async () => {
  const service = fakeFireworks();
  const admin = clientOf("https://api.fireworks.ai", TOKEN, service.fetch);
  const { key } = (await admin.create("ci-bot")).body;
  service.removeUser("ci-bot");
  assert.equal((await admin.as(key).account()).status, 401);
  assert.equal((await admin.list("ci-bot")).status, 404);
  assert.equal((await admin.list("-")).body.totalSize, 1);
  assert.deepEqual((await admin.users()).body.totalSize, 1);
});

test("accounts can be found by a token alone", async () => {
  const service = fakeFireworks({ accountId: "acme" });
  const admin = clientOf("https://api.fireworks.ai", TOKEN, service.fetch);
  const { body } = await admin.request("GET", "/v1/accounts?pageSize=1");
  assert.deepEqual([body.accounts[0].name, body.totalSize, body.nextPageToken], ["accounts/acme", 1, ""]);
  assert.equal((await admin.request("GET", "/v1/accounts?orderBy=name")).status, 400);
  assert.equal((await admin.as("fw_x").request("GET", "/v1/accounts")).status, 401);
});

test("what it shows holds no secret, and nothing that it shows changes it", async () => {
  const service = fakeFireworks({ token: "fw_the_admin" });
  const admin = clientOf("https://api.fireworks.ai", "fw_the_admin", service.fetch);
  const { key } = (await admin.create("me", { annotations: { a: "b" } })).body;
  await admin.as(key).list("me");
  const shown = { service, keys: service.keys(), requests: service.requests(), faults: service.faults() };
  for (const text of [inspect(shown, { depth: 9, showHidden: true }), JSON.stringify(shown)]) {
    assert.ok(!text.includes("fw_the_admin") && !text.includes(key.slice(8)), text);
  }
  service.keys()[0].annotations.a = "changed";
  service.requests().length = 0;
  assert.equal(service.keys()[0].annotations.a, "b");
  assert.equal(service.requests().length, 2);
});

test("a fetch takes what the platform's takes, and needs no this", async () => {
  const { fetch } = fakeFireworks();
  const url = "https://api.fireworks.ai/v1/accounts/local";
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const [input, init] of [
    [url, { headers }],
    [new URL(url), { headers: new Headers(headers) }],
    [new Request(url, { headers })],
    [new Request(url), { headers }],
  ]) {
    assert.equal((await fetch(input, init)).status, 200);
  }
  await assert.rejects(fetch("not a url"), TypeError);
});

test("an abort ends a request at once, which is done anyway", async () => {
  const service = fakeFireworks();
  const gone = AbortSignal.abort(new Error("gone"));
  await assert.rejects(service.fetch("https://api.fireworks.ai/", { signal: gone }), { message: "gone" });
  assert.deepEqual(service.requests(), []);
  service.addFault({ fault: { kind: "delay", ms: 20 } });
  const controller = new AbortController();
  const creating = service.fetch("https://api.fireworks.ai/v1/accounts/local/users/me/apiKeys", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: '{"apiKey": {}}',
    signal: controller.signal,
  });
  controller.abort(new Error("left"));
  await assert.rejects(creating, { message: "left" });
  while (service.keys().length === 0) await new Promise((done) => setTimeout(done, 5));
});

test("reset forgets keys, page tokens, faults and requests", async () => {
  const service = fakeFireworks();
  const admin = clientOf("https://api.fireworks.ai", TOKEN, service.fetch);
  const { key } = (await admin.create("me")).body;
  await admin.create("me");
  const { nextPageToken: pageToken } = (await admin.list("me", { pageSize: "1" })).body;
  service.addFault({ fault: { kind: "drop" } });
  service.reset();
  assert.deepEqual([service.keys(), service.faults(), service.requests()], [[], [], []]);
  assert.equal((await admin.list("me", { pageToken })).status, 400);
  assert.equal((await admin.as(key).account()).status, 401);
});

test("a wrong option is an error that names it", () => {
  for (const [options, message] of [
    [null, "options must be an object"],
    [{ acountId: "x" }, 'options has no member "acountId"'],
    [{ accountId: "a/b" }, /^options\.accountId must be /],
    [{ accountId: "-" }, /^options\.accountId must be /],
    [{ token: 7 }, "options.token must be a string"],
    [{ now: 0 }, "options.now must be a function"],
    [{ users: {} }, "options.users must be an array"],
    [{ users: ["me"] }, "options.users[0] must be an object"],
    [{ users: [{ userId: "me" }, {}] }, /^options\.users\[1\]\.userId must be /],
    [{ users: [{ userId: "me", role: "owner" }] }, /^options\.users\[0\]\.role must be one of admin, /],
    [{ users: [{ userId: "me", serviceAccount: 1 }] }, "options.users[0].serviceAccount must be a boolean"],
    [{ users: [{ userId: "me" }, { userId: "me" }] }, "options.users has a userId twice"],
  ]) {
    assert.throws(() => fakeFireworks(options), { name: "TypeError", message }, JSON.stringify(options));
  }
});

test("a wrong fault rule is an error that names what is wrong", () => {
  const service = fakeFireworks();
  for (const [rule, message] of [
    [{}, "rule.fault must be an object"],
    [{ fault: { kind: "nap" } }, /^rule\.fault\.kind must be one of drop, /],
    [{ fault: { kind: "delay" } }, /^rule\.fault\.ms must be a whole number/],
    [{ fault: { kind: "drop", whn: "after" } }, 'rule.fault has no member "whn"'],
    [{ fault: { kind: "drop" }, times: 1, share: 0.5 }, "rule has times and share"],
    [{ fault: { kind: "delay", ms: 2 ** 31 } }, /^rule\.fault\.ms must be .* to 2147483647$/],
    [{ fault: { kind: "strip-annotations" } }, "rule.operation must be one of create"],
  ]) {
    assert.throws(() => service.addFault(rule), { name: "TypeError", message }, JSON.stringify(rule));
  }
  assert.deepEqual(service.faults(), []);
});
