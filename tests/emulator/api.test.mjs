// The operations of the reference, as the Fireworks gateway is known to answer them.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const emulator = await startEmulator({
  args: [
    ...["--faults", "--user", "me:admin", "--user", "ci-bot:user:service-account"],
    ...["--user", "ann:contributor", "--user", "bob:inference-user", "--user", "a b%ü"],
  ],
});
const admin = clientOf(emulator.url);
after(() => emulator.stop());
beforeEach(() => admin.reset());

test("a created key has every field, and its secret this once", async () => {
  const expireTime = "2099-01-31T12:00:00.5Z";
  const given = { displayName: "deploy", expireTime, annotations: { team: "infra" } };
  const { status, body } = await admin.create("ci-bot", given);
  assert.equal(status, 200);
  const { keyId, key, createTime, prefix, ...rest } = body;
  assert.match(key, /^fw_\w{24}$/);
  assert.ok(key.startsWith(prefix) && prefix.length < key.length);
  assert.ok(Math.abs(Date.parse(createTime) - Date.now()) < 60_000);
  assert.deepEqual(rest, { ...given, secure: true, email: "ci-bot@local.sa.fireworks.ai" });
  const { apiKeys, nextPageToken, totalSize } = (await admin.list("ci-bot")).body;
  assert.deepEqual([nextPageToken, totalSize], ["", 1]);
  assert.deepEqual(apiKeys, [{ keyId, createTime, prefix, ...rest }]);
});

test("what is left out has the service's own default", async () => {
  const { body } = await admin.create("me");
  assert.equal(body.displayName, "default");
  assert.equal(body.email, "me@example.com");
  for (const absent of ["expireTime", "annotations", "lastUsed"]) assert.ok(!(absent in body));
});

test("expireTime is answered in UTC, whatever its offset", async () => {
  const expireTime = "2099-01-01T00:00:00.123456+02:00";
  const { body } = await admin.create("me", { expireTime });
  assert.equal(body.expireTime, "2098-12-31T22:00:00.123456Z");
});

test("a secret is answered once: by no list, and by nothing about stored keys", async () => {
  const { key } = (await admin.create("me", { displayName: "found" })).body;
  for (const { status, text } of [
    await admin.list("me"),
    await admin.list("-"),
    await admin.list("me", { readMask: "key,displayName" }),
    await admin.request("GET", "/_emulator/keys"),
  ]) {
    assert.equal(status, 200);
    assert.ok(text.includes("found") && !text.includes(key));
  }
});

test("lastUsed is kept", async () => {
  const { key, keyId } = (await admin.create("ci-bot")).body;
  assert.equal((await admin.as(key).account()).status, 200);
  const [listed] = (await admin.list("ci-bot")).body.apiKeys;
  assert.equal(listed.keyId, keyId);
  assert.ok(Math.abs(Date.parse(listed.lastUsed) - Date.now()) < 60_000);
});

/** A key that was accepted once and ends soon: its lifetime is doubled until one use fits into it. */
async function usedInTime() {
  for (let ms = 250; ; ms *= 2) {
    const expireTime = new Date(Date.now() + ms).toISOString();
    const { body } = await admin.create("ci-bot", { expireTime });
    const { status } = body.key ? await admin.as(body.key).account() : {};
    if (Date.now() >= Date.parse(expireTime)) continue;
    assert.equal(status, 200, "a key works until it ends");
    return body;
  }
}

test("a deleted or expired key is nobody's, like no key at all", async () => {
  const shortLived = await usedInTime();
  const deleted = (await admin.create("ci-bot")).body;
  assert.deepEqual((await admin.delete("ci-bot", deleted.keyId)).body, {});
  while (Date.now() <= Date.parse(shortLived.expireTime)) await new Promise((done) => setTimeout(done, 20));
  for (const token of [shortLived.key, deleted.key, "fw_unknown", "", null]) {
    const { status, body } = await clientOf(emulator.url, token).account();
    assert.equal(status, 401, token);
    assert.deepEqual([body.code, body.details], [16, []]);
  }
  const basic = await fetch(`${emulator.url}/v1/accounts/local`, {
    headers: { authorization: "Basic fw_local_admin" },
  });
  assert.equal(basic.status, 401);
  assert.equal((await admin.delete("ci-bot", deleted.keyId)).status, 404);
});

