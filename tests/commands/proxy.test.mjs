// Tests the relay of `cargo xtask demo --proxy`: what it passes on, and from whom.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { request as ask, createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

const asked = [];
let page;
let service;
let relay;

/** A server that notes what it is asked, and answers with its name. */
async function server(name) {
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    asked.push({ name, method, url, headers });
    if (url.includes("broken")) return request.socket.destroy();
    const told = { "content-type": "text/html", "x-request-id": "r", "set-cookie": "a=b", "location": "/" };
    response.writeHead(url.includes("moved") ? 302 : 200, told).end(name);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

before(async () => {
  page = await server("page");
  service = await server("service");
  const script = join(import.meta.dirname, "../../tools/xtask/src/proxy.mjs");
  const child = spawn(process.execPath, [script, "0", page.address, service.address]);
  const line = await new Promise((resolve) => child.stdout.once("data", (chunk) => resolve(String(chunk))));
  relay = { address: /listening on (\S+)/.exec(line)[1], stop: () => child.kill() };
});

after(() => {
  for (const each of [page, service, relay]) each.stop();
});

/** Asks the relay, with any headers, and returns what came of it and what was passed on. */
async function send(path, headers = {}, method = "GET") {
  asked.length = 0;
  const { hostname, port } = new URL(relay.address);
  const answer = await new Promise((resolve, reject) => {
    const request = ask({ hostname, port, path, method, headers, setHost: !headers.host }, resolve);
    request.on("error", reject).end(method === "POST" ? "{}" : undefined);
  });
  let text = "";
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode, headers: answer.headers, text, asked: [...asked] };
}

const KEYS = "/fireworks/v1/accounts/a/users/u/apiKeys";
const authorization = "Bearer fw_x";

test("the page's own request goes to the service, with nothing but what the API takes", async () => {
  const origin = relay.address;
  const own = { authorization, origin, "sec-fetch-site": "same-origin", "cookie": "c=d", "x-mine": "1" };
  const { status, text, headers, asked } = await send(`${KEYS}?pageSize=5`, own, "POST");
  assert.deepEqual([status, text], [200, "service"]);
  const [{ method, url, headers: passed }] = asked;
  assert.deepEqual([method, url], ["POST", "/v1/accounts/a/users/u/apiKeys?pageSize=5"]);
  assert.equal(passed.authorization, authorization);
  for (const name of ["cookie", "origin", "x-mine"]) assert.equal(passed[name], undefined, name);
  // Nothing that it answers can act as a document of the page's origin.
  assert.deepEqual([headers["content-security-policy"], headers["set-cookie"]], ["sandbox", undefined]);
  assert.equal((await send("/fireworks/v1/accounts", { authorization })).status, 200, "without a page");
});

test("nobody else is served", async () => {
  for (const headers of [
    {},
    { authorization, origin: "https://evil.example" },
    { authorization, origin: "null" },
    { authorization, "sec-fetch-site": "cross-site" },
    { authorization, "sec-fetch-site": "same-site" },
    { authorization, host: "evil.example" },
    { authorization, host: "127.0.0.1:1" },
  ]) {
    const { status, asked } = await send(KEYS, headers);
    assert.deepEqual([status, asked], [403, []], JSON.stringify(headers));
  }
});

test("only the API's paths are relayed, and no redirect is followed", async () => {
  for (const path of [
    "/fireworks/",
    "/fireworks/inference/v1/models",
    "/fireworks/v1/accountsx",
    "/fireworks/v1/accounts/../../inference",
    "/fireworks/v1/accounts/%2e%2e/x",
    "/fireworks/v1/accounts/a\\b",
    "/fireworks//v1/accounts",
  ]) {
    const { status, asked } = await send(path, { authorization });
    assert.deepEqual([status, asked], [404, []], path);
  }
  assert.equal((await send(KEYS, { authorization }, "DELETE")).status, 404);
  const moved = await send("/fireworks/v1/accounts/moved", { authorization });
  assert.deepEqual([moved.status, moved.headers.location, moved.asked.length], [302, undefined, 1]);
});

test("everything else goes to the emulator as it is, which has rules of its own", async () => {
  const headers = { "host": "evil.example", "origin": "https://evil.example", "x-mine": "1" };
  const { text, asked } = await send("/index.html", headers);
  assert.equal(text, "page");
  assert.deepEqual([asked[0].headers.host, asked[0].headers["x-mine"]], ["evil.example", "1"]);
});

test("an answer that breaks off stays broken for the page, and is none from the service", async () => {
  await assert.rejects(send("/v1/broken"), /socket hang up|ECONNRESET/);
  const { status, text } = await send("/fireworks/v1/accounts/broken", { authorization });
  assert.deepEqual([status, JSON.parse(text)], [502, { error: "the demo's relay: no answer arrived" }]);
});
