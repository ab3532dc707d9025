// What a website that is open in the same browser can do to an emulator: nothing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self' https://api.fireworks.ai; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ORDER = '{"fault": {"kind": "garbage"}}';
const JSON_TYPE = { "content-type": "application/json" };

let folder;
let emulator;
let admin;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fireworks-emulator-origin-"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>here</title>");
  await writeFile(join(folder, "worker.js"), "");
  const names = ["--host", "Emulator", "--host", "box.forwarded.example"];
  emulator = await startEmulator({ args: ["--faults", "--www", folder, ...names] });
  admin = clientOf(emulator.url);
});

beforeEach(() => admin.reset());

after(async () => {
  await emulator?.stop();
  await rm(folder, { recursive: true });
});

/** Sends headers as they are, which `fetch` would not do. */
async function send(method, path, headers = {}, body = "", more = {}) {
  const { port } = new URL(emulator.url);
  const sending = request({ host: "127.0.0.1", port, method, path, headers, ...more });
  sending.end(body);
  const [response] = await once(sending, "response");
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const orders = async () => (await admin.request("GET", "/_emulator/faults")).body.faults.length;

test("an order of trouble is taken as JSON only", async () => {
  for (const headers of [
    {},
    { "content-type": "text/plain" },
    { "content-type": "text/plain; charset=application/json" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "multipart/form-data; boundary=a" },
    { "content-type": "application/jsonp" },
    { "content-type": ["application/json", "text/plain"] },
    { "content-type": "" },
  ]) {
    const { status, text } = await send("POST", "/_emulator/faults", headers, ORDER);
    assert.equal(status, 415, `${JSON.stringify(headers)}: ${text}`);
  }
  assert.equal(await orders(), 0);
  for (const type of ["application/json", "Application/JSON; charset=utf-8"]) {
    const { status } = await send("POST", "/_emulator/faults", { "content-type": type }, ORDER);
    assert.equal(status, 201, type);
  }
  assert.equal(await orders(), 2);
});

test("control paths are for the emulator's own pages, and for what is no page", async () => {
  const { host, origin } = new URL(emulator.url);
  await admin.create("me");
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "" },
    { origin: "http://127.0.0.1" },
    { origin: `http://localhost:${host.split(":")[1]}` },
    { origin: `http://evil.example@${host}` },
    { origin: [origin, "https://evil.example"] },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin, "sec-fetch-site": "cross-site" },
  ]) {
    for (const [method, path, type, body] of [
      ["POST", "/_emulator/faults", JSON_TYPE, ORDER],
      ["GET", "/_emulator/faults"],
      ["DELETE", "/_emulator/faults"],
      ["GET", "/_emulator/keys"],
      ["GET", "/_emulator/stats"],
      ["DELETE", "/_emulator/users/me"],
      ["DELETE", "/_emulator"],
    ]) {
      const answer = await send(method, path, { ...headers, ...type }, body);
      assert.equal(answer.status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
      assert.ok(!answer.text.includes("keyId"));
    }
  }
  assert.deepEqual([await orders(), (await admin.stored()).length], [0, 1]);
  for (const headers of [{ origin, "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, {}]) {
    const sent = { ...headers, ...JSON_TYPE };
    assert.equal((await send("POST", "/_emulator/faults", sent, ORDER)).status, 201);
    assert.equal((await send("DELETE", "/_emulator/faults", headers)).status, 204);
  }
});

test("no preflight lets a page of another origin control the emulator", async () => {
  for (const origin of ["https://evil.example", emulator.url]) {
    for (const path of ["/_emulator", "/_emulator/faults", "/_emulator/none"]) {
      const asked = { origin, "access-control-request-method": "DELETE" };
      const preflight = await send("OPTIONS", path, asked);
      assert.ok(preflight.status >= 400, `${path}: ${preflight.status}`);
      for (const { headers } of [preflight, await send("GET", path, { origin })]) {
        const names = Object.keys(headers).filter((name) => name.startsWith("access-control"));
        assert.deepEqual(names, [], path);
      }
    }
  }
});

test("a control path has no parameters", async () => {
  assert.equal((await send("DELETE", "/_emulator?x=1")).status, 400);
  assert.equal((await send("GET", "/_emulator/keys?user=me")).status, 400);
});

test("a host that is not this machine is answered nothing", async () => {
  const { port } = new URL(emulator.url);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0",
    "192.168.1.2",
    "box.forwarded.example.evil.example",
    "a@localhost",
  ]) {
    for (const path of ["/", "/worker.js", "/openapi.json", "/_emulator/keys", "/v1/accounts/local"]) {
      const headers = { host, authorization: "Bearer fw_local_admin" };
      const answer = await send("GET", path, headers);
      assert.equal(answer.status, 421, `${host} ${path}`);
      assert.equal(JSON.parse(answer.text).code, 7);
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
    }
  }
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    "LOCALHOST",
    "127.0.0.2",
    "[::1]:9000",
    "emulator:8787",
    "box.forwarded.example",
  ]) {
    assert.equal((await send("GET", "/", { host })).status, 200, host);
    const own = { host, origin: `https://${host.toLowerCase()}` };
    assert.equal((await send("GET", "/_emulator/keys", own)).status, 200, host);
  }
});

