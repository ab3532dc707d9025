// The broker's rules against a simulated service and ledger: requests and their answers are lost, isolates
// crash between any two steps, the ledger loses what it knew, members leave, and somebody mints by hand.
// `SEEDS` says how many runs there are, `SEED` names the only one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { init } from "fireworks-keys";
import { LONGEST_LIFE_MS, MEMBERS, World } from "./simulation/world.mjs";

const { SEED, SEEDS = 200 } = process.env;
const first = Number(SEED ?? 1);
const count = SEED === undefined ? Number(SEEDS) : 1;

/** Longer than anything takes that a member has asked for. */
const SETTLED_MS = 120_000;

test(`what the broker promises holds in ${count} runs`, async (context) => {
  await init();
  const happened = {};
  for (let seed = first; seed < first + count; seed += 1) {
    const world = new World(seed, context);
    await run(world).catch((error) => {
      throw new Error(`SEED=${seed}: ${error.message}`, { cause: error });
    });
    context.mock.reset();
    for (const [what, times] of Object.entries(world.happened)) {
      happened[what] = (happened[what] ?? 0) + times;
    }
  }
  context.diagnostic(JSON.stringify(happened));
  if (count < 100) return;
  // Runs in which nothing goes wrong would prove nothing.
  for (const what of WHAT_HAPPENS) assert.ok(happened[what] > 0, `${what} never happened`);
});

test("a run can be repeated", async (context) => {
  const runs = [];
  for (let time = 0; time < 2; time += 1) {
    const world = new World(first, context);
    await run(world);
    context.mock.reset();
    // Tags differ from run to run, and nothing depends on them. Each run has ledgers of its own.
    const handed = Array.from(world.handed, ([keyId, { tag: _, ledger: __, ...handed }]) => [keyId, handed]);
    runs.push([world.happened, handed, world.clock.now]);
  }
  assert.deepEqual(runs[0], runs[1]);
});

/** What members are answered, who deletes keys, and what befalls isolates. */
const WHAT_HAPPENS = [
  ...["POST 201", "POST 400", "POST 429", "POST 502", "POST 503"],
  ...["DELETE 204", "DELETE 404", "DELETE 503"],
  ...["deleted by fw_token", "deleted by fw_admin", "minted by hand", "crash", "ledger lost"],
  "not recognised",
];

async function run(world) {
  await world.storm();
  await world.clock.pass(SETTLED_MS);
  if (world.failure) throw world.failure;
  for (const { isolate, what, ended } of world.requests) {
    assert.ok(ended || isolate.crashed, `${what} never ended`);
  }

  // One run of reconcile later there is no key but the broker's own and those that members have, although
  // somebody mints by hand meanwhile.
  world.mintByHand();
  world.forgetSometimes();
  let result = await world.clock.until(world.reconcile());
  if (result?.left?.[0].why === "unrecognised") {
    world.happened["not recognised"] = 1;
    let known = 0;
    for (const key of world.service.keys.values()) {
      if (world.service.isAlive(key.keyId)) known += Number(await world.isKnown(key));
    }
    assert.ok(known < result.left[0].keys, "most are recognised");
    result = await world.clock.until(world.reconcile({ force: true }));
  }
  assert.deepEqual([result?.failed, result?.settled], [[], true]);
  for (const key of world.service.keys.values()) {
    if (key.keyId === world.ownKey) continue;
    // The ledger may have forgotten, since the run, one that has ended.
    const isKnown = !world.service.isAlive(key.keyId) || (await world.isKnown(key));
    assert.ok(isKnown, `${key.keyId} is nobody's, and lives on`);
    assert.ok(
      Date.parse(key.expireTime) <= world.service.now + LONGEST_LIFE_MS,
      `${key.keyId} lives too long`,
    );
  }
  for (const [keyId, handed] of world.handed) {
    if (world.isKept(handed)) assert.ok(world.service.isAlive(keyId), `${keyId} was taken away`);
  }

  // Once that has ended, everybody can mint as many keys as the limits say, and no more. A mint that the
  // service refuses does not count.
  await world.clock.pass(world.windowMs + LONGEST_LIFE_MS);
  await world.setClocks();
  const { live } = world.limits;
  for (const member of MEMBERS) {
    const ask = () => world.clock.until(world.ask(member, { expiresIn: "5m" }));
    world.service.refuses = true;
    assert.equal(await ask(), 502);
    world.service.refuses = false;
    for (let count = 0; count < live; count += 1) assert.equal(await ask(), 201);
    assert.equal(await ask(), 429);
    const [keyId] = [...world.handed].findLast(([, handed]) => handed.member === member);
    assert.equal(await world.clock.until(world.revoke(member, keyId)), 204);
    assert.equal(await ask(), 201);
  }
  if (world.failure) throw world.failure;
}
