// Runs a worker in the real workerd.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, parse } from "node:path";
import { createInterface } from "node:readline";
import { folder, program, run, tool } from "./fixture.mjs";

/** The name under which the package's entry imports its module. */
export const COMPILED = "fireworks_keys.wasm?module";

const IS_WASM = /\.wasm(\?module)?$/;

/** Bundles a script of the project for workers into a folder, and returns the modules' names. */
export async function bundleWorker(script, at, conditions = ["workerd", "worker", "browser"]) {
  const { build } = await tool("esbuild");
  await build({
    entryPoints: [join(folder, script)],
    outdir: join(folder, at),
    outExtension: { ".js": ".js" },
    bundle: true,
    format: "esm",
    conditions,
    loader: { ".wasm": "copy" },
    external: ["cloudflare:*"],
    assetNames: "[name]",
    logLevel: "warning",
  });
  return [`${parse(script).name}.js`, conditions.length > 0 ? COMPILED : "fireworks_keys.wasm"];
}

/** Builds the project in a folder with wrangler, and returns the modules that wrangler would deploy. */
export async function wrangle(from, out) {
  const cwd = join(folder, from);
  const wrangler = program("wrangler/bin/wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" };
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", out], { cwd, env });
  const files = await readdir(join(cwd, out));
  // Wrangler names its file as it is imported.
  const compiled = files.filter((name) => IS_WASM.test(name)).map((name) => ({ name, file: name }));
  return ["worker.js", ...compiled];
}

/** A worker that runs the main worker's `scheduled`, as a cron trigger does. */
const CLOCK = `export default {
  async fetch(request, { MAIN }) {
    return Response.json(await MAIN.scheduled({ cron: "0 3 * * *", scheduledTime: new Date() }));
  },
};`;

/** The compatibility date and flags of the documents' wrangler.toml. */
export const DATE = "2026-01-01";
const FLAGS = ["enable_request_signal"];

/**
 * Starts a worker. Its modules are files of a folder, or names with the files that they stand for; the first
 * is the main one.
 * `binary`: the folder of an installed workerd, if it is not the project's own.
 * `outbound`: an address that gets all of the worker's requests.
 * `kv`: the names of its KV namespaces; each is stored in a folder of that name.
 * `durable`: its Durable Object classes by their bindings, stored in the folder `durable`.
 * `scheduled`: provides `runScheduled`, which runs the worker's `scheduled` and resolves to the outcome.
 * `output`: receives what the worker writes to the console.
 */
export async function startWorkerd(
  at,
  modules,
  {
    outbound,
    env = {},
    kv = [],
    durable = {},
    scheduled = false,
    output,
    date = DATE,
    flags = FLAGS,
    binary,
  } = {},
) {
  const embed = (name) => `embed ${JSON.stringify(name)}`;
  const internet = outbound
    ? `external = (address = ${JSON.stringify(new URL(outbound).host)}, http = ())`
    : `network = (allow = ["private"])`;
  const clock = `(name = "clock", worker = (
    modules = [(name = "clock.js", esModule = ${JSON.stringify(CLOCK)})],
    bindings = [(name = "MAIN", service = "main")],
    compatibilityDate = ${JSON.stringify(date)},
    compatibilityFlags = ["service_binding_extra_handlers"],
  ))`;
  const services = kv.map((name) => `(name = "${name}", disk = (path = "${name}", writable = true))`);
  const objects = Object.entries(durable);
  if (objects.length > 0) services.push(`(name = "durable", disk = (path = "durable", writable = true))`);
  if (scheduled) services.push(clock);
  const bindings = [
    ...Object.entries(env).map(([name, value]) =>
      typeof value === "string"
        ? `(name = "${name}", text = ${JSON.stringify(value)})`
        : `(name = "${name}", json = ${JSON.stringify(JSON.stringify(value))})`,
    ),
    ...kv.map((name) => `(name = "${name}", kvNamespace = "${name}")`),
    ...objects.map(([name, kind]) => `(name = "${name}", durableObjectNamespace = "${kind}")`),
  ];
  const embedded = modules.map((module) => {
    const { name, file } = typeof module === "string" ? { name: module, file: module.split("?")[0] } : module;
    const kind = IS_WASM.test(file) ? "wasm" : "esModule";
    return `(name = ${JSON.stringify(name)}, ${kind} = ${embed(file)})`;
  });
  const namespaces = objects.map(
    ([, kind]) => `(className = "${kind}", uniqueKey = "${kind}", enableSql = true)`,
  );
  const config = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", ${internet}), ${services}],
  sockets = [(name = "http", service = "main")${scheduled ? ', (name = "clock", service = "clock")' : ""}],
);
const worker :Workerd.Worker = (
  modules = [${embedded}],
  bindings = [${bindings}],
  compatibilityDate = ${JSON.stringify(date)},
  compatibilityFlags = ${JSON.stringify(flags)},
  durableObjectNamespaces = [${namespaces}],
  durableObjectStorage = (${objects.length > 0 ? `localDisk = "durable"` : "inMemory = void"}),
);
`;
  const path = join(folder, at);
  await mkdir(path, { recursive: true });
  for (const name of objects.length > 0 ? [...kv, "durable"] : kv)
    await mkdir(join(path, name), { recursive: true });
  await writeFile(join(path, "config.capnp"), config);
  const sockets = scheduled ? ["http", "clock"] : ["http"];
  const addresses = sockets.map((name) => `--socket-addr=${name}=127.0.0.1:0`);
  // Starts the binary itself, because npm's wrapper forwards neither signals nor the control channel.
  const { default: workerd } = await tool(binary ?? "workerd");
  const child = spawn(
    workerd.default,
    // The clock's compatibility flag is experimental.
    ["serve", "config.capnp", ...(scheduled ? ["--experimental"] : []), ...addresses, "--control-fd=3"],
    { cwd: path, stdio: ["ignore", output ? "pipe" : "inherit", output ? "pipe" : "inherit", "pipe"] },
  );
  for (const stream of output ? [child.stdout, child.stderr] : [])
    stream.setEncoding("utf8").on("data", output);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = () => {
    process.off("exit", kill);
    child.kill();
  };
  const ports = await Promise.race([
    listening(child.stdio[3], sockets.length),
    once(child, "exit").then(([code]) => {
      throw new Error(`workerd ended with ${code}`);
    }),
  ]);
  const kill9 = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
    process.off("exit", kill);
  };
  const runScheduled = async () => (await (await fetch(`http://127.0.0.1:${ports.clock}`)).json()).outcome;
  return { url: `http://127.0.0.1:${ports.http}`, pid: child.pid, runScheduled, stop, kill9 };
}

/** The ports of workerd's sockets by their names: it writes each to the control channel as it listens. */
async function listening(channel, count) {
  const ports = {};
  for await (const line of createInterface({ input: channel })) {
    const { event, socket, port } = JSON.parse(line);
    if (event === "listen") ports[socket] = port;
    if (Object.keys(ports).length === count) return ports;
  }
  throw new Error("workerd does not listen");
}

/** A port that is free now. Another process may take it first, so prefer what can listen on port 0. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
