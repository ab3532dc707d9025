// Calls of every class of outcome leave memory and the table of values as they were. Memory grows by pages
// of 64 KiB: 10 000 calls that leave 16 bytes each, the least that can be allocated, need two more.

import assert from "node:assert/strict";
import { test } from "node:test";
import fireworksKeys, { footprint, pagesAtStart, watchProcess } from "./instance.mjs";
import { outcomes, rotations, work } from "./outcomes.mjs";

const CALLS = Number(process.env.CALLS ?? 10_000);
const AT_ONCE = 100;
const uncaught = watchProcess();

test("the module starts with one page, and calls that follow each other need two", async () => {
  assert.equal(pagesAtStart, 1);
  for (let call = 0; call < 1_000; call += 1) {
    await fireworksKeys.createApiKey(outcomes.created());
    assert.equal(footprint().pages, 2);
  }
});

test("memory and the table stay flat, whatever the calls come to", async (t) => {
  // Warm up: everything there is, as often at once as it will be.
  const all = [
    ...Object.entries(outcomes).map(([name, options]) => [name, fireworksKeys.createApiKey, options, CALLS]),
    // Each is five calls of the service.
    ...Object.entries(rotations).map(([name, options]) => [
      name,
      fireworksKeys.rotateApiKey,
      options,
      CALLS / 4,
    ]),
  ];
  for (const [, operation, options] of all) await calls(operation, options, 10 * AT_ONCE);
  const warm = footprint();
  t.diagnostic(`warm: ${warm.pages} pages, room for ${warm.values} values`);
  assert.ok(warm.pages <= 8, `${warm.pages} pages`);
  for (const [name, operation, options, count] of all) {
    await calls(operation, options, count);
    assert.deepEqual(footprint(), warm, name);
  }
  assert.deepEqual(uncaught, []);
});

async function calls(operation, options, count) {
  for (let done = 0; done < count; done += AT_ONCE) {
    const call = () => operation(options()).then(Object, Object);
    await Promise.all(Array.from({ length: AT_ONCE }, call));
    await Promise.all(work.splice(0));
  }
}
