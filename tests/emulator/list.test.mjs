// Pages, order, filter and fields.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const emulator = await startEmulator({ args: ["--faults"] });
const admin = clientOf(emulator.url);
after(() => emulator.stop());

const ids = [];

before(async () => {
  for (const [displayName, team] of [
    ["b", "infra"],
    ["a", "web"],
    ["b", "web"],
    ["c", 'say "hi"'],
    ["a", "infra"],
  ]) {
    const expireTime = displayName === "c" ? "2099-01-01T00:00:00Z" : undefined;
    ids.push((await admin.create("me", { displayName, expireTime, annotations: { team } })).body.keyId);
  }
});

test("pages go through everything once, whatever the order", async () => {
  for (const orderBy of [
    "",
    "displayName",
    "displayName desc",
    "displayName desc, createTime desc",
    "expireTime desc",
  ]) {
    const whole = (await admin.list("me", { orderBy })).body.apiKeys.map(({ keyId }) => keyId);
    for (const pageSize of ["1", "2", "3"]) {
      const seen = [];
      let pageToken = "";
      do {
        const { body } = await admin.list("me", { orderBy, pageSize, pageToken });
        assert.equal(body.totalSize, 5);
        seen.push(...body.apiKeys.map(({ keyId }) => keyId));
        pageToken = body.nextPageToken;
      } while (pageToken);
      assert.deepEqual(seen, whole, `${orderBy} by ${pageSize}`);
      assert.deepEqual([...seen].sort(), [...ids].sort());
    }
  }
});

test("the order is the one that was asked for", async () => {
  const names = async (orderBy) =>
    (await admin.list("me", { orderBy })).body.apiKeys.map(({ displayName }) => displayName).join("");
  assert.equal(await names(""), "babca");
  assert.equal(await names("displayName"), "aabbc");
  assert.equal(await names("displayName desc"), "cbbaa");
  assert.equal(await names("expireTime desc, displayName"), "caabb");
});

test("a page stays what it is while keys come and go before it", async () => {
  const first = (await admin.list("me", { pageSize: "2" })).body;
  const gone = (await admin.create("me", { displayName: "late" })).body.keyId;
  await admin.delete("me", gone);
  const second = (await admin.list("me", { pageSize: "2", pageToken: first.nextPageToken })).body;
  assert.deepEqual(
    second.apiKeys.map(({ keyId }) => keyId),
    ids.slice(2, 4),
  );
});

test("a page token of another list is refused", async () => {
  const { nextPageToken: pageToken } = (await admin.list("me", { pageSize: "1" })).body;
  for (const query of [
    { pageToken: "garbage" },
    { pageToken: "é" },
    { pageToken: "00" },
    { pageToken, orderBy: "displayName" },
    { pageToken, filter: 'displayName = "a"' },
  ]) {
    assert.equal((await admin.list("me", query)).status, 400, JSON.stringify(query));
  }
  assert.equal((await admin.list("ci-bot", { pageToken })).status, 400);
  assert.equal((await admin.list("-", { pageToken })).status, 400);
});

test("a filter finds equal text, joined by AND", async () => {
  for (const [filter, expected] of [
    ['displayName = "a"', [1, 4]],
    ["displayName=a AND annotations.team = 'web'", [1]],
    ['annotations.team = "say \\"hi\\""', [3]],
    ['annotations."team" = "infra"', [0, 4]],
    ['annotations.other = "infra"', []],
    [`keyId = "${"x"}"`, []],
    ['displayName = "a\' OR 1=1 --"', []],
  ]) {
    const { apiKeys, totalSize } = (await admin.list("me", { filter })).body;
    assert.deepEqual(
      apiKeys.map(({ keyId }) => ids.indexOf(keyId)),
      expected,
      filter,
    );
    assert.equal(totalSize, expected.length);
  }
});

test("any other filter, order, mask or size is refused", async () => {
  for (const query of [
    { filter: "displayName" },
    { filter: 'displayName != "a"' },
    { filter: 'displayName = "a" OR displayName = "b"' },
    { filter: 'hash = "a"' },
    { filter: 'createTime = "a"' },
    { filter: 'annotations = "a"' },
    { orderBy: "hash" },
    { orderBy: "displayName up" },
    { orderBy: "annotations" },
    { readMask: "hash" },
    { readMask: "keyId,x" },
    { pageSize: "-1" },
    { pageSize: "many" },
    { pageSize: "1.5" },
    { filter: "displayName = AND" },
    { filter: Array(2_000).fill('prefix = "a"').join(" AND ") },
    { orderBy: "displayName, displayName desc" },
    { orderBy: Array(2_000).fill("keyId").join() },
  ]) {
    const { status, body } = await admin.list("me", query);
    assert.deepEqual([status, body.code], [400, 3], JSON.stringify(query));
  }
});

test("a mask leaves the fields that it names", async () => {
  const { apiKeys } = (await admin.list("me", { readMask: "displayName, annotations" })).body;
  assert.deepEqual(apiKeys[0], { displayName: "b", annotations: { team: "infra" } });
});

test("what is refused says nothing of how keys are stored", async () => {
  for (const query of [
    { orderBy: "hash" },
    { filter: "hash = x" },
    { readMask: "hash" },
    { pageToken: "e30" },
  ]) {
    assert.doesNotMatch((await admin.list("me", query)).text, /select|sql|key_id|coalesce/i);
  }
});

