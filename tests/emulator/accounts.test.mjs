// The accounts that a token can see.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const others = Array.from({ length: 210 }, (_, index) => `other-${String(index).padStart(3, "0")}`);
const emulator = await startEmulator({ args: others.flatMap((id) => ["--other-account", id]) });
const admin = clientOf(emulator.url);
after(() => emulator.stop());

const all = ["local", ...others].map((id) => `accounts/${id}`);
const names = ({ body }) => body.accounts.map(({ name }) => name);

test("accounts are listed by name, fifty a page, two hundred at most", async () => {
  for (const [pageSize, length] of [
    ["", 50],
    ["0", 50],
    ["7", 7],
    ["200", 200],
    ["1000", 200],
  ]) {
    const seen = [];
    let pageToken = "";
    do {
      const answer = await admin.accounts({ pageSize, pageToken });
      assert.equal(answer.body.totalSize, all.length);
      if (seen.length === 0) assert.equal(names(answer).length, length, pageSize);
      seen.push(...names(answer));
      pageToken = answer.body.nextPageToken;
    } while (pageToken);
    assert.deepEqual(seen, all);
  }
});

test("an account has every field, filtered and masked like those of other lists", async () => {
  const { accounts } = (await admin.accounts({ filter: 'name = "accounts/local"' })).body;
  const [{ createTime, ...rest }] = accounts;
  assert.ok(Math.abs(Date.parse(createTime) - Date.now()) < 60_000);
  assert.deepEqual(rest, {
    name: "accounts/local",
    displayName: "local",
    email: "local@example.com",
    state: "READY",
  });
  assert.deepEqual((await admin.account()).body, accounts[0]);
  const masked = await admin.accounts({ pageSize: "1", readMask: "displayName" });
  assert.deepEqual(masked.body.accounts, [{ displayName: "local" }]);
  const one = (readMask) => admin.request("GET", `/v1/accounts/local?readMask=${readMask}`);
  assert.deepEqual((await one("*")).body, accounts[0]);
  assert.deepEqual((await one("state,name")).body, { name: "accounts/local", state: "READY" });
  assert.equal((await one("keyId")).status, 400);
  for (const query of [
    { orderBy: "name desc" },
    { filter: "keyId = x" },
    { pageToken: "x" },
    { pageSize: "x" },
  ]) {
    assert.equal((await admin.accounts(query)).status, 400, JSON.stringify(query));
  }
});

test("every live key sees them, and no other token", async () => {
  const { key } = (await admin.create("ci-bot")).body;
  assert.equal(names(await admin.as(key).accounts()).length, 50);
  for (const token of ["fw_unknown", null]) {
    assert.equal((await clientOf(emulator.url, token).accounts()).status, 401);
  }
});

test("an account that is only seen can be read, and not managed", async () => {
  const other = "/v1/accounts/other-003";
  const { status, body } = await admin.request("GET", other);
  assert.deepEqual([status, body.name], [200, "accounts/other-003"]);
  for (const path of [`${other}/users`, `${other}/users/me/apiKeys`]) {
    assert.equal((await admin.request("GET", path)).status, 403, path);
  }
  assert.equal((await admin.request("POST", `${other}/users/me/apiKeys`, { apiKey: {} })).status, 403);
});