test("everybody manages their own keys, and only an admin anybody else's", async () => {
  const keys = {};
  for (const user of ["me", "ci-bot", "ann", "bob"]) keys[user] = (await admin.create(user)).body;
  for (const [user, { key }] of Object.entries(keys)) {
    const client = admin.as(key);
    const others = user === "me" ? 200 : 403;
    for (const owner of Object.keys(keys)) {
      const expected = owner === user ? 200 : others;
      const where = `${user} for ${owner}`;
      const created = await client.create(owner);
      assert.equal(created.status, expected, where);
      assert.equal((await client.list(owner)).status, expected, where);
      const { keyId } = created.body.keyId ? created.body : (await admin.create(owner)).body;
      assert.equal((await client.delete(owner, keyId)).status, expected, where);
    }
    assert.equal((await client.list("-")).status, others, user);
    assert.equal((await client.users()).status, 200, user);
    assert.equal((await client.account()).status, 200, user);
  }
  const { body } = await admin.as(keys.bob.key).create("ann");
  assert.equal(body.code, 7);
});

test("who may not look is not told whether an account's user exists", async () => {
  const ann = admin.as((await admin.create("ann")).body.key);
  assert.equal((await ann.list("nobody")).status, 403);
  assert.equal((await ann.create("nobody")).status, 403);
  assert.equal((await ann.delete("nobody", "x")).status, 403);
});

test("a dash means everybody, in lists only", async () => {
  await admin.create("me");
  await admin.create("ann");
  assert.equal((await admin.list("-")).body.totalSize, 2);
  assert.equal((await admin.create("-")).status, 400);
  assert.equal((await admin.delete("-", "x")).status, 400);
});

test("a key is deleted for its owner only", async () => {
  const { keyId } = (await admin.create("me")).body;
  assert.equal((await admin.delete("ann", keyId)).status, 404);
  assert.equal((await admin.list("me")).body.totalSize, 1);
});

test("an unknown account or user is 404, once one may ask", async () => {
  for (const [method, path] of [
    ["GET", "/v1/accounts/other"],
    ["GET", "/v1/accounts/other/users"],
    ["GET", "/v1/accounts/other/users/me/apiKeys"],
    ["GET", "/v1/accounts/local/users/nobody/apiKeys"],
  ]) {
    const { status, body } = await admin.request(method, path);
    assert.deepEqual([status, body.code], [404, 5], path);
    assert.equal((await clientOf(emulator.url, "fw_x").request(method, path)).status, 401, path);
  }
  assert.equal((await admin.create("nobody")).status, 404);
  assert.equal((await admin.delete("nobody", "x")).status, 404);
});

