// The simulation's promise against real HTTP: 30 % of the answers are lost after the commit.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createApiKey, deleteOrphans, FireworksKeys } from "fireworks-keys";
import { startEmulator } from "../emulator/server.mjs";
import { calm, fault, reset, storedKeys } from "../suite/service.mjs";

const CREATES = Number(process.env.CREATES ?? 1_000);

const emulator = await startEmulator({ args: ["--faults"] });
after(() => emulator.stop());

// A busy machine may take minutes: no attempt here is to end by its time.
const patient = { timeoutMs: 3_600_000, totalTimeoutMs: 3_600_000 };
const at = {
  token: "fw_local_admin",
  accountId: "local",
  userId: "ci-bot",
  baseUrl: emulator.url,
  ...patient,
};

/** The tags of the keys that the emulator has, by their ids. */
async function tagsById() {
  const keys = await storedKeys(emulator.url);
  return new Map(keys.map((key) => [key.keyId, key.annotations?.["fireworks-keys-attempt"]]));
}

test(`${CREATES} creates with 30 % of the answers lost leave no orphan untold`, async (t) => {
  await reset(emulator.url);
  await fault(emulator.url, { kind: "drop", when: "after" }, { share: 0.3, seed: 7 });
  await fault(emulator.url, { kind: "drop", when: "before" }, { operation: "list", share: 0.6, seed: 8 });
  const held = new Set();
  const work = [];
  const tags = new Set();
  const unknown = [];
  const tally = { created: 0, failed: 0, open: 0, swept: 0, unaccounted: 0, unknown: 0, deleted: 0 };
  const one = async () => {
    const onEvent = ({ type, ...event }) => {
      const [of, what] = type.split("-");
      if (of === "orphans") tally[what] += 1;
      if (type === "orphans-open") tags.add(event.attemptTag);
      if (type === "orphans-unknown") unknown.push(event);
      if (type === "orphan-deleted") tally.deleted += 1;
    };
    try {
      held.add((await createApiKey({ ...at, onEvent, waitUntil: (looks) => work.push(looks) })).keyId);
      tally.created += 1;
    } catch (error) {
      assert.ok(["swept", "unknown"].includes(error.orphans), error.stack);
      tally.failed += 1;
    }
  };
  for (let round = 0; round < 4; round += 1) await Promise.all(Array.from({ length: CREATES / 4 }, one));
  for (const [keyId, tag] of await tagsById()) {
    assert.ok(held.has(keyId) || tags.has(tag), `the caller was not told of the orphan ${keyId}`);
  }
  await calm(emulator.url);
  await Promise.all(work);
  t.diagnostic(JSON.stringify(tally));
  assert.equal(tally.created + tally.failed, CREATES);
  assert.ok(tally.deleted > CREATES / 5, "answers were lost");
  assert.ok(tally.open > 0, "sweeps were lost");
  assert.equal(tally.unaccounted, 0, "each lost answer was one of a key that is made");
  // Those whose last look was lost, too.
  for (const event of unknown) await deleteOrphans({ ...at, ...event });
  const left = await tagsById();
  assert.deepEqual(new Set(left.keys()), held);
});

test(`${CREATES} creates at once, on one instance and one client, are each what they asked for`, async () => {
  await reset(emulator.url);
  const client = new FireworksKeys(at);
  for (const create of [createApiKey, (options) => client.create(options)]) {
    const creating = Array.from({ length: CREATES }, (_, index) =>
      create({ ...at, displayName: `key ${index}`, annotations: { index: String(index) } }),
    );
    const created = await Promise.all(creating);
    created.forEach(({ displayName, annotations }, index) => {
      assert.deepEqual([displayName, annotations.index], [`key ${index}`, String(index)]);
    });
    assert.equal(new Set(created.map(({ key }) => key)).size, CREATES);
  }
  assert.equal((await tagsById()).size, 2 * CREATES);
});

test("a key that was committed late is deleted by a later look", async () => {
  await reset(emulator.url);
  // The first request reaches the service only when the create is over. The next look waits until the
  // test has seen its key.
  let send;
  let over = false;
  let go;
  const seen = new Promise((resolve) => (go = resolve));
  const late = (url, init) => {
    if (init.method === "POST" && !send) {
      send = () => fetch(url, { ...init, signal: undefined });
      return Promise.reject(new Error("lost"));
    }
    return over ? seen.then(() => fetch(url, init)) : fetch(url, init);
  };
  const work = [];
  const events = [];
  const created = await createApiKey({
    ...at,
    fetch: late,
    waitUntil: (promise) => work.push(promise),
    onEvent: ({ type }) => events.push(type),
  });
  over = true;
  assert.equal((await send()).status, 200);
  assert.equal(work.length, 1);
  assert.equal((await tagsById()).size, 2, "the late key is there");
  assert.deepEqual(events, ["retry", "orphans-open"]);
  go();
  await Promise.all(work);
  assert.deepEqual(events, ["retry", "orphans-open", "orphan-deleted", "orphans-swept"]);
  assert.deepEqual([...(await tagsById()).keys()], [created.keyId]);
});
