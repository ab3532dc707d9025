// Runs every case and tells what came of it, as plain data that can leave a runtime.

import { cases } from "./index.mjs";

/** The names of the cases that failed, with why; empty when all passed. */
export async function report(package_, api) {
  const failures = [];
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run(package_, api);
    } catch (error) {
      // Not every engine's stack begins with the message.
      failures.push([`${name}: ${error}`, error?.stack].join("\n"));
    }
  }
  return failures;
}
