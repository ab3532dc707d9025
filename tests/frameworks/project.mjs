// Projects that have the packed tarball beside a framework: each group of frameworks shares one install,
// from a lock file of its own, in cargo's target folder. Each try of a framework ends with a real key.

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { entries } from "../../tools/package/tried.mjs";
import { startEmulator } from "../emulator/server.mjs";
import { prepare, program, root } from "../matrix/fixture.mjs";
import { TOKEN } from "./recipe.mjs";

const exec = promisify(execFile);

const target = join(root, "target/frameworks");

/** Where each cell's last try that ended well is noted; `record.mjs` makes the document of them. */
export const NOTES = join(target, "tried");

/** What every cell's code creates a key with; `api` is the emulator's address. */
export const options = (api, displayName) =>
  JSON.stringify({
    token: "fw_local_admin",
    accountId: "local",
    userId: "ci-bot",
    baseUrl: api,
    displayName,
  });

/** Installs a group, and the tarball beside it, and returns its folder. */
async function installed(group) {
  const { tarball } = await prepare();
  const folder = join(target, group);
  const here = join(import.meta.dirname, group);
  const lock = await readFile(join(here, "package-lock.json"));
  const state = createHash("sha256").update(lock).digest("hex");
  const mark = join(folder, ".installed");
  if ((await readFile(mark, "utf8").catch(() => "")) !== state) {
    console.log(`Installing the frameworks of tests/frameworks/${group}/package-lock.json`);
    await mkdir(folder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) await cp(join(here, file), join(folder, file));
    await exec("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
    await writeFile(mark, state);
  }
  const package_ = join(folder, "node_modules/fireworks-keys");
  await rm(package_, { recursive: true, force: true });
  await mkdir(package_, { recursive: true });
  await exec("tar", ["xzf", tarball, "--strip-components=1", "-C", package_]);
  return folder;
}

const groups = new Map();

/**
 * Tries one thing: `work` gets a project, and must have made a key of its `name`. `of` names the packages of
 * the group whose versions are noted.
 */
export function cell(name, group, of, work) {
  test(name, { timeout: 600_000 }, async () => {
    if (!groups.has(group)) groups.set(group, installed(group));
    const folder = await groups.get(group);
    const at = `cells/${name.replace(/\W+/g, "-").toLowerCase()}`;
    await rm(join(folder, at), { recursive: true, force: true });
    const emulator = await startEmulator();
    const project = new Project(folder, at, emulator.url, name);
    try {
      await work(project);
      const stored = await (
        await fetch(`${emulator.url}/v1/accounts/local/users/ci-bot/apiKeys`, {
          headers: { authorization: "Bearer fw_local_admin" },
        })
      ).json();
      const made = (stored.apiKeys ?? []).filter(({ displayName }) => displayName === name);
      if (made.length === 0) throw new Error("no key was made");
    } finally {
      await project.stop();
      await emulator.stop();
    }
    const versions = {};
    for (const each of of) versions[each] = await project.version(each);
    await mkdir(NOTES, { recursive: true });
    const note = { name, versions, date: new Date().toISOString().slice(0, 10), entries: await entries() };
    await writeFile(join(NOTES, `${at.replace("cells/", "")}.json`), JSON.stringify(note));
  });
}

/** A folder inside an installed group, with its emulator. */
class Project {
  #running = [];

  constructor(folder, at, api, name) {
    this.modules = join(folder, "node_modules");
    this.folder = join(folder, at);
    this.api = api;
    this.options = options(api, name);
  }

  /** Writes files, by their paths. */
  async write(files) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof text === "string" ? text : JSON.stringify(text));
    }
  }

  path(...names) {
    return join(this.folder, ...names);
  }

  module(...names) {
    return join(this.modules, ...names);
  }

  async version(name) {
    // Bun is one of the runtimes that CI has, too.
    const file = name === "bun" ? program("bun/package.json") : this.module(name, "package.json");
    return JSON.parse(await readFile(file, "utf8")).version.replace("v", "");
  }

  /** Runs a program to its end, and returns what it printed. */
  async run(command, args, env = {}) {
    try {
      const { stdout } = await exec(command, args, {
        cwd: this.folder,
        env: { ...clean(), ...env },
        maxBuffer: 2 ** 26,
      });
      return stdout;
    } catch (error) {
      throw new Error(`${command} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
    }
  }

  /** Runs a script of an installed package with Node. */
  node(script, args = [], env = {}) {
    return this.run(process.execPath, [this.module(script), ...args], env);
  }

  /** Starts a server, and resolves to what `ask` makes of its address once it answers that. */
  async serve(command, args, port, ask, env = {}) {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...clean(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#running.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (said += text));
    const url = `http://127.0.0.1:${port}`;
    try {
      while (
        !(await fetch(url).then(
          () => true,
          () => false,
        ))
      ) {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return await ask(url);
    } catch (error) {
      throw new Error(`${error.message}\n${said}`);
    }
  }

  /** Runs in workerd what Nitro has built for Cloudflare, as its documentation says. */
  async wrangler(node, ask) {
    const [port, inspector] = [await freePort(), await freePort()];
    const [variable] = Object.entries(TOKEN).map((pair) => pair.join(":"));
    const args = [this.module("wrangler/bin/wrangler.js"), "dev", "--cwd", ".output"];
    const more = ["--config", "server/wrangler.json", "--var", variable, "--inspector-port", inspector];
    return this.serve(node, [...args, ...more, "--ip", "127.0.0.1", "--port", port], port, ask);
  }

  /** Ends the servers, with the processes that they have started. */
  async stop() {
    for (const { pid } of this.#running) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
  }
}

/** The environment without what the test runner sets: tools would take it for theirs. */
function clean() {
  const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...environment } = process.env;
  return {
    ...environment,
    CI: "true",
    NEXT_TELEMETRY_DISABLED: "1",
    ASTRO_TELEMETRY_DISABLED: "1",
    NUXT_TELEMETRY_DISABLED: "1",
    WRANGLER_SEND_METRICS: "false",
  };
}

/** A port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

/** Asks an address, and throws unless it answers with a key's id. */
export async function keyFrom(url, method = "GET") {
  // A POST of another type could be a form, which frameworks take from their own pages only.
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method, ...(method === "POST" && { headers, body: "{}" }) });
  const text = await response.text();
  if (!response.ok || !/"keyId":/.test(text))
    throw new Error(`${url}: ${response.status} ${text.slice(0, 2_000)}`);
}
