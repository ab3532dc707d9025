// Runs the cells of a matrix as tests, one at a time, and prints them as a table.

import { after, before, test } from "node:test";
import { startEmulator } from "../emulator/server.mjs";
import { emulatorArguments } from "../suite/index.mjs";
import { reset } from "../suite/service.mjs";
import { prepare } from "./fixture.mjs";

/**
 * Each cell is a name and a function. The function takes the address of an emulator, and returns the
 * failures of the suite, or throws.
 */
export function matrix(title, cells) {
  const results = [];
  let emulator;

  before(async () => {
    await prepare();
    emulator = await startEmulator({ args: emulatorArguments });
  });

  after(async () => {
    await emulator?.stop();
    const width = Math.max(title.length, ...results.map(([name]) => name.length));
    const line = (...columns) => console.log(`| ${columns.join(" | ")} |`);
    line(title.padEnd(width), "suite");
    line("-".repeat(width), "-----");
    for (const [name, outcome] of results) line(name.padEnd(width), outcome);
  });

  for (const [name, run] of Object.entries(cells)) {
    test(name, async () => {
      await reset(emulator.url);
      try {
        const failures = await run(emulator.url);
        if (!Array.isArray(failures)) throw new Error(`no report: ${JSON.stringify(failures)}`);
        if (failures.length > 0) throw new Error(failures.join("\n\n"));
        results.push([name, "✔"]);
      } catch (error) {
        results.push([name, `✘ ${error.message.split("\n", 1)}`]);
        throw error;
      }
    });
  }
}
