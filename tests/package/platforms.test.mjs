// What the package says of the platforms that it runs on, held against them.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import { exists, folder, prepare, program, root, run, write } from "../matrix/fixture.mjs";

before(prepare);

const read = (...path) => readFile(join(root, ...path), "utf8");

test("Node that package.json claims can require the package", async () => {
  const { engines } = JSON.parse(await read("package.json"));
  // The first releases of each line that require an ECMAScript module without a flag.
  assert.equal(engines.node, "^20.19.0 || >=22.12.0");
  const script = await write(
    "platforms/require.cjs",
    'const { createApiKey } = require("fireworks-keys"); console.log(typeof createApiKey);',
  );
  assert.equal((await run(process.execPath, ["--no-warnings", script])).trim(), "function");
});

test("the compatibility date is one that the oldest and the newest workerd here know", async () => {
  const pages = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  const files = [["README.md"], ...pages.map((name) => ["docs", name])];
  files.push(["examples", "edge-broker", "wrangler.toml"]);
  const dates = [];
  for (const file of files)
    dates.push(
      ...Array.from((await read(...file)).matchAll(/compatibility_date = "(.+)"/g), ([, date]) => date),
    );
  assert.ok(dates.length >= 4);
  assert.equal(new Set(dates).size, 1, dates.join());
  // Wrangler brings its own.
  const require = createRequire(program("wrangler/package.json"));
  for (const resolve of [createRequire(join(folder, "package.json")).resolve, require.resolve]) {
    const { compatibilityDate, version } = await workerd(resolve);
    assert.ok(dates[0] < compatibilityDate, `${version} knows ${compatibilityDate}, and not ${dates[0]}`);
  }
});

/** What an installed workerd says of itself: its version holds the last date that it knows. */
async function workerd(resolve) {
  const path = resolve("workerd/package.json");
  assert.ok(await exists(path));
  const { version } = JSON.parse(await readFile(path, "utf8"));
  const [, year, month, day] = /^\d+\.(\d{4})(\d\d)(\d\d)\./.exec(version);
  return { version, compatibilityDate: `${year}-${month}-${day}` };
}
