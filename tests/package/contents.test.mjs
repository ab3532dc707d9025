// Tests what the tarball contains, and that npm's and TypeScript's own checks find nothing wrong with it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { exists, folder, prepare, program, root, run } from "../matrix/fixture.mjs";

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
      ...["cli", "default", "edge", "inline", "testing", "url"].map((entry) => `dist/${entry}.js`),
      "dist/fireworks_keys.wasm",
      ...["cloudflare", "index", "jwt", "redis"].map((entry) => `dist/broker/${entry}.js`),
      ...["index", "tabs"].map((entry) => `dist/member/${entry}.js`),
      ...["error", "event", "index", "options"].map((types) => `dist/types/member/${types}.d.ts`),
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
        "reconciliation",
        "redis",
      ].map((types) => `dist/types/broker/${types}.d.ts`),
      ...["fault", "index", "types"].map((types) => `dist/types/testing/${types}.d.ts`),
      ...["advice", "body", "compiled", "errors", "event", "finding", "index", "list", "types"].map(
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

test("the packed README is short, and each of its links leads somewhere from npm's page, too", async () => {
  const readme = await readFile(installed("README.md"), "utf8");
  assert.ok(readme.split("\n").length <= 160, "what is longer belongs into docs/");
  const links = Array.from(
    readme.matchAll(/\]\(([^)\s]+)|(?:src|srcset|href)="([^"\s]+)/g),
    ([, a, b]) => a ?? b,
  );
  assert.ok(links.length > 5);
  const pictures = links.filter((link) => link.includes("/raw/"));
  assert.ok(pictures.length > 0);
  for (const link of pictures)
    assert.ok(await exists(join(root, link.replace(/^.*?\/raw\/[^/]+\//, ""))), link);
  for (const link of links) assert.match(link, /^(#|https:\/\/)/);
});

test("a release is refused while nobody knows where the repository is", async () => {
  const { url } = (await manifest()).repository;
  const release = run(process.execPath, [join(root, "tools/package/pack.mjs"), "--release"]);
  if (url.includes("OWNER")) await assert.rejects(release, /placeholder/);
  else await release;
});

test("what a registry and its readers want to know is there", async () => {
  const { license, description, keywords, publishConfig, dependencies } = await manifest();
  assert.equal(license, "MIT OR Apache-2.0");
  assert.ok(description && keywords.length > 3);
  assert.deepEqual(publishConfig, { access: "public", provenance: true });
  assert.equal((await manifest()).private, undefined);
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
    "cli",
    "default",
    "edge",
    "inline",
    "url",
    "broker/index",
    "broker/cloudflare",
    "broker/jwt",
    "testing",
    "member/index",
    "member/tabs",
    "broker/redis",
  ]) {
    const script = await readFile(installed(`dist/${entry}.js`), "utf8");
    assert.ok(!script.includes("sourceMappingURL") && !script.includes(root), entry);
  }
});

test("the service in memory stays below 5 KB, brotli, and needs nothing else", async () => {
  const script = await readFile(installed("dist/testing.js"));
  assert.ok(brotliCompressSync(script).length < 5_000);
  assert.doesNotMatch(script.toString(), /\bimport\b|WebAssembly/);
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

test("the program for the terminal is installed, and knows its version", async () => {
  const { version } = await manifest();
  assert.equal(await run(program(".bin/fireworks-keys"), ["--version"]), `${version}\n`);
});

test("publint finds nothing", async () => {
  const output = await run(process.execPath, [program("publint/src/cli.js"), "run", tarball, "--strict"]);
  assert.match(output, /All good/);
});

test("the types are found by everyone who can import the package", async () => {
  const attw = program("@arethetypeswrong/cli/dist/index.js");
  await run(process.execPath, [attw, tarball, "--profile", "esm-only"]);
});
