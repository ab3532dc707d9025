// Trouble, as tests ask for it.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, beforeEach, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const emulator = await startEmulator({ args: ["--faults"] });
const admin = clientOf(emulator.url);
after(() => emulator.stop());
beforeEach(() => admin.reset());

/** Every byte that comes back on a connection of its own. */
function raw(user = "me") {
  const { hostname, port } = new URL(emulator.url);
  return new Promise((resolve) => {
    const body = '{"apiKey": {}}';
    let bytes = "";
    const socket = connect(port, hostname, () => {
      socket.write(
        `POST /v1/accounts/local/users/${user}/apiKeys HTTP/1.1\r\nhost: localhost\r\n` +
          `authorization: Bearer fw_local_admin\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
    socket.on("data", (data) => (bytes += data));
    socket.on("error", () => {});
    socket.on("close", () => resolve(bytes));
  });
}

const count = async () => (await admin.stored()).length;

test("without --faults there is no way to ask for trouble", async () => {
  const calm = await startEmulator();
  const client = clientOf(calm.url);
  for (const [method, path] of [
    ["POST", "/_emulator/faults"],
    ["GET", "/_emulator/keys"],
    ["GET", "/_emulator/stats"],
    ["DELETE", "/_emulator"],
  ]) {
    assert.equal((await client.request(method, path)).status, 404, path);
  }
  await calm.stop();
});

test("drop closes the connection without a byte, before or after the commit", async () => {
  await admin.fault({ kind: "drop", when: "before" });
  assert.equal(await raw(), "");
  assert.equal(await count(), 0);
  await admin.fault({ kind: "drop", when: "after" });
  assert.equal(await raw(), "");
  assert.equal(await count(), 1);
});

test("answer answers something else, before or after the commit", async () => {
  const answer = { kind: "answer", status: 503, headers: { "retry-after": "1" }, body: "{{token}}|{{key}}" };
  await admin.fault({ ...answer, when: "before" });
  const early = await admin.create("me");
  assert.deepEqual([early.status, early.text], [503, "fw_local_admin|"]);
  assert.equal(early.headers.get("retry-after"), "1");
  assert.equal(await count(), 0);
  await admin.fault({ ...answer, when: "after" });
  const [, key] = (await admin.create("me")).text.split("|");
  assert.equal((await admin.as(key).account()).status, 200);
});

test("delay waits, before or after the commit", async () => {
  const ms = 500;
  for (const when of ["before", "after"]) {
    await admin.fault({ kind: "delay", ms, when });
    const sent = Date.now();
    const { status, body } = await admin.create("me");
    const answered = Date.now();
    assert.equal(status, 200);
    const committed = Date.parse(body.createTime);
    const waited = when === "before" ? committed - sent : answered - committed;
    // Half of it, as the clock that tells the time of day may be set while the other one measures the delay.
    assert.ok(waited >= ms / 2, `${when}: ${waited} ms`);
  }
});

test("cut commits and breaks off the body", async () => {
  await admin.fault({ kind: "cut", bytes: 9 });
  const [head, body] = (await raw()).split("\r\n\r\n");
  assert.match(head, /^HTTP\/1.1 200/);
  assert.ok(Number(/content-length: (\d+)/.exec(head)[1]) > 9);
  assert.equal(body.length, 9);
  assert.equal(await count(), 1);
});

test("cut never sends the whole body", async () => {
  await admin.fault({ kind: "cut", bytes: 1_000_000 });
  const [head, body] = (await raw()).split("\r\n\r\n");
  assert.equal(body.length, Number(/content-length: (\d+)/.exec(head)[1]) - 1);
});

test("cut can leave nothing of the body", async () => {
  await admin.fault({ kind: "cut", bytes: 0 });
  assert.match(await raw(), /^HTTP\/1.1 200.*\r\n\r\n$/s);
  assert.equal(await count(), 1);
});

test("answer has the headers that were ordered, whatever every answer carries", async () => {
  const headers = { "x-request-id": "mine", "access-control-allow-origin": "https://a.example" };
  await admin.fault({ kind: "answer", status: 429, headers });
  const answer = await admin.create("me");
  for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers.get(name), value);
});

test("a slow create is done, though its caller has lost patience", async () => {
  // Where the answer came before its caller had left, the test tries again with a longer delay.
  for (let ms = 100; ; ms *= 2) {
    await admin.reset();
    await admin.fault({ kind: "delay", ms });
    const controller = new AbortController();
    const creating = fetch(`${emulator.url}/v1/accounts/local/users/me/apiKeys`, {
      method: "POST",
      headers: { authorization: "Bearer fw_local_admin" },
      body: '{"apiKey": {}}',
      signal: controller.signal,
    });
    const left = creating.then(
      () => false,
      ({ name }) => name === "AbortError",
    );
    while ((await admin.request("GET", "/_emulator/stats")).body.requests === 0);
    controller.abort();
    if (!(await left)) continue;
    while ((await count()) === 0) await new Promise((done) => setTimeout(done, 20));
    return;
  }
});

test("a delete and a list are dropped like a create", async () => {
  const { keyId } = (await admin.create("me")).body;
  await admin.fault({ kind: "drop", when: "before" }, { operation: "delete" });
  await assert.rejects(admin.delete("me", keyId), TypeError);
  assert.equal(await count(), 1);
  await admin.fault({ kind: "drop", when: "after" }, { operation: "delete" });
  await assert.rejects(admin.delete("me", keyId), TypeError);
  assert.equal(await count(), 0);
  await admin.fault({ kind: "drop" }, { operation: "list" });
  await assert.rejects(admin.list("me"), TypeError);
});

test("garbage commits and answers no JSON", async () => {
  await admin.fault({ kind: "garbage" });
  const { status, body } = await admin.create("me");
  assert.deepEqual([status, body], [200, undefined]);
  assert.equal(await count(), 1);
});

test("late drops the connection and commits afterwards", async () => {
  // Where the test noticed the closed connection only after the commit, it tries again with a longer delay.
  for (let ms = 100; ; ms *= 2) {
    assert.ok(ms < 5_000, "the connection is closed before the commit");
    await admin.reset();
    await admin.fault({ kind: "late", ms });
    assert.equal(await raw(), "");
    const dropped = Date.now();
    while ((await count()) === 0) await new Promise((done) => setTimeout(done, 20));
    const [{ createTime }] = await admin.stored();
    if (Date.parse(createTime) > dropped) return;
  }
});

test("strip-annotations loses the annotations", async () => {
  await admin.fault({ kind: "strip-annotations" }, { operation: "create" });
  assert.ok(!("annotations" in (await admin.create("me", { annotations: { a: "b" } })).body));
  assert.ok("annotations" in (await admin.create("me", { annotations: { a: "b" } })).body);
});

test("an order is for an operation, a user, so many requests, after some that pass", async () => {
  const trouble = { kind: "answer", status: 500 };
  await admin.fault(trouble, { operation: "create", user: "me", skip: 1, times: 2 });
  const statuses = [];
  for (const user of ["me", "ci-bot", "me", "me", "me"]) statuses.push((await admin.create(user)).status);
  assert.deepEqual(statuses, [200, 200, 500, 500, 200]);
  assert.equal((await admin.list("me")).status, 200);
  const { faults } = (await admin.request("GET", "/_emulator/faults")).body;
  assert.deepEqual([faults.length, faults[0].hits, faults[0].operation], [1, 2, "create"]);
  await admin.fault(trouble, { operation: "account", times: 100 });
  assert.equal((await admin.account()).status, 500);
  await admin.calm();
  assert.equal((await admin.account()).status, 200);
});

test("a share of requests is the same for the same seed", async () => {
  const run = async (seed) => {
    await admin.calm();
    await admin.fault({ kind: "answer", status: 500 }, { operation: "users", share: 0.3, seed });
    let hits = "";
    for (let at = 0; at < 200; at += 1) hits += (await admin.users()).status === 500 ? "x" : ".";
    return hits;
  };
  const first = await run(7);
  assert.equal(await run(7), first);
  assert.notEqual(await run(8), first);
  const share = first.split("x").length - 1;
  assert.ok(share > 35 && share < 85, `${share} of 200`);
});

test("requests are counted, and everything can be emptied", async () => {
  await admin.create("me");
  await admin.list("me");
  const { body } = await admin.request("GET", "/_emulator/stats");
  assert.deepEqual(body, { requests: 2, operations: { create: 1, list: 1 } });
  const [stored] = await admin.stored();
  assert.deepEqual([stored.user, stored.expired, "key" in stored], ["me", false, false]);
  assert.equal((await admin.request("DELETE", "/_emulator")).status, 204);
  assert.equal(await count(), 0);
});

test("an order that makes no sense is refused", async () => {
  for (const body of [
    "{",
    "{}",
    '{"fault": {"kind": "nap"}}',
    '{"fault": {"kind": "delay"}}',
    '{"fault": {"kind": "garbage"}, "share": 0.1, "times": 1}',
    '{"fault": {"kind": "garbage"}, "often": 1}',
    '{"fault": {"kind": "drop", "whn": "after"}}',
    '{"fault": {"kind": "garbage", "bytes": 1}}',
    '{"fault": {"kind": "drop", "when": "later"}}',
    '{"fault": {"kind": "drop"}, "share": 1.5}',
    '{"fault": {"kind": "drop"}, "times": 0}',
    '{"fault": {"kind": "drop"}, "operation": "rotate"}',
    '{"fault": ["drop"]}',
    '[null, null, 0, null, null, 0, {"kind": "drop"}]',
    '{"fault": {"kind": "strip-annotations"}}',
    '{"fault": {"kind": "strip-annotations"}, "operation": "list"}',
    '{"fault": {"kind": "answer", "status": 400, "headers": {"A": "1", "a": "2"}}}',
    '{"fault": {"kind": "answer", "status": 101}}',
    '{"fault": {"kind": "answer", "status": 600}}',
    '{"fault": {"kind": "answer", "status": 500, "headers": {"a b": "c"}}}',
    '{"fault": {"kind": "answer", "status": 500, "headers": {"content-length": "9"}}}',
    '{"fault": {"kind": "answer", "status": 500, "base64": "?"}}',
    '{"fault": {"kind": "answer", "status": 500, "base64": "AA==", "body": "a"}}',
    '{"fault": {"kind": "list-lag", "ms": 1}}',
    '{"fault": {"kind": "list-lag", "ms": 1}, "operation": "users"}',
    '{"fault": {"kind": "list-lag", "ms": 3600001}, "operation": "list"}',
    '{"fault": {"kind": "key-lag", "ms": 3600001}}',
    '{"fault": {"kind": "no-paging"}, "operation": "create"}',
    '{"fault": {"kind": "longest-annotation", "characters": 9}}',
    '{"fault": {"kind": "clock", "ms": 9000000000000}}',
    '{"fault": {"kind": "clock", "ms": "1h"}}',
    '{"fault": {"kind": "no-cors", "origin": "*"}}',
  ]) {
    const { status, body: failure } = await admin.request("POST", "/_emulator/faults", body, {
      "content-type": "application/json",
    });
    assert.deepEqual([status, failure.code, failure.details], [400, 3, []], body);
  }
  assert.deepEqual((await admin.request("GET", "/_emulator/faults")).body, { faults: [] });
});
