// The documents' example of a unit test, in the test runners that it names.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { folder, program, run, write } from "../matrix/fixture.mjs";
import { code, start, stop } from "./snippets.mjs";

before(async () => {
  await start();
  await write("readme/units/package.json", '{"type": "module"}');
  await write("readme/units/hire.js", code("hire.js"));
});
after(stop);

const RUNNERS = {
  Vitest: [program("vitest/vitest.mjs"), "run", "--root", "."],
  Jest: [program("jest/bin/jest.js"), "--rootDir", ".", "--testEnvironment", "node"],
};

for (const [runner, args] of Object.entries(RUNNERS)) {
  test(`docs: a unit test in ${runner}, which notices a product that is wrong`, async () => {
    const runs = async (text) => {
      const file = runner === "Jest" ? text.replace('from "vitest"', 'from "@jest/globals"') : text;
      await write("readme/units/hire.test.js", file);
      const env = { ...process.env, CI: "1", NODE_OPTIONS: "--experimental-vm-modules --no-warnings" };
      return run(process.execPath, args, { cwd: join(folder, "readme/units"), env });
    };
    await runs(code("hire.test.js"));
    await assert.rejects(runs(code("hire.test.js").replace('hire("ann"', 'hire("bob"')), /bob/);
  });
}
