// The package in realms that have little: a bare engine, the globals of a test tool, frozen intrinsics.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const scripts = async (folder) =>
  (await readdir(here(`../../dist/${folder}`)))
    .filter((name) => name.endsWith(".js"))
    .map((name) => folder + name);

/** What a program prints, line by line. */
async function printed(program, ...args) {
  const flags = ["--no-warnings", "--experimental-vm-modules"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, here(program), ...args]);
  return stdout.trim().split("\n");
}

/** What a call needs of its platform, besides a fetch. */
const NEEDED = [
  ...["AbortController", "TextDecoder", "TextEncoder", "URL", "WebAssembly", "btoa", "crypto"],
  ...["performance", "setTimeout", "clearTimeout"],
];

test("every entry can be imported where there is nothing but the language", async () => {
  const folders = ["", "broker/", "member/"];
  const all = (await Promise.all(folders.map(scripts))).flat();
  // The program is for Node.
  const entries = all.filter((name) => name !== "cli.js");
  assert.ok(entries.length >= 7, entries.join());
  for (const entry of entries) {
    const [ready, ended] = await printed("realm.mjs", entry);
    assert.equal(ready, "ready", entry);
    // These do not load the module by themselves.
    if (entry.includes("/") || entry === "testing.js") continue;
    assert.match(ended, /^ModuleLoadError: createApiKey: .*: this platform has no WebAssembly$/, entry);
  }
});

test("the first call names what the platform lacks", async () => {
  for (const missing of NEEDED) {
    const names = [...NEEDED, "atob"].filter((name) => name !== missing);
    const [, ended] = await printed("realm.mjs", "inline.js", ...names);
    assert.match(ended, new RegExp(`^ModuleLoadError: .*: this platform has no ${missing}$`));
  }
  const [, inflating] = await printed("realm.mjs", "default.js", ...NEEDED, "atob", "Response");
  assert.match(inflating, /^ModuleLoadError: .*: this platform has no DecompressionStream$/);
  const [, loading] = await printed("realm.mjs", "url.js", ...NEEDED);
  assert.match(loading, /^ModuleLoadError: .*: this platform has no fetch$/);
});

test("no more is needed than what is named", async () => {
  for (const [entry, ...names] of [
    ["inline.js", "atob"],
    ["default.js", "atob", "Response", "DecompressionStream"],
    // As a test tool for pages has it, with Node around it.
    ...(process.getBuiltinModule ? [["default.js", "atob", "process"]] : []),
    ["edge.js"],
  ]) {
    assert.deepEqual(await printed("realm.mjs", entry, ...NEEDED, ...names), ["ready", "k"], entry);
  }
});

test("with frozen intrinsics, names that every object has are annotations like any other", async () => {
  for (const when of ["before", "after"]) {
    const [line] = await printed("frozen.mjs", when);
    const given = { constructor: "c", toString: "s", valueOf: "v" };
    const names = { ...given, ["__proto__"]: "p" };
    assert.deepEqual(JSON.parse(line), {
      created: given,
      header: "c",
      listed: names,
      audited: names,
      successor: names,
      refused: names,
      event: "orphans-swept",
      bystander: "k",
    });
  }
});
