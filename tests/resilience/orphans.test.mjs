// The simulation's promise against real HTTP: 30 % of the answers are lost after the commit.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createApiKey, deleteOrphans, FireworksKeys } from "fireworks-keys";
import { startEmulator } from "../emulator/server.mjs";

const emulator = await startEmulator({ args: ["--faults"] });
after(() => emulator.stop());

const at = { token: "fw_local_admin", accountId: "local", userId: "ci-bot", baseUrl: emulator.url };

const request = (method, path, body) =>
  fetch(`${emulator.url}/_emulator${path}`, { method, body: body && JSON.stringify(body) });

async function stored() {
  const { keys } = await (await request("GET", "/keys")).json();
  return new Map(keys.map((key) => [key.keyId, key.annotations?.["fireworks-keys-attempt"]]));
}

test("1 000 creates with 30 % of the answers lost leave no orphan that is not told of", async (t) => {
  await request("DELETE", "");
  const trouble = { kind: "drop", when: "after" };
  await request("POST", "/faults", { operation: "create", share: 0.3, seed: 7, fault: trouble });
  const lost = { kind: "drop", when: "before" };
  await request("POST", "/faults", { operation: "list", share: 0.2, seed: 8, fault: lost });
  const held = new Set();
  const unknown = [];
  const tally = { created: 0, failed: 0, unknown: 0, deleted: 0 };
  const one = async () => {
    const onEvent = ({ type, ...event }) => {
      if (type === "orphans-unknown") unknown.push(event);
      if (type === "orphan-deleted") tally.deleted += 1;
    };
    try {
      held.add((await createApiKey({ ...at, onEvent })).keyId);
      tally.created += 1;
    } catch (error) {
      assert.ok(["swept", "unknown"].includes(error.orphans), error.stack);
      tally.failed += 1;
    }
  };
  for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 50 }, one));
  await request("DELETE", "/faults");
  tally.unknown = unknown.length;
  t.diagnostic(JSON.stringify(tally));
  assert.equal(tally.created + tally.failed, 1_000);
  assert.ok(tally.deleted > 300, "answers were lost");

  const tags = new Set(unknown.map(({ attemptTag }) => attemptTag));
  for (const [keyId, tag] of await stored()) {
    assert.ok(held.has(keyId) || tags.has(tag), `an orphan that nobody was told of: ${keyId}`);
  }
  for (const event of unknown) await deleteOrphans({ ...at, ...event });
  const left = await stored();
  assert.deepEqual(new Set(left.keys()), held);
});

test("1 000 creates at once, on one instance and on one client, are each what they asked for", async () => {
  await request("DELETE", "");
  const client = new FireworksKeys(at);
  for (const create of [createApiKey, (options) => client.create(options)]) {
    const creating = Array.from({ length: 1_000 }, (_, index) =>
      create({ ...at, displayName: `key ${index}`, annotations: { index: String(index) } }),
    );
    const created = await Promise.all(creating);
    created.forEach(({ displayName, annotations }, index) => {
      assert.deepEqual([displayName, annotations.index], [`key ${index}`, String(index)]);
    });
    assert.equal(new Set(created.map(({ key }) => key)).size, 1_000);
  }
  assert.equal((await stored()).size, 2_000);
});

test("a key that was committed late is deleted by the second sweep", async () => {
  await request("DELETE", "");
  await request("POST", "/faults", { operation: "create", fault: { kind: "late", ms: 1_500 } });
  const work = [];
  const events = [];
  const created = await createApiKey({
    ...at,
    waitUntil: (promise) => work.push(promise),
    onEvent: ({ type }) => events.push(type),
  });
  assert.equal(work.length, 1);
  assert.deepEqual(events, ["retry"]);
  await Promise.all(work);
  assert.deepEqual(events, ["retry", "orphan-deleted"]);
  assert.deepEqual([...(await stored()).keys()], [created.keyId]);
});
