// What is unknown of the real service, chosen by the emulator's options, or by orders for single requests.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const running = new Set();

afterEach(async () => {
  for (const emulator of running) await emulator.stop();
  running.clear();
});

/** A client of an emulator with these options, which ends with the test. */
async function started(...args) {
  const emulator = await startEmulator({ args: ["--faults", ...args] });
  running.add(emulator);
  return { url: emulator.url, admin: clientOf(emulator.url) };
}

const ids = ({ body }) => body.apiKeys.map(({ keyId }) => keyId);

/** Asks until the answer is the expected one. */
async function until(ask) {
  while (!(await ask())) await new Promise((done) => setTimeout(done, 20));
}

/** A key that lived for a while and is deleted, and a time at which it was there. */
async function deletedKey(admin) {
  const { key, keyId, createTime } = (await admin.create("me")).body;
  const was = Date.parse(createTime) + 200;
  await until(() => Date.now() > was + 200);
  await admin.delete("me", keyId);
  return { key, keyId, was };
}

/** Orders that one request goes back to a time, until the answer is the expected one. */
async function seenAt(was, order, ask) {
  for (let tries = 0; tries < 100; tries += 1) {
    await order(Date.now() - was);
    if (await ask()) return;
  }
  assert.fail("the time was never met");
}

test("--list-lag: a list shows neither the latest keys nor the latest deletions", async () => {
  const { admin } = await started("--list-lag", "1h");
  const { key, keyId } = (await admin.create("me")).body;
  for (const user of ["me", "-"]) {
    const { body } = await admin.list(user);
    assert.deepEqual([body.apiKeys, body.totalSize], [[], 0]);
  }
  assert.equal((await admin.stored()).length, 1);
  assert.equal((await admin.as(key).account()).status, 200, "the key works");
  assert.equal((await admin.delete("me", keyId)).status, 200, "it can be deleted");
  assert.equal((await admin.delete("me", keyId)).status, 404, "once");
  assert.equal((await admin.as(key).account()).status, 401);
});

test("--list-lag: a list catches up", async () => {
  const { admin } = await started("--list-lag", "300ms");
  const { keyId } = (await admin.create("me")).body;
  await until(async () => (await admin.list("me")).body.totalSize === 1);
  await admin.delete("me", keyId);
  assert.deepEqual(await admin.stored(), []);
  await until(async () => (await admin.list("me")).body.totalSize === 0);
});

test("an order makes one list lag", async () => {
  const { admin } = await started();
  const { keyId } = (await admin.create("me")).body;
  const lag = { kind: "list-lag", ms: 3_600_000 };
  await admin.fault(lag, { operation: "list", user: "me" });
  assert.deepEqual(ids(await admin.list("-")), [keyId]);
  assert.deepEqual(ids(await admin.list("me")), []);
  assert.deepEqual(ids(await admin.list("me")), [keyId]);

  const gone = await deletedKey(admin);
  await seenAt(
    gone.was,
    (ms) => admin.fault({ kind: "list-lag", ms }, { operation: "list" }),
    async () => ids(await admin.list("me")).includes(gone.keyId),
  );
  assert.deepEqual(ids(await admin.list("me")), [keyId]);
});

test("--key-lag: a new key is not accepted yet, and a deleted one still is", async () => {
  const slow = await started("--key-lag", "1h");
  const { key } = (await slow.admin.create("me")).body;
  assert.equal((await slow.admin.as(key).account()).status, 401);
  assert.equal((await slow.admin.list("me")).body.totalSize, 1, "though it is listed");

  const { admin } = await started("--key-lag", "300ms");
  const soon = (await admin.create("me")).body;
  await until(async () => (await admin.as(soon.key).account()).status === 200);
  await admin.delete("me", soon.keyId);
  assert.deepEqual(ids(await admin.list("me")), []);
  await until(async () => (await admin.as(soon.key).account()).status === 401);
});

