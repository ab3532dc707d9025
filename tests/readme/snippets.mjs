// What the documents' tests share: the code that stands in the packed package's README, in docs/ and in the
// example's README, the project in which it runs, and the emulator that stands in for the service.

import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { startEmulator } from "../emulator/server.mjs";
import { bun, folder, prepare, program, root, run, write } from "../matrix/fixture.mjs";
import { storedKeys } from "../suite/service.mjs";

/** Where the documents' code sends its requests. */
export const SERVICE = "https://api.fireworks.ai";

/** The emulator's administrator. */
export const TOKEN = "fw_local_admin";

/** The emulator, once it is started. */
export let emulator;

/** The texts of the package's README, of the pages in docs/ and of the example's README, by their paths. */
export const documents = new Map();

const EXAMPLE = "examples/edge-broker/README.md";

/** Installs the package, reads the documents and starts the emulator. */
export async function start() {
  await prepare();
  documents.set("README.md", await readFile(join(folder, "node_modules/fireworks-keys/README.md"), "utf8"));
  const pages = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  for (const path of [...pages.map((name) => `docs/${name}`), EXAMPLE])
    documents.set(path, await readFile(join(root, path), "utf8"));
  await rm(join(folder, "readme"), { recursive: true, force: true });
  const users = [
    "me:admin",
    "ci-bot:user:service-account",
    "broker:inference-user:service-account",
    "rotating:inference-user:service-account",
  ];
  emulator = await startEmulator({
    // Workers reach it by the name of the service.
    args: [
      "--faults",
      "--host",
      new URL(SERVICE).hostname,
      "--account",
      "acme",
      ...users.flatMap((user) => ["--user", user]),
    ],
  });
  await write("readme/detour.mjs", detour());
}

/** Stops the emulator. */
export const stop = () => emulator?.stop();

/** The block of code that is headed by this file name, which only one of the documents has. */
export function code(file) {
  const blocks = [...documents.values()].flatMap((text) => [
    ...text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```/gm),
  ]);
  const found = blocks.filter(([, name]) => name === file);
  assert.equal(found.length, 1, `one document has ${file}`);
  return found[0][2];
}

/** A line of shell, or a command in a table, that begins like this: the first of the documents'. */
export function command(start) {
  const lines = [...documents.values()].flatMap((text) => text.split("\n"));
  const line = lines.find((line) => line.startsWith(start) || line.includes(`| \`${start}`));
  assert.ok(line, `no document has the command ${start}`);
  return /`(.+)`/.exec(line)?.[1] ?? line;
}

/** What sends a request for the service to the emulator. */
export function detour() {
  return `const { fetch } = globalThis;
    globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      const { method, headers, redirect, signal } = request;
      const elsewhere = request.url.replace(${JSON.stringify(SERVICE)}, ${JSON.stringify(emulator.url)});
      const body = method === "GET" ? undefined : await request.text();
      return fetch(elsewhere, { method, headers, redirect, signal, body });
    };`;
}

/** Does something that must create one key, and returns its result and the key as it is stored. */
export async function creates(work) {
  const stored = () => storedKeys(emulator.url);
  const before = (await stored()).length;
  const result = await work();
  const keys = await stored();
  assert.equal(keys.length, before + 1, "one key was created");
  return { result, key: keys.at(-1) };
}

/** Runs a line of shell in the project, and returns what it printed. */
export const shell = (line, cwd = "readme") =>
  run("sh", ["-c", line], {
    cwd: join(folder, cwd),
    env: {
      ...process.env,
      PATH: [dirname(bun), program(".bin"), process.env.PATH].join(":"),
      FIREWORKS_API_KEY: TOKEN,
    },
  });