test("a parameter that is not understood is refused, whatever the operation", async () => {
  const keys = "/v1/accounts/local/users/me/apiKeys";
  for (const [method, path, body] of [
    ["GET", `${keys}?unheard=1&pageSize=2`],
    ["GET", `${keys}?page_size=2`],
    ["GET", `${keys}?pageSize=1&pageSize=2`],
    ["GET", "/v1/accounts/local/users?unheard"],
    ["GET", "/v1/accounts?orderBy=name"],
    ["GET", "/v1/accounts/local?unheard="],
    ["POST", `${keys}?unheard=1`, { apiKey: {} }],
    ["POST", `${keys}:delete?keyId=1`, { keyId: "1" }],
  ]) {
    const { status, body: failure } = await admin.request(method, path, body);
    assert.deepEqual([status, failure.code], [400, 3], path);
    assert.match(failure.message, /^the query: .*(unheard|page_size|pageSize|orderBy|keyId)/, path);
  }
  assert.equal((await admin.list("me")).body.totalSize, 5);
});

test("a page size is an int32", async () => {
  assert.equal((await admin.list("me", { pageSize: String(2 ** 31 - 1) })).status, 200);
  for (const pageSize of [String(2 ** 31), String(2 ** 32 - 1), "1e3", "0x1"]) {
    assert.equal((await admin.list("me", { pageSize })).status, 400, pageSize);
  }
});

test("the mask * is every field", async () => {
  const whole = (await admin.list("me")).body.apiKeys;
  assert.deepEqual((await admin.list("me", { readMask: "*" })).body.apiKeys, whole);
  const { users } = (await admin.users()).body;
  assert.deepEqual((await admin.users({ readMask: "*" })).body.users, users);
  for (const readMask of ["keyId,*", "**"]) {
    assert.equal((await admin.list("me", { readMask })).status, 400, readMask);
  }
});

test("a page goes on behind a row that was deleted since", async () => {
  const own = [];
  for (let at = 0; at < 4; at += 1) {
    own.push((await admin.create("ci-bot", { displayName: `gone ${at}` })).body.keyId);
  }
  for (const orderBy of ["", "displayName"]) {
    const { nextPageToken: pageToken } = (await admin.list("ci-bot", { orderBy, pageSize: "2" })).body;
    if (orderBy === "") await admin.delete("ci-bot", own[1]);
    const { apiKeys } = (await admin.list("ci-bot", { orderBy, pageToken })).body;
    const expected = orderBy === "" ? own.slice(2) : own.slice(3);
    assert.deepEqual(
      apiKeys.map(({ keyId }) => keyId),
      expected,
      orderBy,
    );
  }
  for (const { keyId } of (await admin.list("ci-bot")).body.apiKeys) await admin.delete("ci-bot", keyId);
});

test("long names have page tokens that can be sent", async () => {
  const own = [];
  for (const last of "ab") {
    const displayName = "x".repeat(60_000) + last;
    own.push((await admin.create("ci-bot", { displayName })).body.keyId);
  }
  const filter = `displayName = "${"x".repeat(20_000)}"`;
  assert.equal((await admin.list("ci-bot", { filter })).status, 200);
  const query = { orderBy: "displayName", pageSize: "1", readMask: "keyId" };
  const first = (await admin.list("ci-bot", query)).body;
  const second = (await admin.list("ci-bot", { ...query, pageToken: first.nextPageToken })).body;
  assert.deepEqual(
    [...first.apiKeys, ...second.apiKeys].map(({ keyId }) => keyId),
    own,
  );
  for (const keyId of own) await admin.delete("ci-bot", keyId);
});

test("annotations are found whatever is in their names", async () => {
  const annotations = { 'a"b': "1", "ü\\x": "2", "a.b c": "3", "$[0]": "4" };
  const { keyId } = (await admin.create("ci-bot", { annotations })).body;
  for (const [name, value] of Object.entries(annotations)) {
    const filter = `annotations.${JSON.stringify(name)} = "${value}"`;
    assert.equal((await admin.list("ci-bot", { filter })).body.totalSize, 1, filter);
    assert.equal((await admin.list("ci-bot", { filter: `${filter} AND keyId = x` })).body.totalSize, 0);
  }
  await admin.delete("ci-bot", keyId);
});

test("users are paged, ordered and filtered like keys", async () => {
  const names = ({ body }) => body.users.map(({ displayName }) => displayName);
  const first = await admin.users({ pageSize: "1", orderBy: "displayName desc" });
  assert.deepEqual([names(first), first.body.totalSize], [["me"], 2]);
  const pageToken = first.body.nextPageToken;
  const second = await admin.users({ pageToken, orderBy: "displayName desc" });
  assert.deepEqual([names(second), second.body.nextPageToken], [["ci-bot"], ""]);
  assert.deepEqual(names(await admin.users({ filter: 'email = "me@example.com"' })), ["me"]);
  for (const query of [
    { pageToken },
    { filter: "keyId = x" },
    { orderBy: "keyId" },
    { readMask: "prefix" },
  ]) {
    assert.equal((await admin.users(query)).status, 400, JSON.stringify(query));
  }
});

test("a page holds a thousand at most", async () => {
  for (let count = 0; count < 1_001; count += 1) await admin.create("ci-bot");
  for (const pageSize of ["", "0", "5000"]) {
    const { body } = await admin.list("ci-bot", { pageSize });
    assert.equal(body.apiKeys.length, 1_000);
    assert.equal(body.totalSize, 1_001);
    const rest = await admin.list("ci-bot", { pageSize, pageToken: body.nextPageToken });
    assert.deepEqual([rest.body.apiKeys.length, rest.body.nextPageToken], [1, ""]);
  }
});
