// A worker in the real workerd.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, parse } from "node:path";
import { folder, program, run, tool } from "./fixture.mjs";

/** Bundles a script of the project into a folder as workers are bundled, and returns the modules. */
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
    assetNames: "[name]",
    logLevel: "warning",
  });
  return [`${parse(script).name}.js`, "fireworks_keys.wasm"];
}

/** Lets wrangler build the project in a folder, and returns the modules that it would deploy. */
export async function wrangle(from, out) {
  const cwd = join(folder, from);
  const wrangler = program("wrangler/bin/wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" };
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", out], { cwd, env });
  const files = await readdir(join(cwd, out));
  return ["worker.js", ...files.filter((name) => name.endsWith(".wasm"))];
}

/** A worker that runs another as a cron trigger does. */
const CLOCK = `export default {
  async fetch(request, { MAIN }) {
    return Response.json(await MAIN.scheduled({ cron: "0 3 * * *", scheduledTime: new Date() }));
  },
};`;

/** What the README's wrangler.toml says. */
const TODAY = "2026-11-01";
const FLAGS = ["enable_request_signal"];

/**
 * Starts a worker whose modules are files of a folder, the first of them its main one. All that it
 * fetches goes to `outbound`, an address, where that is given. `kv` names its namespaces, each kept in
 * a folder of that name. A worker that is `scheduled` runs once for each request, which is answered
 * with what became of it.
 */
export async function startWorkerd(
  at,
  modules,
  { outbound, env = {}, kv = [], scheduled = false, date = TODAY, flags = FLAGS } = {},
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
  if (scheduled) services.push(clock);
  const bindings = [
    ...Object.entries(env).map((pair) => `(name = ${JSON.stringify(pair[0])}, text = ${JSON.stringify(pair[1])})`),
    ...kv.map((name) => `(name = "${name}", kvNamespace = "${name}")`),
  ];
  const config = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", ${internet}), ${services}],
  sockets = [(name = "http", service = "${scheduled ? "clock" : "main"}")],
);
const worker :Workerd.Worker = (
  modules = [${modules.map((name) => `(name = ${JSON.stringify(name)}, ${name.endsWith(".wasm") ? "wasm" : "esModule"} = ${embed(name)})`)}],
  bindings = [${bindings}],
  compatibilityDate = ${JSON.stringify(date)},
  compatibilityFlags = ${JSON.stringify(flags)},
);
`;
  const path = join(folder, at);
  await mkdir(path, { recursive: true });
  for (const name of kv) await mkdir(join(path, name), { recursive: true });
  await writeFile(join(path, "config.capnp"), config);
  const port = await freePort();
  // The binary itself: npm's wrapper passes neither signals nor the control channel on.
  const { default: workerd } = await tool("workerd");
  const child = spawn(
    workerd.default,
    // The clock's flag is an experimental one.
    ["serve", "config.capnp", ...(scheduled ? ["--experimental"] : []), `--socket-addr=http=127.0.0.1:${port}`, "--control-fd=3"],
    { cwd: path, stdio: ["ignore", "inherit", "inherit", "pipe"] },
  );
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = () => {
    process.off("exit", kill);
    child.kill();
  };
  // It says on the control channel that it listens.
  await Promise.race([
    once(child.stdio[3], "data"),
    once(child, "exit").then(([code]) => {
      throw new Error(`workerd ended with ${code}`);
    }),
  ]);
  return { url: `http://127.0.0.1:${port}`, stop };
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
