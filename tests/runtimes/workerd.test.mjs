// The suite in workerd: a worker that was bundled as a user would, one request a case.

import { build } from "esbuild";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { after, before, test } from "node:test";
import workerdPackage from "workerd";
import { startEmulator } from "../emulator/server.mjs";
import { cases, emulatorArguments } from "../suite/index.mjs";

const WORKER = `
import * as fireworksKeys from "fireworks-keys";
import { cases } from "../suite/index.mjs";

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    try {
      await cases[searchParams.get("case")](fireworksKeys, searchParams.get("api"));
      return new Response("passed");
    } catch (error) {
      return new Response(String(error.stack), { status: 500 });
    }
  },
};
`;

const CONFIG = `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "fireworks_keys.wasm", wasm = embed "fireworks_keys.wasm"),
  ],
  compatibilityDate = "2024-01-01",
);
`;

let emulator;
let folder;
let workerd;
let address;

before(async () => {
  emulator = await startEmulator({ args: emulatorArguments });
  folder = await mkdtemp(join(tmpdir(), "fireworks-keys-workerd-"));
  await build({
    stdin: { contents: WORKER, resolveDir: import.meta.dirname },
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
    logLevel: "warning",
  });
  await writeFile(join(folder, "config.capnp"), CONFIG);
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  workerd = spawn(
    // The binary itself: npm's wrapper passes neither signals nor the control channel on.
    workerdPackage.default,
    ["serve", "config.capnp", `--socket-addr=http=127.0.0.1:${port}`, "--control-fd=3"],
    { cwd: folder, stdio: ["ignore", "inherit", "inherit", "pipe"] },
  );
  // It says on the control channel that it listens.
  await Promise.race([
    once(workerd.stdio[3], "data"),
    once(workerd, "exit").then(([code]) => {
      throw new Error(`workerd ended with ${code}`);
    }),
  ]);
});

after(async () => {
  workerd?.kill();
  await emulator?.stop();
  if (folder) await rm(folder, { recursive: true });
});

for (const name of Object.keys(cases)) {
  test(`workerd: ${name}`, () => run(name));
}

test("workerd: two first requests at once, on a cold isolate", async () => {
  const name = "a created key comes back whole, is stored, and works";
  await Promise.all([run(name), run(name)]);
});

async function run(name) {
  const query = new URLSearchParams({ case: name, api: emulator.url });
  const response = await fetch(`${address}/?${query}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
