// Tests what the operator and the runtime pass to a broker: authenticate, onError, options, the context.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, options, SECRET, stopAll } from "./brokers.mjs";

let createKeyBroker;
let memoryLedger;

before(async () => {
  await prepare();
  ({ createKeyBroker, memoryLedger } = await tool("fireworks-keys/broker"));
});

afterEach(stopAll);

test("where authenticate fails or answers nonsense, nothing is minted", async () => {
  for (const authenticate of [
    () => {
      throw new Error("the session store is down");
    },
    () => Promise.reject("down"),
    () => ({ id: "ada" }),
    () => 7,
    () => "\ud800",
    () => true,
  ]) {
    const broker = await memoryBroker({ authenticate });
    const { status, body } = await broker.ask("ada", "POST", "/keys");
    assert.equal(status, 503, `${authenticate}`);
    assert.ok(!JSON.stringify(body).includes("session store"));
    assert.equal(broker.errors.length, 1);
    assert.deepEqual(await broker.stored(), []);
  }
  for (const nobody of [undefined, null, false, ""]) {
    const broker = await memoryBroker({ authenticate: async () => nobody });
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 401);
  }
});

test("a page that is not allowed is refused before authenticate is called", async () => {
  let asked = 0;
  const broker = await memoryBroker({ authenticate: () => `${(asked += 1)}` });
  await broker.ask("ada", "POST", "/keys", { headers: { origin: "https://evil.example" } });
  assert.equal(asked, 0);
});

test("the runtime's context may be missing, may be nonsense, and may throw", async () => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  const request = () => new Request("https://keys.example/keys", { method: "POST" });
  const throws = () => {
    throw new Error("too late");
  };
  for (const context of [
    [],
    [undefined],
    [null, 7],
    [{}],
    [{ waitUntil: 7 }],
    [{ waitUntil: throws }],
    [{}, { waitUntil: () => {} }],
  ]) {
    assert.equal((await broker.handler.fetch(request(), ...context)).status, 201, JSON.stringify(context));
  }
});

test("a name that every object has is not a method of a path", async () => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  for (const method of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const request = { method, url: "https://keys.example/keys", headers: new Headers() };
    assert.equal((await broker.handler.fetch(request)).status, 405, method);
  }
  assert.deepEqual(broker.errors, []);
});

test("a tag names its member by a hash that depends on memberSecret", async () => {
  const members = new Set();
  for (const memberSecret of [SECRET, SECRET, `another ${SECRET}`]) {
    const broker = await memoryBroker({ memberSecret, authenticate: () => "ada" });
    await broker.ask("ada", "POST", "/keys");
    const [{ annotations }] = await broker.stored();
    members.add(annotations["fireworks-keys-attempt"].split(".")[0]);
  }
  assert.equal(members.size, 2);
});

test("allowedHeaders names further headers that a page may send", async () => {
  const broker = await memoryBroker({ allowedHeaders: ["x-session"] });
  const { headers } = await broker.ask(undefined, "OPTIONS", "/keys");
  assert.equal(headers.get("access-control-allow-headers"), "authorization, content-type, x-session");
});

test("allowCredentials allows cookies, and basePath says where the paths begin", async () => {
  const broker = await memoryBroker({ allowCredentials: true, basePath: "/api" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 404);
  assert.equal((await broker.ask("ada", "POST", "/apikeys")).status, 404);
  const { status, headers } = await broker.ask("ada", "POST", "/api/keys");
  assert.equal(status, 201);
  assert.equal(headers.get("access-control-allow-credentials"), "true");
});

test("the broker answers although onError throws", async () => {
  const onError = () => {
    throw new Error("no log");
  };
  const broker = await memoryBroker({ onError, authenticate: onError });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 503);
});

test("without onError the console shows an error's name and message only", async (context) => {
  const said = context.mock.method(console, "error", () => undefined);
  const error = Object.assign(new Error("the session store is down"), { session: "s3cret" });
  const broker = createKeyBroker(options(memoryLedger(), { authenticate: () => Promise.reject(error) }));
  const ask = () => broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  await ask();
  error.message =
    "no Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln at https://u:fw_tokenvalue1234567@x, eyJhbGciOi";
  await ask();
  assert.deepEqual(
    said.mock.calls.map((call) => call.arguments),
    [
      ["key broker: Error: the session store is down"],
      ["key broker: Error: no [redacted] at https://u:[redacted]@x, [redacted]"],
    ],
  );
});

test("the console's line holds no line break, no member's id and no session", async (context) => {
  const said = context.mock.method(console, "error", () => undefined);
  const error = new Error("down");
  const broker = createKeyBroker(options(memoryLedger(), { authenticate: () => Promise.reject(error) }));
  for (const [message, expected] of [
    ["no session\nkey broker: all is well\r\u2028\u0085x", "no session key broker: all is well x"],
    ["no ada@example.com in sid=s3cret; theme=dark", "no [redacted] in sid=[redacted]; theme=[redacted]"],
    ["GET /me?sid=abcdef&x=1 failed", "GET /me?sid=[redacted]&x=[redacted] failed"],
    ['{"sid":"abcdef","sub": "ada"} is no session', '{"sid": [redacted],"sub": [redacted]} is no session'],
    ["member-17, user_1 and 8c7d-11 are unknown", "[redacted], [redacted] and [redacted] are unknown"],
    ["Cookie: session=x; a=b", "Cookie: [redacted]"],
    // As a log or a console shows an object.
    [
      "no sid: abc, { sub: 'ada l', sid:x } = y",
      "no sid: [redacted], { sub: [redacted], sid:[redacted] } = y",
    ],
    [
      "sid = abc, session_id= x and password: hunter",
      "sid = [redacted], session_id= [redacted] and password: [redacted]",
    ],
    ["the userId: ada, and member:ben", "the userId: [redacted], and member:[redacted]"],
    ["the ledger: a user: none", "the ledger: a user: [redacted]"],
    ["no row for 123456789 in 30000 ms", "no row for [redacted] in 30000 ms"],
    ["no row for abcdefghijklmnopqrstuvwxyzabc", "no row for [redacted]"],
    ["connect ECONNREFUSED 127.0.0.1:6379", "connect ECONNREFUSED 127.0.0.1:6379"],
    ["x.".repeat(10_000), "x.".repeat(250)],
  ]) {
    error.message = message;
    await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
    assert.deepEqual(said.mock.calls.at(-1).arguments, [`key broker: Error: ${expected}`]);
  }
  Object.assign(error, { name: "ada@example.com\n", message: undefined });
  await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  assert.deepEqual(said.mock.calls.at(-1).arguments, ["key broker: [redacted]: undefined"]);
});

test("an onError that rejects does not become an unhandled rejection", async () => {
  const broker = createKeyBroker(
    options(memoryLedger(), {
      authenticate: () => 7,
      onError: async () => {
        throw new Error("no log");
      },
    }),
  );
  assert.equal(
    (await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }))).status,
    503,
  );
  await new Promise(setImmediate);
});
