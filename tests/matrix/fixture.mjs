// A project that installs the package as its users do: from the packed tarball. It is in cargo's target
// folder, and is rebuilt only when the package or the tools have changed.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { pack } from "../../tools/package/pack.mjs";

const exec = promisify(execFile);

/** The repository's folder. */
export const root = join(import.meta.dirname, "../..");

/** The project's folder. */
export const folder = join(root, "target/matrix");

const npm = (args, cwd) => exec("npm", [...args, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd });

/**
 * Makes the project, or updates it if something has changed. `cargo xtask test` does so before all tests,
 * some of which read it while others start, and sets FIREWORKS_TARBALL.
 */
export async function prepare() {
  const { FIREWORKS_TARBALL: tarball } = process.env;
  if (tarball) return { tarball };
  await mkdir(folder, { recursive: true });
  const lock = await readFile(join(import.meta.dirname, "package-lock.json"));
  await once("tools", hash(lock), async () => {
    console.log("Installing the runtimes and bundlers of tests/matrix/package-lock.json");
    for (const file of ["package.json", "package-lock.json"]) {
      await cp(join(import.meta.dirname, file), join(folder, file));
    }
    await npm(["ci"], folder);
  });
  const { tarball: packed, integrity } = await pack(folder);
  await once("package", hash(lock, integrity), () => npm(["install", "--no-save", packed], folder));
  await rm(join(folder, "suite"), { recursive: true, force: true });
  await cp(join(root, "tests/suite"), join(folder, "suite"), { recursive: true });
  return { tarball: packed };
}

/** Runs `work` unless it has already run for this state. */
async function once(name, state, work) {
  const mark = join(folder, `.${name}`);
  const done = await readFile(mark, "utf8").catch(() => undefined);
  if (done === state) return;
  await work();
  await writeFile(mark, state);
}

function hash(...parts) {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest("hex");
}

/** Writes a file into the project, and returns its path. */
export async function write(path, text) {
  const file = join(folder, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** Imports one of the project's tools. */
export function tool(name) {
  const require = createRequire(join(folder, "package.json"));
  return import(pathToFileURL(require.resolve(name)).href);
}

/** The path of a file in the project's node_modules, such as a program. */
export function program(path) {
  return join(folder, "node_modules", path);
}

/** Bun's own binary: npm's link to it would download it again. */
export const bun = program(
  `@oven/bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`,
);

/** Runs a program in the project, and returns its output. */
export async function run(command, args, options) {
  try {
    const { stdout } = await exec(command, args, { cwd: folder, maxBuffer: 2 ** 26, ...options });
    return stdout;
  } catch (error) {
    throw new Error(`${command} ${args[0]}: ${error.stderr || error.stdout || error.message}`);
  }
}

/** Whether the file exists. */
export async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}
