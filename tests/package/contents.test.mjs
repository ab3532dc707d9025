// Tests what the tarball contains, and that npm's and TypeScript's own checks find nothing wrong with it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, prepare, program, root, run } from "../matrix/fixture.mjs";

let tarball;

before(async () => {
  ({ tarball } = await prepare());
});

const installed = (...path) => join(folder, "node_modules/fireworks-keys", ...path);
const manifest = async () => JSON.parse(await readFile(installed("package.json"), "utf8"));

test("the tarball holds what is needed, and nothing else", async () => {
  const files = (await run("tar", ["tzf", tarball])).trim().split("\n").sort();
  assert.deepEqual(
    files,
    [
      ...["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"],
      ...["default", "edge-light", "inline", "url", "workerd"].map((entry) => `dist/${entry}.js`),
      "dist/fireworks_keys.wasm",
      ...["cloudflare", "index", "jwt", "redis"].map((entry) => `dist/broker/${entry}.js`),
      ...[
        "budget",
        "cloudflare",
        "durability",
        "duration",
        "handler",
        "index",
        "jwt",
        "ledger",
        "memory",
        "options",
        "problem",
        "reconcile",
        "redis",
      ].map((types) => `dist/types/broker/${types}.d.ts`),
      ...["advice", "body", "compiled", "errors", "event", "index", "list", "types"].map(
        (types) => `dist/types/${types}.d.ts`,
      ),
    ]
      .map((file) => `package/${file}`)
      .sort(),
  );
});

test("there is one version, that of Cargo.toml, and the changelog knows it", async () => {
  const cargo = await readFile(join(root, "Cargo.toml"), "utf8");
  const version = /\[workspace\.package\]\nversion = "(.+)"/.exec(cargo)[1];
  assert.equal((await manifest()).version, version);
  assert.ok((await readFile(installed("CHANGELOG.md"), "utf8")).includes(`## ${version}\n`));
});

test("what a registry and its readers want to know is there", async () => {
  const { license, description, keywords, publishConfig, dependencies } = await manifest();
  assert.equal(license, "MIT OR Apache-2.0");
  assert.ok(description && keywords.length > 3);
  assert.deepEqual(publishConfig, { access: "public", provenance: true });
  assert.equal(dependencies, undefined, "nothing else is installed with it");
});

test("the release holds neither debug names nor source maps nor paths of a machine", async () => {
  const module = await readFile(installed("dist/fireworks_keys.wasm"));
  const compiled = await WebAssembly.compile(module);
  for (const section of ["name", "producers", ".debug_info", "sourceMappingURL"]) {
    assert.equal(WebAssembly.Module.customSections(compiled, section).length, 0, section);
  }
  for (const path of [root, homedir(), "registry", "index."]) {
    assert.ok(!module.includes(path), path);
  }
  for (const entry of [
    "default",
    "edge-light",
    "inline",
    "url",
    "workerd",
    "broker/index",
    "broker/cloudflare",
    "broker/jwt",
    "broker/redis",
  ]) {
    const script = await readFile(installed(`dist/${entry}.js`), "utf8");
    assert.ok(!script.includes("sourceMappingURL") && !script.includes(root), entry);
  }
});

test("a debug build has names and source maps, and works", async () => {
  const output = await run("cargo", ["xtask", "build", "--debug"], { cwd: root });
  const package_ = output.trim().split("\n").at(-1);
  const compiled = await WebAssembly.compile(await readFile(join(package_, "dist/fireworks_keys.wasm")));
  assert.equal(WebAssembly.Module.customSections(compiled, "name").length, 1);
  const { sources } = JSON.parse(await readFile(join(package_, "dist/default.js.map"), "utf8"));
  assert.ok(sources.some((source) => source.endsWith("src/js/index.ts")));
  const { createApiKey } = await import(join(package_, "dist/default.js"));
  await assert.rejects(createApiKey({}), { name: "ValidationError" });
});

test("publint finds nothing", async () => {
  const output = await run(process.execPath, [program("publint/src/cli.js"), "run", tarball, "--strict"]);
  assert.match(output, /All good/);
});

test("the types are found by everyone who can import the package", async () => {
  const attw = program("@arethetypeswrong/cli/dist/index.js");
  await run(process.execPath, [attw, tarball, "--profile", "esm-only"]);
});
