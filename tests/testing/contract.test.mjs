// The service in memory answers as the emulator does: the same cases, and the same answers.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { behaviours } from "./behaviours.mjs";
import { cases } from "./cases.mjs";
import { lists } from "./lists.mjs";
import { troubles } from "./troubles.mjs";
import { emulatorWorld, fakeWorld } from "./worlds.mjs";

const [emulator, fake] = await Promise.all([emulatorWorld(), fakeWorld()]);
after(() => emulator.stop());

for (const [name, run] of Object.entries({ ...cases, ...lists, ...troubles, ...behaviours })) {
  test(name, async () => {
    const answers = [];
    for (const world of [emulator, fake]) {
      await world.reset();
      answers.push(await run(world));
    }
    assert.deepEqual(answers[1], answers[0]);
  });
}