test("a wrong body is 400 and creates nothing", async () => {
  const path = "/v1/accounts/local/users/me/apiKeys";
  for (const body of [
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"apiKey": null}',
    '{"apiKey": []}',
    '{"apiKey": {"displayName": 7}}',
    '{"apiKey": {"unheard": 1}}',
    '{"apiKey": {}, "unheard": 1}',
    '{"apiKey": {"expireTime": "tomorrow"}}',
    '{"apiKey": {"expireTime": "2030-01-01"}}',
    '{"apiKey": {"expireTime": "2020-01-01T00:00:00Z"}}',
    '{"apiKey": {"expireTime": "2099-01-01 00:00:00Z"}}',
    '{"apiKey": {"expireTime": "2099-01-01T00:00:00"}}',
    '{"apiKey": {"expireTime": "9999-12-31T23:59:59-14:00"}}',
    '{"apiKey": {"expireTime": 4102444800}}',
    '{"apiKey": {"displayName": "\\ud800"}}',
    '{"apiKey": {"annotations": {"a": 1}}}',
    '{"apiKey": {"annotations": {"a": null}}}',
    '{"apiKey": {"annotations": ["a"]}}',
    // What only the service can say has a type, too.
    '{"apiKey": {"secure": "no", "keyId": 5}}',
    '{"apiKey": {"secure": "no"}}',
    '{"apiKey": {"keyId": 5}}',
    '{"apiKey": {"key": {}}}',
    '{"apiKey": {"email": 1}}',
    '{"apiKey": {"prefix": []}}',
    '{"apiKey": {"createTime": "x"}}',
    '{"apiKey": {"createTime": 1}}',
    '{"apiKey": {"lastUsed": "2030-01-01"}}',
    '{"apiKey": {}} {}',
    // What serde derives would take for the fields in their order.
    "[{}]",
    '{"apiKey": [null, null, null]}',
    '{"apiKey": ["name", null, {}, null, null, null, null, null, null, null]}',
  ]) {
    const { status, body: failure } = await admin.request("POST", path, body);
    assert.deepEqual([status, failure.code, failure.details], [400, 3, []], body);
    assert.ok(failure.message.length > 0, body);
  }
  assert.equal((await admin.list("me")).body.totalSize, 0);
  const { keyId } = (await admin.create("me")).body;
  for (const body of ["{}", '{"keyId": 7}', '{"keyId": "a", "b": 1}', JSON.stringify([keyId])]) {
    assert.equal((await admin.request("POST", `${path}:delete`, body)).status, 400, body);
  }
  assert.equal((await admin.list("me")).body.totalSize, 1);
});

test("what only the service can say may be sent, and is not read", async () => {
  const createTime = "2020-01-01T00:00:00Z";
  const given = { keyId: "mine", key: "fw_mine", secure: false, createTime, email: "", prefix: null };
  const { body } = await admin.create("me", given);
  assert.notEqual(body.keyId, "mine");
  assert.notEqual(body.key, "fw_mine");
  assert.notEqual(body.createTime, createTime);
  assert.equal(body.secure, true);
});

test("what is wrong with a body is said with its path", async () => {
  for (const [apiKey, path] of [
    [{ annotations: { team: 7 } }, "apiKey.annotations.team"],
    [{ secure: "no" }, "apiKey.secure"],
    [{ expireTime: "tomorrow" }, "apiKey.expireTime"],
    [{ expireTime: "2020-01-01T00:00:00Z" }, "apiKey.expireTime"],
  ]) {
    const { body } = await admin.create("me", apiKey);
    assert.ok(body.message.includes(path), body.message);
  }
});

test("a body over 1 MiB is 413, and one just under is read", async () => {
  const path = "/v1/accounts/local/users/me/apiKeys";
  const body = (size) => JSON.stringify({ apiKey: { displayName: "x".repeat(size) } });
  // Far over it too: the answer arrives, and not only a connection that broke.
  for (const size of [2 ** 20, 2 ** 23]) {
    const { status, headers, body: failure } = await admin.request("POST", path, body(size));
    assert.deepEqual([status, failure.code, failure.details], [413, 8, []]);
    assert.ok(headers.get("x-request-id"));
  }
  assert.equal((await admin.request("POST", path, body(2 ** 20 - 100))).status, 200);
});

test("the head of a list can be had alone", async () => {
  for (const path of ["/v1/accounts/local", "/v1/accounts/local/users/me/apiKeys"]) {
    const { status, headers, text } = await admin.request("HEAD", path);
    assert.deepEqual([status, text], [200, ""], path);
    assert.match(headers.get("content-type"), /json/);
  }
});

test("an unknown route is 404, a wrong method 405 with what is allowed", async () => {
  for (const path of ["/", "/v1", "/v1/accounts/local/", "/v1/accounts/local/users/me/keys"]) {
    const { status, body } = await admin.request("GET", path);
    assert.deepEqual([status, body.code], [404, 5], path);
  }
  for (const [method, path, allow] of [
    ["POST", "/v1/accounts/local", "GET"],
    ["DELETE", "/v1/accounts/local/users", "GET"],
    ["PUT", "/v1/accounts/local/users/me/apiKeys", "POST"],
    ["GET", "/v1/accounts/local/users/me/apiKeys:delete", "POST"],
  ]) {
    const { status, headers, body } = await admin.request(method, path);
    assert.deepEqual([status, body.code], [405, 12], path);
    assert.ok(headers.get("allow").includes(allow), path);
  }
});

