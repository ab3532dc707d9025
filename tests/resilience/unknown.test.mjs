// The package at services that are, within what is unknown of the real one, at their most awkward.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createApiKey, deleteApiKey, FireworksKeys, listApiKeys } from "fireworks-keys";
import { startEmulator } from "../emulator/server.mjs";
import { fault, storedKeys } from "../suite/service.mjs";

const running = [];

after(async () => {
  for (const emulator of running) await emulator.stop();
});

/** What connects to an emulator with these options. */
async function serviceWith(...args) {
  const emulator = await startEmulator({ args: ["--faults", ...args] });
  running.push(emulator);
  return { token: "fw_local_admin", accountId: "local", userId: "ci-bot", baseUrl: emulator.url };
}

/** A function that notes the events of a call, and their names so far. */
function events() {
  const types = [];
  return { types, onEvent: ({ type }) => types.push(type) };
}

test("an orphan that the first list does not show yet is deleted by a later look", async () => {
  const at = await serviceWith();
  await fault(at.baseUrl, { kind: "drop", when: "after" });
  await fault(at.baseUrl, { kind: "list-lag", ms: 3_600_000 }, { operation: "list" });
  const { types, onEvent } = events();
  const looks = [];
  const { keyId } = await createApiKey({ ...at, onEvent, waitUntil: (look) => looks.push(look) });
  assert.equal((await storedKeys(at.baseUrl)).length, 2, "the orphan is there");
  assert.equal(types.at(-1), "orphans-open", "it was not seen, and nobody says that there is none");
  await Promise.all(looks);
  assert.deepEqual(types.slice(-2), ["orphan-deleted", "orphans-swept"]);
  assert.deepEqual(
    (await storedKeys(at.baseUrl)).map((key) => key.keyId),
    [keyId],
  );
});

test("where lists lag, a key that no list shows yet is deleted, once", async () => {
  const at = await serviceWith("--list-lag", "1h");
  const { keyId } = await createApiKey(at);
  const listed = [];
  for await (const key of listApiKeys(at)) listed.push(key);
  assert.deepEqual(listed, []);
  await deleteApiKey({ ...at, keyId });
  assert.deepEqual(await storedKeys(at.baseUrl), []);
  await assert.rejects(deleteApiKey({ ...at, keyId }), { code: "NOT_FOUND" });
});

test("a key has the lifetime that was asked for, by the clock of a service that is behind", async () => {
  const at = await serviceWith("--clock", "-1h");
  const { createTime, expireTime, keyId } = await createApiKey({ ...at, expiresIn: "10m" });
  const minutes = (Date.parse(expireTime) - Date.parse(createTime)) / 60_000;
  assert.ok(minutes > 9 && minutes < 11, `${minutes} minutes`);
  assert.deepEqual(
    (await storedKeys(at.baseUrl)).map((key) => key.keyId),
    [keyId],
    "the one that would have lived longer is gone",
  );
});

test("a lifetime that has ended by a service's clock is refused, with the reason", async () => {
  const at = await serviceWith("--clock", "+1h");
  await assert.rejects(createApiKey({ ...at, expiresIn: "10m" }), {
    code: "INVALID_ARGUMENT",
    orphans: "none",
    message: /this machine's clock is 3\d{3} s behind the server's/,
  });
  assert.deepEqual(await storedKeys(at.baseUrl), []);
});

test("a list without paging is whole, and comes once", async () => {
  const at = await serviceWith("--paging", "off");
  const ids = [];
  for (let count = 0; count < 3; count += 1) ids.push((await createApiKey(at)).keyId);
  const listed = [];
  for await (const { keyId } of new FireworksKeys(at).list({ pageSize: 1 })) listed.push(keyId);
  assert.deepEqual(listed, ids);
});

test("a service that sets a rate gets no more than that, and everything is done", async () => {
  const at = await serviceWith("--rate", "2/1s");
  const made = [];
  for (let count = 0; count < 4; count += 1) made.push((await createApiKey(at)).keyId);
  assert.deepEqual(
    (await storedKeys(at.baseUrl)).map(({ keyId }) => keyId),
    made,
  );
});

test("an annotation that is too long is refused, and leaves nothing", async () => {
  const at = await serviceWith("--longest-annotation", "40");
  const annotations = { team: "x".repeat(41) };
  await assert.rejects(createApiKey({ ...at, annotations }), { status: 400, orphans: "none" });
  assert.equal((await createApiKey({ ...at, annotations: { team: "x" } })).annotations.team, "x");
});
