// The program: what it keeps, how it starts and stops, what it serves and logs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect, createServer } from "node:net";
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
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("stopped")),
    ["stopped.sqlite"],
  );
});

test("whoever has read that it is ready can stop it, with either signal", async () => {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    for (let round = 0; round < 10; round += 1) {
      const emulator = await startEmulator();
      assert.equal(await emulator.stop(signal), 0, signal);
    }
  }
});

test("a request under way is answered before it stops, but cannot hold it for ever", async () => {
  const short = await startEmulator();
  const { sendRest, answer } = await underWay(short.url);
  const stopped = short.stop();
  await refuses(short.url);
  sendRest();
  assert.equal((await answer).statusCode, 200);
  assert.equal(await stopped, 0);
  const endless = await startEmulator();
  const unanswered = await underWay(endless.url);
  assert.equal(await endless.stop(), 0);
  await assert.rejects(unanswered.answer, { code: "ECONNRESET" });
});

test("who comes while it ends is refused, and not left without an answer", async () => {
  const emulator = await startEmulator();
  const { sendRest, answer } = await underWay(emulator.url);
  const stopped = emulator.stop();
  await refuses(emulator.url);
  sendRest();
  assert.equal((await answer).statusCode, 200, "it was still ending");
  assert.equal(await stopped, 0);
});

/** A create that an emulator is reading, of which it has all but the body's last byte. */
async function underWay(url) {
  const body = '{"apiKey": {}}';
  const creating = request(`${url}/v1/accounts/local/users/me/apiKeys`, {
    method: "POST",
    headers: {
      "authorization": "Bearer fw_local_admin",
      "content-length": body.length,
      "expect": "100-continue",
    },
  });
  const answer = once(creating, "response").then(([response]) => response.resume());
  // A test that ends before the answer must not fail because none came.
  answer.catch(() => {});
  creating.flushHeaders();
  // The emulator asks for the body once it handles the request.
  await once(creating, "continue");
  creating.write(body.slice(0, -1));
  return { sendRest: () => creating.end(body.slice(-1)), answer };
}

/** Waits until nobody listens there any more. */
async function refuses(url) {
  const { hostname, port } = new URL(url);
  const connects = () =>
    new Promise((resolve) => {
      const socket = connect(port, hostname, () => socket.destroy() && resolve(true));
      socket.once("error", () => resolve(false));
    });
  while (await connects());
}

test("a log that nobody reads holds up neither requests nor the end", async () => {
  const emulator = await startEmulator({ readLog: false });
  const admin = clientOf(emulator.url);
  for (let requests = 0; requests < 3_000; requests += 100) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => admin.account()));
    assert.ok(answers.every(({ status }) => status === 200));
  }
  assert.equal(await emulator.stop(), 0);
});

test("a second one for the same port or the same file leaves the first one's users alone", async () => {
  const args = ["--db", join(folder, "shared.sqlite"), "--user", "me:admin", "--user", "ann"];
  const first = await startEmulator({ args });
  const { port } = new URL(first.url);
  for (const [other, reason] of [
    [port, port],
    ["0", "shared.sqlite cannot be used as the database: it is in use"],
  ]) {
    const second = await failToStart(["--port", other, ...args.slice(0, 2), "--user", "bob"]);
    assert.equal(second.code, 1);
    assert.ok(second.log.includes(reason), second.log);
  }
  assert.equal((await clientOf(first.url).create("ann")).status, 200);
  await first.stop();
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
  // Another program's database, with tables of the same names: our own, but for the mark of ours.
  const foreign = join(folder, "foreign.sqlite");
  await (await startEmulator({ args: ["--db", foreign] })).stop();
  const unmarked = await readFile(foreign);
  unmarked.fill(0, 68, 72);
  await writeFile(foreign, unmarked);
  for (const [args, reason] of [
    [["--port", port], port],
    [["--port", "0", "--db", folder], folder],
    [["--port", "0", "--db", join(folder, "no", "such", "folder.sqlite")], "folder.sqlite"],
    [["--port", "0", "--db", notDatabase], "text.sqlite"],
    [["--port", "0", "--db", foreign], "another program"],
    [["--port", "0", "--www", join(folder, "none")], "none"],
  ]) {
    const { code, log } = await failToStart(args);
    assert.equal(code, 1, log);
    assert.equal(log.trim().split("\n").length, 1, log);
    assert.ok(log.startsWith("fireworks-emulator: ") && log.includes(reason), log);
  }
  assert.deepEqual(await readFile(foreign), unmarked, "it was not written to");
  for (const [option, ...values] of [
    ["--user", "a/b", "me:owner", "me:admin:robot", "", "-"],
    ["--account", "a/b", ""],
    ["--token", "", "a secret"],
    ["--port", "65536"],
    ["--other-account", "a/b", "local"],
    ["--host", "", "a:1", "http://a"],
    ["--body-timeout", "1", "1w", "soon"],
    ["--list-lag", "1", "61m", ""],
    ["--key-lag", "1", "61m"],
    ["--rate", "0/1s", "1", "1/0s", "many"],
    ["--cors", "", "*", "a.example", "https://a.example/"],
    ["--longest-annotation", "1.5", "x"],
    ["--clock", "1", "99999d", "soon"],
    ["--paging", "", "no"],
    ["--keys-of-removed-users", "deleted"],
  ]) {
    for (const value of values) {
      const { code, log } = await failToStart(
        ["--port", "0", option, value].slice(option === "--port" ? 2 : 0),
      );
      assert.equal(code, 2, log);
      assert.ok(log.startsWith("fireworks-emulator: ") && log.includes(option), log);
      assert.equal(log.trim().split("\n").length, 1, log);
      assert.ok(!log.includes("a secret"), "the token is not repeated");
    }
  }
  const twice = await failToStart(["--port", "0", "--user", "me:admin", "--user", "me:user"]);
  assert.match(twice.log, /^fireworks-emulator: --user: "me" is given twice\n$/);
  server.close();
});

