// The program: what it keeps, how it starts and stops, what it serves and logs.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { clientOf } from "./client.mjs";
import { failToStart, startEmulator } from "./server.mjs";

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fireworks-emulator-"));
});

after(() => rm(folder, { recursive: true }));

test("an acknowledged key survives kill -9 and works afterwards", async () => {
  const args = ["--db", join(folder, "killed.sqlite")];
  const acknowledged = [];
  for (let round = 0; round < 3; round += 1) {
    const emulator = await startEmulator({ args });
    const admin = clientOf(emulator.url);
    const creating = (async () => {
      for (;;) {
        const created = await admin.create("ci-bot").catch(() => undefined);
        if (!created) return;
        acknowledged.push(created.body);
      }
    })();
    while (acknowledged.length < 20 * (round + 1)) await new Promise(setImmediate);
    await emulator.kill9();
    await creating;
  }
  const emulator = await startEmulator({ args });
  const admin = clientOf(emulator.url);
  const { apiKeys } = (await admin.list("ci-bot")).body;
  const stored = new Set(apiKeys.map(({ keyId }) => keyId));
  for (const { keyId, key } of acknowledged) {
    assert.ok(stored.has(keyId));
    assert.equal((await admin.as(key).account()).status, 200);
  }
  // At the most one create a round was under way.
  assert.ok(stored.size <= acknowledged.length + 3);
  await emulator.stop();
});

test("it says where it listens in one line, and stops cleanly when it is asked to", async () => {
  const db = join(folder, "stopped.sqlite");
  const emulator = await startEmulator({ args: ["--db", db] });
  assert.match(emulator.firstLine, /^fireworks-emulator listening on http:\/\/127\.0\.0\.1:\d+$/);
  await clientOf(emulator.url).create("me");
  assert.equal(await emulator.stop(), 0);
  assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith("stopped")), ["stopped.sqlite"]);
});

test("without a file everything is in memory", async () => {
  const emulator = await startEmulator();
  assert.equal((await clientOf(emulator.url).create("me")).status, 200);
  assert.equal(await emulator.stop(), 0);
});

test("what it cannot do it says in one line", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = String(server.address().port);
  const notDatabase = join(folder, "text.sqlite");
  await writeFile(notDatabase, "this is no database, but it is long enough to be read as one".repeat(20));
  for (const [args, reason] of [
    [["--port", port], port],
    [["--port", "0", "--db", folder], folder],
    [["--port", "0", "--db", join(folder, "no", "such", "folder.sqlite")], "folder.sqlite"],
    [["--port", "0", "--db", notDatabase], "text.sqlite"],
    [["--port", "0", "--www", join(folder, "none")], "none"],
  ]) {
    const { code, log } = await failToStart(args);
    assert.equal(code, 1, log);
    assert.equal(log.trim().split("\n").length, 1, log);
    assert.ok(log.startsWith("fireworks-emulator: ") && log.includes(reason), log);
  }
  for (const user of ["a/b", "me:owner", "me:admin:robot", ""]) {
    const { code, log } = await failToStart(["--port", "0", "--user", user]);
    assert.equal(code, 2);
    assert.ok(log.includes("--user"), log);
  }
  server.close();
});

test("no secret is in the database or the log", async () => {
  const db = join(folder, "secrets.sqlite");
  const emulator = await startEmulator({ args: ["--db", db, "--token", "fw_the_bootstrap"] });
  const admin = clientOf(emulator.url, "fw_the_bootstrap");
  const { key } = (await admin.create("me", { displayName: "findme" })).body;
  await admin.as(key).account();
  await admin.request("GET", `/v1/accounts/${key}?token=${key}`);
  const files = (await readdir(folder)).filter((name) => name.startsWith("secrets"));
  const stored = await Promise.all(files.map((name) => readFile(join(folder, name), "latin1")));
  assert.ok(stored.join().includes("findme"), "the scan finds what is there");
  await emulator.stop();
  for (const secret of [key, key.slice(3), "fw_the_bootstrap"]) {
    assert.ok(!stored.join().includes(secret));
    assert.ok(!emulator.log().includes(secret));
  }
  const lines = emulator.log().trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ user }) => user), ["bootstrap", "me", "bootstrap"]);
  assert.deepEqual(lines.map(({ status }) => status), [200, 200, 404]);
  assert.ok(lines.every(({ time, requestId, ms }) => Date.parse(time) && requestId && ms >= 0));
});

test("a folder is served beside the API, under a strict policy, and nothing above it", async () => {
  const www = join(folder, "www");
  await mkdir(join(www, "sub"), { recursive: true });
  await writeFile(join(folder, "outside.txt"), "outside");
  await writeFile(join(www, "index.html"), "<!doctype html><title>here</title>");
  await writeFile(join(www, "sub", "a.js"), "export {}");
  await writeFile(join(www, "sub", "a.wasm"), "");
  const emulator = await startEmulator({ args: ["--www", www] });
  const page = await fetch(`${emulator.url}/`);
  assert.match(await page.text(), /here/);
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')/);
  assert.match((await fetch(`${emulator.url}/sub/a.js`)).headers.get("content-type"), /javascript/);
  assert.match((await fetch(`${emulator.url}/sub/a.wasm`)).headers.get("content-type"), /wasm/);
  const { port } = new URL(emulator.url);
  for (const path of ["/../outside.txt", "/sub/../../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt"]) {
    // As it is: a URL would be normalised before it is sent.
    const sending = request({ host: "127.0.0.1", port, path }).end();
    const [response] = await once(sending, "response");
    response.resume();
    assert.notEqual(response.statusCode, 200, path);
  }
  assert.equal((await clientOf(emulator.url).account()).status, 200);
  assert.equal((await clientOf(emulator.url).request("GET", "/nothing")).body.code, 5);
  await emulator.stop();
});

test("who is no longer a user has no key that works", async () => {
  const args = ["--db", join(folder, "gone.sqlite"), "--user", "me:admin"];
  const first = await startEmulator({ args: [...args, "--user", "ann"] });
  const { key } = (await clientOf(first.url).create("ann")).body;
  assert.equal((await clientOf(first.url, key).account()).status, 200);
  await first.stop();
  const second = await startEmulator({ args });
  assert.equal((await clientOf(second.url, key).account()).status, 401);
  assert.equal((await clientOf(second.url).users()).body.totalSize, 1);
  await second.stop();
});