test("path segments are decoded, and the colon may be encoded", async () => {
  const user = encodeURIComponent("a b%ü");
  const { keyId } = (await admin.create(user)).body;
  const path = `/v1/accounts/local/users/${user}/apiKeys%3Adelete`;
  assert.equal((await admin.request("POST", path, { keyId })).status, 200);
});

test("users are listed with role and kind", async () => {
  const { users, totalSize } = (await admin.users()).body;
  assert.equal(totalSize, 5);
  const { createTime, ...bot } = users.find(({ name }) => name.endsWith("/ci-bot"));
  assert.ok(Date.parse(createTime) <= Date.now());
  assert.deepEqual(bot, {
    name: "accounts/local/users/ci-bot",
    email: "ci-bot@local.sa.fireworks.ai",
    role: "user",
    displayName: "ci-bot",
    serviceAccount: true,
    state: "READY",
  });
  const found = await admin.users({ filter: 'role = "admin"', readMask: "name" });
  assert.deepEqual(found.body.users, [{ name: "accounts/local/users/me" }]);
});

test("CORS is the real service's: any origin, two headers, none exposed", async () => {
  const url = `${emulator.url}/v1/accounts/local/users/me/apiKeys`;
  const preflight = await fetch(url, {
    method: "OPTIONS",
    headers: { origin: "https://a.example", "access-control-request-method": "POST" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "Authorization, Content-Type");
  for (const { headers } of [
    await admin.list("me"),
    await admin.list("nobody"),
    await admin.request("GET", "/x"),
  ]) {
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(headers.get("access-control-expose-headers"), null);
    assert.ok(headers.get("x-request-id"));
  }
  assert.equal(preflight.headers.get("access-control-allow-methods"), "GET, POST, DELETE");
  assert.equal(preflight.headers.get("access-control-allow-credentials"), null);
});

test("no two answers have one request id", async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => admin.account()));
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  assert.equal(new Set(ids).size, 50);
});

test("the description of the API names every operation, and each of them answers", async () => {
  const { body } = await admin.request("GET", "/openapi.json");
  assert.match(body.openapi, /^3\./);
  const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const user = "/v1/accounts/{account_id}/users/{user_id}";
  assert.deepEqual(operations.sort(), [
    "get /v1/accounts",
    "get /v1/accounts/{account_id}",
    "get /v1/accounts/{account_id}/users",
    `get ${user}/apiKeys`,
    `post ${user}/apiKeys`,
    `post ${user}/apiKeys:delete`,
  ]);
  const described = Object.values(body.paths).flatMap(Object.values);
  const ids = described.map(({ operationId }) => operationId).sort();
  assert.deepEqual(ids, [
    ...["createApiKey", "deleteApiKey", "getAccount", "listAccounts", "listApiKeys", "listUsers"],
  ]);
  assert.deepEqual(body.servers, [{ url: emulator.url }], "it says where it is");
  for (const { operationId, security, responses } of described) {
    assert.deepEqual(security, [{ bearer: [] }], operationId);
    const statuses = ["200", "400", "401", "403", "404", "405", "408", "413", "421", "429", "default"];
    assert.deepEqual(Object.keys(responses), statuses);
  }
  assert.equal(body.components.securitySchemes.bearer.scheme, "bearer");
  for (const [, name] of JSON.stringify(body).matchAll(/#\/components\/schemas\/(\w+)/g)) {
    assert.ok(name in body.components.schemas, name);
  }
  for (const operation of operations) {
    const [method, path] = operation.split(" ");
    const at = path.replace("{account_id}", "local").replace("{user_id}", "me");
    const { status } = await admin.request(method.toUpperCase(), at, method === "post" ? "{}" : undefined);
    assert.ok([200, 400].includes(status), operation);
  }
  const fields = Object.keys(body.components.schemas.ApiKey.properties).sort();
  const key = (await admin.create("me", { expireTime: "2099-01-01T00:00:00Z", annotations: {} })).body;
  assert.deepEqual(fields, [...Object.keys(key), "lastUsed"].sort());
});