test("no secret is in the database or the log", async () => {
  const db = join(folder, "secrets.sqlite");
  const emulator = await startEmulator({ args: ["--db", db, "--token", "fw_the_bootstrap"] });
  const admin = clientOf(emulator.url, "fw_the_bootstrap");
  const { key } = (await admin.create("me", { displayName: "findme" })).body;
  await admin.as(key).account();
  await admin.request("GET", `/v1/accounts/${key}?token=${key}`);
  await admin.request("GET", `/v1/accounts/f%2577_${key.slice(3)}`);
  const files = (await readdir(folder)).filter((name) => name.startsWith("secrets"));
  const stored = await Promise.all(files.map((name) => readFile(join(folder, name), "latin1")));
  assert.ok(stored.join().includes("findme"), "the scan finds what is there");
  await emulator.stop();
  for (const secret of [key, key.slice(3), "fw_the_bootstrap"]) {
    assert.ok(!stored.join().includes(secret));
    assert.ok(!emulator.log().includes(secret));
  }
  const lines = emulator
    .log()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ user }) => user),
    ["bootstrap", "me", "bootstrap", "bootstrap"],
  );
  assert.deepEqual(
    lines.map(({ status }) => status),
    [200, 200, 404, 404],
  );
  assert.ok(lines.every(({ time, requestId, ms }) => Date.parse(time) && requestId && ms >= 0));
});

test("a request whose caller went away is logged, without a status", async () => {
  const emulator = await startEmulator({ args: ["--faults"] });
  const admin = clientOf(emulator.url);
  await admin.fault({ kind: "delay", ms: 3_600_000 }, { operation: "create" });
  const gone = request(`${emulator.url}/v1/accounts/local/users/me/apiKeys`, {
    method: "POST",
    headers: { authorization: "Bearer fw_local_admin", "content-length": "13" },
  });
  gone.on("error", () => {});
  gone.end('{"apiKey":{}}');
  while ((await admin.request("GET", "/_emulator/stats")).body.requests === 0);
  gone.destroy();
  const logged = () =>
    emulator
      .log()
      .split("\n")
      .find((line) => line.includes("apiKeys"));
  while (!logged()) await new Promise((done) => setTimeout(done, 20));
  assert.equal(JSON.parse(logged()).status, null);
  await emulator.stop();
});

