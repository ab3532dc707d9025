// Runs the cells of a matrix as tests, and prints them as a table.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startEmulator } from "../emulator/server.mjs";
import { emulatorArguments } from "../suite/index.mjs";
import { folder, prepare } from "./fixture.mjs";

/** How many cells run at once. The suite waits for most of its time. */
const AT_ONCE = 4;

/**
 * Each cell is a name and a function. The function takes the address of an emulator and the name of a
 * folder of the project, both the cell's own. It returns the failures of the suite, or throws.
 */
export function matrix(title, cells) {
  describe(title, { concurrency: AT_ONCE }, () => {
    const results = new Map();

    before(prepare);

    after(() => {
      const names = Object.keys(cells);
      const width = Math.max(title.length, ...names.map((name) => name.length));
      const line = (...columns) => console.log(`| ${columns.join(" | ")} |`);
      line(title.padEnd(width), "suite");
      line("-".repeat(width), "-----");
      for (const name of names) line(name.padEnd(width), results.get(name));
    });

    for (const [index, [name, run]] of Object.entries(cells).entries()) {
      test(name, async () => {
        const at = `${title}-${index}`;
        await rm(join(folder, at), { recursive: true, force: true });
        const emulator = await startEmulator({ args: emulatorArguments });
        try {
          const failures = await run(emulator.url, at);
          if (!Array.isArray(failures)) throw new Error(`no report: ${JSON.stringify(failures)}`);
          if (failures.length > 0) throw new Error(failures.join("\n\n"));
          results.set(name, "✔");
        } catch (error) {
          results.set(name, `✘ ${error.message.split("\n", 1)}`);
          throw error;
        } finally {
          await emulator.stop();
        }
      });
    }
  });
}
