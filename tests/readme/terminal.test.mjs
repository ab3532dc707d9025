// Runs the documents' commands for the terminal, and the step of its nightly job.

import assert from "node:assert/strict";
import { chmod, mkdir, readFile, rm, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { folder, program, run, write } from "../matrix/fixture.mjs";
import { storedKeys } from "../suite/service.mjs";
import { code, command, emulator, start, stop, TOKEN } from "./snippets.mjs";

const at = "readme/terminal";

before(async () => {
  await start();
  await rm(join(folder, at), { recursive: true, force: true });
  await mkdir(join(folder, at), { recursive: true });
});

after(() => stop());

/** Runs a line of shell, with `npx` and `vault` in its way, and the emulator as the service. */
async function inShell(line) {
  const programs = {
    npx: `[ "$1" = --yes ] && shift; shift
      exec ${program(".bin/fireworks-keys")} "$@" --base-url ${emulator.url}`,
    vault: `[ "$*" = "kv put secret/fireworks key=-" ] && cat > ${join(folder, at, "vault.txt")}`,
  };
  for (const [name, text] of Object.entries(programs))
    await chmod(await write(`${at}/bin/${name}`, `#!/bin/sh\n${text}\n`), 0o700);
  const PATH = join(folder, at, "bin") + delimiter + process.env.PATH;
  const env = { ...process.env, PATH, FIREWORKS_API_KEY: TOKEN };
  return run("sh", ["-c", line], { cwd: join(folder, at), env });
}

const stored = () => storedKeys(emulator.url, "ci-bot");

test("docs: keys are created, listed and rotated in the terminal", async () => {
  await inShell(command("npx fireworks-keys create"));
  const [{ keyId }] = await stored();
  assert.match(await readFile(join(folder, at, "key.txt"), "utf8"), /^fw_\S+$/);
  assert.ok((await inShell(command("npx fireworks-keys list"))).includes(keyId));
  const rotated = await inShell(command("npx fireworks-keys rotate").replace("KEY_ID", keyId));
  assert.match(rotated, /^stored\t/);
  assert.match(await readFile(join(folder, at, "vault.txt"), "utf8"), /^fw_\S+$/);
  assert.equal((await stored()).length, 2);
});

test("docs: a first key is stored for its rotations, and nobody else can read it", async () => {
  await inShell(command("(umask"));
  const { keyId, key } = JSON.parse(await readFile(join(folder, at, "key.json"), "utf8"));
  const [stored] = await storedKeys(emulator.url, "rotating");
  assert.deepEqual([keyId, key.startsWith(stored.prefix)], [stored.keyId, true]);
  assert.equal((await stat(join(folder, at, "key.json"))).mode & 0o777, 0o600);
});

test("docs: the nightly job fails when a key never expires", async () => {
  const [, step] = /^ +- run: (.+)$/m.exec(code("audit.yml"));
  await inShell(step);
  await inShell("npx fireworks-keys create --account-id acme --user-id ci-bot --expires-in never --print");
  await assert.rejects(inShell(step), /\d+ keys, \d+ of them with findings/);
});
