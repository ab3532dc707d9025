// Tests that `cargo xtask demo` does what the README says.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fireworks-keys-demo-"));
});

after(() => rm(folder, { recursive: true }));

test("demo --once creates a key through the package and exits with 0", async () => {
  const { code, output } = await demo("--once", "--port", "0", "--db", join(folder, "keys.sqlite"));
  assert.equal(code, 0, output);
  assert.match(output, /key: 'fw_\w+'/);
  assert.match(output, /Next: cargo xtask demo .*\n$/, "it ends with what to do next");
});

test("demo serves the page until it is interrupted", async () => {
  const child = start("--port", "0", "--db", join(folder, "served.sqlite"));
  const page = await new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk) => {
      output += chunk;
      const address = /The demo page: (http:\S+)\nOpen it .* Ctrl-C ends it\.\n$/.exec(output)?.[1];
      if (address) resolve(address);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", () => reject(new Error(output)));
  });
  const response = await fetch(page);
  assert.match(await response.text(), /Fireworks key console/);
  assert.match(response.headers.get("content-security-policy"), /default-src 'none'/);
  assert.equal((await fetch(new URL("fireworks-keys/default.js", page))).status, 200);
  assert.equal(
    (await fetch(new URL("_emulator/faults", page))).status,
    200,
    "the page can order a bad network",
  );
  const { keys } = await (await fetch(new URL("_emulator/keys", page))).json();
  assert.equal(keys.length, 1, "a file that was named holds no key but the demo's own");
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  await assert.rejects(fetch(page), "the emulator has ended with it");
});

test("demo says in one line that a port is in use", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address();
  await fails(`127.0.0.1:${port}`, "--port", String(port), "--db", join(folder, "port.sqlite"));
});

test("demo says in one line that its file cannot be written", async () => {
  await fails(folder, "--port", "0", "--db", folder);
});

test("demo says in one line which tool is missing", async () => {
  // This PATH has the tools that the task runs before Node, but not Node.
  const tools = join(folder, "tools");
  await mkdir(tools);
  for (const tool of ["cargo", "rustc"]) {
    const { stdout } = await promisify(execFile)("which", [tool]);
    await symlink(stdout.trim(), join(tools, tool));
  }
  const xtask = join(import.meta.dirname, "../../target/debug/xtask");
  const child = spawn(xtask, ["demo", "--once", "--port", "0"], { env: { ...process.env, PATH: tools } });
  let output = "";
  child.stderr.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(output, /^error: Node 20 or newer is needed: node is not installed\n$/);
});

test("demo --live says in one line which variable is missing", async () => {
  await fails("FIREWORKS_API_KEY", "--live");
});

async function fails(reason, ...args) {
  const { code, output } = await demo("--once", ...args);
  assert.notEqual(code, 0);
  const lines = output.trim().split("\n");
  assert.equal(lines.length, 1, output);
  assert.ok(lines[0].startsWith("error: ") && lines[0].includes(reason), output);
}

async function demo(...args) {
  const child = start(...args);
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  return { code, output };
}

function start(...args) {
  const env = { ...process.env };
  delete env.FIREWORKS_API_KEY;
  return spawn("cargo", ["xtask", "demo", ...args], {
    cwd: join(import.meta.dirname, "../.."),
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
