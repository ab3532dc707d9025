// The scripts of the README, as they stand in the packed package, run where it says that they run. Only the
// way to the service is not the reader's: what is meant for Fireworks goes to the emulator.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { write } from "../matrix/fixture.mjs";
import {
  code,
  command,
  creates,
  emulator,
  exampleReadme,
  readme,
  shell,
  start,
  stop,
  TOKEN,
} from "./snippets.mjs";

before(start);
after(stop);

for (const [runtime, beginning, adapted] of [
  ["Node", "node create", (line) => line.replace("node", "node --import ./detour.mjs")],
  ["Bun", "bun create", (line) => line.replace("bun", "bun --preload ./detour.mjs")],
  [
    "Deno",
    "deno run",
    (line) =>
      line
        .replace("run", "run --preload=./detour.mjs --node-modules-dir=manual")
        .replace("api.fireworks.ai", "127.0.0.1"),
  ],
]) {
  test(`README: ${runtime}`, async () => {
    await write("readme/create.mjs", code("create.mjs"));
    const { result, key } = await creates(() => shell(adapted(command(beginning))));
    assert.ok(result.startsWith(`${key.keyId} fw_`), result);
    assert.deepEqual([key.displayName, key.user], ["deploy", "ci-bot"]);
  });
}

test("README: the first example", async () => {
  await write("readme/deploy.mjs", code("deploy.mjs"));
  const { result, key } = await creates(() => shell("node --import ./detour.mjs deploy.mjs"));
  assert.ok(result.startsWith(`${key.keyId} fw_`), result);
  assert.equal(key.annotations.team, "infra");
});

test("README: an audit", async () => {
  await write("readme/audit.mjs", code("audit.mjs"));
  const created = await (
    await fetch(`${emulator.url}/v1/accounts/acme/users/me/apiKeys`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: '{"apiKey": {}}',
    })
  ).json();
  const printed = await shell("node --import ./detour.mjs audit.mjs");
  assert.match(printed, /^\d+ keys never expire\n/);
  assert.ok(printed.includes(`${created.keyId} me@example.com never-expires, never-used\n`), printed);
});

test("README: every block of code is run, and every local link leads somewhere", async () => {
  const names = await readdir(import.meta.dirname);
  const texts = await Promise.all(names.map((name) => readFile(join(import.meta.dirname, name), "utf8")));
  const source = texts.join("\n");
  for (const [text, at] of [
    [readme, "../../"],
    [exampleReadme, "../../examples/edge-broker/"],
  ]) {
    const blocks = [...text.matchAll(/^```(\w+) ?(\S*)$/gm)].map(([, language, file]) => [language, file]);
    assert.deepEqual(
      blocks.filter(([language, file]) => !file && language !== "sh"),
      [],
    );
    for (const [, file] of blocks) assert.ok(!file || source.includes(`"${file}"`), `${file} is not run`);
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      await readFile(new URL(`${at}${link}`, import.meta.url));
    }
  }
});