test("an order for one request: a new key is not accepted, a deleted one is", async () => {
  const { admin } = await started();
  const { key } = (await admin.create("me")).body;
  await admin.fault({ kind: "key-lag", ms: 3_600_000 }, { operation: "account" });
  assert.deepEqual(
    [(await admin.as(key).account()).status, (await admin.as(key).account()).status],
    [401, 200],
  );
  const gone = await deletedKey(admin);
  await seenAt(
    gone.was,
    (ms) => admin.fault({ kind: "key-lag", ms }, { operation: "account" }),
    async () => (await admin.as(gone.key).account()).status === 200,
  );
  assert.equal((await admin.as(gone.key).account()).status, 401);
});

test("--rate: what is too much is answered 429 with Retry-After, and not done", async () => {
  const { admin } = await started("--rate", "3/1h");
  for (let at = 0; at < 3; at += 1) assert.equal((await admin.create("me")).status, 200);
  for (const answer of [await admin.create("me"), await admin.as("fw_x").account(), await admin.accounts()]) {
    assert.deepEqual([answer.status, answer.body.code], [429, 8]);
    const seconds = Number(answer.headers.get("retry-after"));
    assert.ok(Number.isInteger(seconds) && seconds > 3_000 && seconds <= 3_600, seconds);
  }
  assert.equal((await admin.stored()).length, 3, "control paths have no limit");
  assert.equal((await admin.request("GET", "/_emulator/stats")).body.requests, 6);
});

test("--rate: who waits as long as was said is served", async () => {
  const { admin } = await started("--rate", "1/1s");
  await admin.account();
  const { status, headers } = await admin.account();
  assert.deepEqual([status, headers.get("retry-after")], [429, "1"]);
  await new Promise((done) => setTimeout(done, 1_000 * Number(headers.get("retry-after"))));
  assert.equal((await admin.account()).status, 200);
});

/** What CORS says to this origin: to a preflight, and with an answer. */
async function corsFor(url, origin) {
  const path = `${url}/v1/accounts/local`;
  const asked = { origin, "access-control-request-method": "GET" };
  const preflight = await fetch(path, { method: "OPTIONS", headers: asked });
  const answer = await fetch(path, { headers: { origin } });
  return [preflight, answer].map(({ headers }) => headers.get("access-control-allow-origin"));
}

test("--cors: none refuses every page, a list all others", async () => {
  const none = await started("--cors", "none");
  assert.deepEqual(await corsFor(none.url, "https://a.example"), [null, null]);
  const preflight = await fetch(`${none.url}/v1/accounts/local`, { method: "OPTIONS" });
  assert.equal(preflight.headers.get("access-control-allow-headers"), null);

  const { url } = await started("--cors", "https://a.example,http://localhost:3000");
  for (const origin of ["https://a.example", "http://localhost:3000"]) {
    assert.deepEqual(await corsFor(url, origin), [origin, origin]);
  }
  for (const origin of ["https://b.example", "https://a.example.evil", "http://a.example", "null"]) {
    assert.deepEqual(await corsFor(url, origin), [null, null], origin);
  }
  const answer = await fetch(`${url}/v1/accounts/local`, { headers: { origin: "https://b.example" } });
  assert.equal(answer.headers.get("vary"), "origin");
});

test("an order lets no page read one answer, of a request that is done", async () => {
  const { url, admin } = await started();
  await admin.fault({ kind: "no-cors" }, { operation: "create" });
  const { status, headers } = await admin.create("me");
  assert.deepEqual([status, headers.get("access-control-allow-origin")], [200, null]);
  assert.equal((await admin.stored()).length, 1);
  assert.deepEqual(await corsFor(url, "https://a.example"), ["*", "*"]);
});

test("--longest-annotation: a longer value is refused, by name", async () => {
  const { admin } = await started("--longest-annotation", "5");
  for (const [value, expected] of [
    ["12345", 200],
    ["ünïcö", 200],
    ["123456", 400],
  ]) {
    const { status, body } = await admin.create("me", { annotations: { team: value, other: "" } });
    assert.equal(status, expected, value);
    if (status === 400) assert.match(body.message, /apiKey\.annotations\.team has 6 .* 5/);
  }
  await admin.fault({ kind: "longest-annotation", characters: 2 }, { operation: "create" });
  assert.equal((await admin.create("me", { annotations: { team: "123" } })).status, 400);
  assert.equal((await admin.create("me", { annotations: { team: "123" } })).status, 200);
});

