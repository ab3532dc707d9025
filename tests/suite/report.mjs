// Runs every case and returns the results as plain data that can leave a runtime.

import { cases } from "./index.mjs";

/**
 * Returns the names of the failed cases with their errors; an empty array if all passed. Whoever waits in
 * vain finds the name of the case that is under way in `globalThis.underWay`.
 */
export async function report(package_, api) {
  const failures = [];
  for (const [name, run] of Object.entries(cases)) {
    globalThis.underWay = name;
    try {
      await run(package_, api);
    } catch (error) {
      // The message is added because not every engine's stack begins with it.
      failures.push([`${name}: ${error}`, error?.stack].join("\n"));
    }
  }
  return failures;
}