test("a folder is served beside the API, under a strict policy, and nothing above it", async () => {
  const www = join(folder, "www");
  await mkdir(join(www, "sub"), { recursive: true });
  await writeFile(join(folder, "outside.txt"), "outside");
  await writeFile(join(www, "index.html"), "<!doctype html><title>here</title>");
  await writeFile(join(www, "sub", "a.js"), "export {}");
  await writeFile(join(www, "sub", "a.mjs"), "export {}");
  await writeFile(join(www, "sub", "a.wasm"), "");
  await writeFile(join(www, "openapi.json"), "{}");
  const emulator = await startEmulator({ args: ["--www", www] });
  const page = await fetch(`${emulator.url}/`);
  assert.match(await page.text(), /here/);
  assert.equal(
    page.headers.get("content-security-policy"),
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
      "img-src 'self' data:; connect-src 'self' https://api.fireworks.ai; base-uri 'none'; " +
      "form-action 'none'; frame-ancestors 'none'",
  );
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  assert.equal(page.headers.get("referrer-policy"), "no-referrer");
  assert.equal(page.headers.get("cache-control"), "no-cache");
  assert.match(page.headers.get("content-type"), /^text\/html/);
  assert.match((await fetch(`${emulator.url}/sub/a.js`)).headers.get("content-type"), /javascript/);
  assert.match((await fetch(`${emulator.url}/sub/a.mjs`)).headers.get("content-type"), /javascript/);
  assert.equal((await fetch(`${emulator.url}/sub/a.wasm`)).headers.get("content-type"), "application/wasm");
  assert.match((await (await fetch(`${emulator.url}/openapi.json`)).json()).openapi, /^3\./, "the API wins");
  const { port } = new URL(emulator.url);
  for (const path of [
    "/../outside.txt",
    "/sub/../../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
  ]) {
    // As it is: a URL would be normalised before it is sent.
    const sending = request({ host: "127.0.0.1", port, path }).end();
    const [response] = await once(sending, "response");
    response.resume();
    assert.notEqual(response.statusCode, 200, path);
  }
  assert.equal((await clientOf(emulator.url).account()).status, 200);
  for (const nothing of ["/nothing", `/${"a".repeat(300)}`, "//sub"]) {
    const { status, body } = await clientOf(emulator.url).request("GET", nothing);
    assert.deepEqual([status, body.code], [404, 5], nothing);
  }
  await emulator.stop();
});

test("a link in the folder is followed as long as it stays in it", async () => {
  const www = join(folder, "linked");
  await mkdir(join(www, "sub"), { recursive: true });
  await mkdir(join(folder, "private"));
  await writeFile(join(folder, "private", "index.html"), "private");
  await writeFile(join(folder, "linked-beside.txt"), "private");
  await writeFile(join(www, "sub", "own.txt"), "own");
  for (const [from, to] of [
    ["inside.txt", "sub/own.txt"],
    ["inside", "sub"],
    ["outside.txt", join(folder, "linked-beside.txt")],
    ["relative.txt", "../linked-beside.txt"],
    ["twice.txt", "outside.txt"],
    ["outside", join(folder, "private")],
    ["sub/index.html", join(folder, "private", "index.html")],
  ]) {
    await symlink(to, join(www, from));
  }
  // The folder itself may be reached by a link.
  await symlink(www, join(folder, "linked-www"));
  const emulator = await startEmulator({ args: ["--www", join(folder, "linked-www")] });
  for (const path of ["/inside.txt", "/inside/own.txt"]) {
    assert.equal(await (await fetch(emulator.url + path)).text(), "own", path);
  }
  const linked = ["/outside.txt", "/relative.txt", "/twice.txt"];
  for (const path of [
    ...linked,
    "/outside/",
    "/outside",
    "/outside/index.html",
    "/sub/",
    "/sub/index.html",
  ]) {
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(emulator.url + path, { method });
      assert.equal(response.status, 404, `${method} ${path}`);
      assert.doesNotMatch(await response.text(), /^private/);
    }
  }
  await emulator.stop();
});

test("a body that never ends is given up, in time", { timeout: 60_000 }, async () => {
  const emulator = await startEmulator({ args: ["--body-timeout", "200ms"] });
  const { answer } = await underWay(emulator.url);
  const { statusCode, headers } = await answer;
  assert.deepEqual([statusCode, headers.connection], [408, "close"]);
  assert.equal((await clientOf(emulator.url).list("me")).body.totalSize, 0);
  assert.equal((await clientOf(emulator.url).create("me")).status, 200);
  await emulator.stop();
});

test("a file with the keys of one account is refused for another", async () => {
  const db = join(folder, "acme.sqlite");
  const acme = await startEmulator({ args: ["--db", db, "--account", "acme"] });
  await acme.stop();
  const before = await readFile(db);
  const { code, log } = await failToStart(["--port", "0", "--db", db, "--account", "other"]);
  assert.equal(code, 1);
  assert.match(log, /^fireworks-emulator: .*acme\.sqlite cannot be used .* the account "acme"\n$/);
  assert.deepEqual(await readFile(db), before, "it was not written to");
  await (await startEmulator({ args: ["--db", db, "--account", "acme"] })).stop();
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