test("--clock: keys are made and end by it, and the Date tells it", async () => {
  const HOUR = 3_600_000;
  for (const [clock, ahead] of [
    ["+1h", HOUR],
    ["-1h", -HOUR],
  ]) {
    const { admin } = await started("--clock", clock);
    const near = (time) => Math.abs(Date.parse(time) - Date.now() - ahead) < HOUR / 2;
    const { body, headers } = await admin.create("me");
    assert.ok(near(body.createTime), body.createTime);
    assert.ok(near(headers.get("date")), headers.get("date"));
    assert.equal((await admin.as(body.key).account()).status, 200);
    const [{ lastUsed }] = (await admin.list("me")).body.apiKeys;
    assert.ok(near(lastUsed), lastUsed);
    const expireTime = new Date(Date.now() + ahead / 2).toISOString();
    const { status } = await admin.create("me", { expireTime });
    assert.equal(status, ahead > 0 ? 400 : 200, "the end is in the future by the service's clock");
    assert.ok((await admin.stored()).every(({ expired }) => !expired));
  }
});

test("an order sets the clock for one request", async () => {
  const { admin } = await started();
  const expireTime = new Date(Date.now() + 1_800_000).toISOString();
  await admin.fault({ kind: "clock", ms: 3_600_000 }, { operation: "create" });
  const { status, headers } = await admin.create("me", { expireTime });
  assert.equal(status, 400);
  assert.ok(Date.parse(headers.get("date")) > Date.now() + 1_800_000);
  const { key } = (await admin.create("me", { expireTime })).body;
  await admin.fault({ kind: "clock", ms: 3_600_000 }, { operation: "account" });
  assert.equal((await admin.as(key).account()).status, 401, "it has ended by then");
  assert.equal((await admin.as(key).account()).status, 200);
});

test("--paging off: every list comes whole, whatever page was asked for", async () => {
  const { admin } = await started("--paging", "off", "--other-account", "acme");
  for (let at = 0; at < 3; at += 1) await admin.create("me");
  for (const query of [{ pageSize: "1" }, { pageSize: "1", pageToken: "made up" }, {}]) {
    const keys = (await admin.list("me", query)).body;
    assert.deepEqual([keys.apiKeys.length, keys.nextPageToken, keys.totalSize], [3, "", 3]);
    assert.equal((await admin.users(query)).body.users.length, 2);
    assert.equal((await admin.accounts(query)).body.accounts.length, 2);
  }
});

test("an order ignores the page of one list", async () => {
  const { admin } = await started();
  for (let at = 0; at < 3; at += 1) await admin.create("me");
  await admin.fault({ kind: "no-paging" }, { operation: "list" });
  assert.equal(ids(await admin.list("me", { pageSize: "1" })).length, 3);
  assert.equal(ids(await admin.list("me", { pageSize: "1" })).length, 1);
});

test("a removed user's keys stay listed, and are accepted only if that was asked for", async () => {
  for (const [args, expected] of [
    [[], 401],
    [["--keys-of-removed-users", "accepted"], 200],
  ]) {
    const { admin } = await started(...args, "--user", "me:admin", "--user", "ann");
    const { key, keyId } = (await admin.create("ann")).body;
    await admin.remove("ann");
    assert.deepEqual(ids(await admin.list("-")), [keyId]);
    assert.equal((await admin.as(key).account()).status, expected);
    assert.deepEqual(
      (await admin.users()).body.users.map(({ displayName }) => displayName),
      ["me"],
    );
    assert.equal((await admin.list("ann")).status, 404);
    assert.equal((await admin.create("ann")).status, 404);
    assert.equal((await admin.as(key).list("-")).status, expected === 200 ? 403 : 401);
    await assert.rejects(admin.remove("ann"), /404/);
    await admin.reset();
    assert.equal((await admin.users()).body.totalSize, 2, "a reset brings them back");
  }
});