test("a request for no host, or for two, is refused", async () => {
  assert.equal((await send("GET", "/", {}, "", { setHost: false })).status, 421);
  assert.equal((await send("GET", "http://evil.example/", { host: "localhost" })).status, 421);
  assert.equal((await send("GET", "http://localhost/", { host: "localhost" })).status, 200);
});

test("nothing can become a service worker", async () => {
  const { status } = await send("GET", "/worker.js");
  assert.equal(status, 200);
  await admin.fault({
    kind: "answer",
    status: 200,
    headers: { "content-type": "text/javascript", "service-worker-allowed": "/" },
    body: "self.onfetch = () => {};",
  });
  for (const path of ["/worker.js", "/v1/accounts/local", "/", "/openapi.json"]) {
    assert.equal((await send("GET", path, { "service-worker": "script" })).status, 404, path);
  }
  const [{ hits }] = (await admin.request("GET", "/_emulator/faults")).body.faults;
  assert.equal(hits, 0);
});

test("every answer carries the content policy and nosniff", async () => {
  await admin.fault({ kind: "answer", status: 200, headers: { "x-content-type-options": "no" } });
  for (const [method, path, headers] of [
    ["GET", "/v1/accounts/local"],
    ["GET", "/v1/accounts/local"],
    ["GET", "/v1/accounts/local", { authorization: "Bearer fw_local_admin" }],
    ["OPTIONS", "/v1/accounts/local", { origin: "https://a.example" }],
    ["GET", "/"],
    ["GET", "/none"],
    ["GET", "/openapi.json"],
    ["GET", "/_emulator/keys"],
    ["GET", "/_emulator/keys", { origin: "https://evil.example" }],
    ["GET", "/", { host: "evil.example" }],
    ["GET", "/worker.js", { "service-worker": "script" }],
    ["DELETE", "/_emulator"],
  ]) {
    const answer = await send(method, path, headers);
    assert.ok(answer.headers["content-security-policy"].includes(POLICY), `${method} ${path}`);
    assert.equal(answer.headers["x-content-type-options"], "nosniff", `${method} ${path}`);
  }
});

test("what an order answers is any bytes, and never a document of the origin", async () => {
  const page = "<!doctype html><script>document.title = 'mine'</script>";
  const headers = { "content-type": "text/html", "content-security-policy": "script-src *" };
  for (const fault of [
    { kind: "answer", status: 502, headers, body: page },
    { kind: "answer", status: 200, headers, body: page, when: "after" },
    { kind: "answer", status: 200, headers: { "content-type": "image/svg+xml" }, body: "<svg/>" },
    { kind: "garbage" },
  ]) {
    await admin.fault(fault);
    const { status, headers, text } = await admin.account();
    assert.equal(status, fault.status ?? 200);
    assert.match(headers.get("content-security-policy"), /(^|, )sandbox(,|$)/, fault.kind);
    assert.equal(text, fault.body ?? text);
  }
  const bytes = Uint8Array.of(0x1f, 0x8b, 0, 0xff, 0xc3, 0x28, 0x0a);
  await admin.fault({ kind: "answer", status: 200, base64: Buffer.from(bytes).toString("base64") });
  const url = `${emulator.url}/v1/accounts/local`;
  assert.deepEqual(new Uint8Array(await (await fetch(url)).arrayBuffer()), bytes);
  assert.doesNotMatch((await fetch(`${emulator.url}/`)).headers.get("content-security-policy"), /sandbox/);
});
