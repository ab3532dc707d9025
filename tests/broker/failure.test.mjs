// A broker whose surroundings fail: its configuration, its ledger, whoever says who asks, the service.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, PAGE, SECRET, stopAll } from "./brokers.mjs";

let createKeyBroker;
let memoryLedger;
let jwtAuthenticator;
let createApiKey;
let deleteApiKey;

before(async () => {
  await prepare();
  ({ createKeyBroker, memoryLedger } = await tool("fireworks-keys/broker"));
  ({ jwtAuthenticator } = await tool("fireworks-keys/broker/jwt"));
  ({ createApiKey, deleteApiKey } = await tool("fireworks-keys"));
});

afterEach(stopAll);

/** A configuration that is in order. */
const options = (change = {}) => ({
  token: "fw_token",
  accountId: "acme",
  userId: "broker",
  authenticate: () => "ada",
  memberSecret: SECRET,
  allowedOrigins: [PAGE],
  ledger: memoryLedger(),
  ...change,
});

test("a configuration that is wrong makes no broker, and the error names what is wrong", () => {
  createKeyBroker(options());
  for (const [path, change] of [
    ["authenticate", { authenticate: undefined }],
    ["authenticate", { authenticate: true }],
    ["memberSecret", { memberSecret: undefined }],
    ["memberSecret", { memberSecret: "short" }],
    ["ledger", { ledger: undefined }],
    ["ledger", { ledger: {} }],
    ["ledger", { ledger: { ...memoryLedger(), settle: undefined } }],
    ["token", { token: undefined }],
    ["token", { token: "" }],
    ["accountId", { accountId: undefined }],
    ["accountId", { accountId: "accounts/acme" }],
    ["memberSecret", { memberSecret: SECRET, token: SECRET }],
    ["allowedHeaders", { allowedHeaders: "x-session" }],
    ["allowedHeaders", { allowedHeaders: ["x session"] }],
    ["lifetime.max", { lifetime: { max: "4294967295w" } }],
    ["userId", { userId: undefined }],
    ["userId", { userId: "-" }],
    ["allowedOrigins", { allowedOrigins: undefined }],
    ["allowedOrigins", { allowedOrigins: "*" }],
    ["allowedOrigins", { allowedOrigins: PAGE }],
    ["allowedOrigins.0", { allowedOrigins: ["*"] }],
    ["allowedOrigins.1", { allowedOrigins: [PAGE, "null"] }],
    ["allowedOrigins.0", { allowedOrigins: ["https://app.example/"] }],
    ["allowedOrigins.0", { allowedOrigins: ["https://*.example"] }],
    ["allowedOrigins.0", { allowedOrigins: ["app.example"] }],
    ["allowedOrigins.0", { allowedOrigins: [7] }],
    ["lifetime.max", { lifetime: { min: "2h" } }],
    ["lifetime.max", { lifetime: { max: "for ever" } }],
    ["lifetime.max", { lifetime: { max: Infinity } }],
    ["lifetime.default", { lifetime: { default: "2h" } }],
    ["lifetime.maximum", { lifetime: { maximum: "5m" } }],
    ["lifetime", { lifetime: "5m" }],
    ["limits.mints", { limits: { mints: Infinity } }],
    ["limits.mints", { limits: { mints: 0 } }],
    ["limits.mints", { limits: { mints: NaN } }],
    ["limits.live", { limits: { live: 1.5 } }],
    ["limits.window", { limits: { window: 0 } }],
    ["limits.lives", { limits: { lives: 5 } }],
    ["limts", { limts: { mints: 1 } }],
    ["signal", { signal: AbortSignal.timeout(1) }],
    ["allowCredentials", { allowCredentials: "no" }],
    ["basePath", { basePath: "api" }],
    ["basePath", { basePath: "/api/" }],
    ["totalTimeoutMs", { totalTimeoutMs: Infinity }],
    ["onError", { onError: "log" }],
  ]) {
    assert.throws(
      () => createKeyBroker(options(change)),
      (error) => error.name === "ValidationError" && error.path === path && !error.message.includes("fw_token"),
      `${path} ${JSON.stringify(change)}`,
    );
  }
  assert.throws(() => createKeyBroker(), { name: "ValidationError", path: "options" });
});

test("tokens are verified by what the configuration demands, or not at all", () => {
  const jwt = { jwks: { keys: [] }, issuer: "https://login.example/", audience: "broker", algorithms: ["RS256"] };
  jwtAuthenticator(jwt);
  for (const change of [
    { algorithms: undefined },
    { algorithms: [] },
    { algorithms: ["none"] },
    { algorithms: ["HS256"] },
    { algorithms: ["RS256", "HS512"] },
    { algorithms: "RS256" },
    { issuer: undefined },
    { audience: undefined },
    { audience: "" },
    { claim: "" },
    { jwks: undefined },
    { jwks: "http://login.example/jwks.json" },
    { jwks: "no address" },
    { algorithms: [["ES256"]] },
    { clockTolerance: NaN },
    { clockTolerance: -1 },
    { clockTolerance: 301 },
    { clockTolerance: "1 year" },
    { Claim: "email" },
  ]) {
    assert.throws(() => jwtAuthenticator({ ...jwt, ...change }), JSON.stringify(change));
  }
});

test("a duration is what the module takes for one", async () => {
  for (const expiresIn of ["5m", "007d", "4294967295s", 90, 0.5, "0s", "", "s", "5", " 5m", "5m ", "-5m", "+5m", "1.5h", "5M", "1h30m", "5y", "4294967296w", "５m", 0, -1, NaN, Infinity, true, null, {}, ["5m"]]) {
    const call = { token: "fw_token", accountId: "acme", userId: "u", expiresIn, fetch: async () => Response.json({}, { status: 400 }) };
    const { name } = await createApiKey(call).catch((error) => error);
    const make = () => createKeyBroker(options({ limits: { window: expiresIn } }));
    if (name === "ValidationError") assert.throws(make, `${expiresIn}`);
    else make();
  }
});

test("where nobody can say who asks, nothing is minted", async () => {
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

test("a page that is not allowed is refused before anybody is asked who it is", async () => {
  let asked = 0;
  const broker = await memoryBroker({ authenticate: () => `${(asked += 1)}` });
  await broker.ask("ada", "POST", "/keys", { headers: { origin: "https://evil.example" } });
  assert.equal(asked, 0);
});

test("what never answers is given up", async (context) => {
  const never = () => new Promise(() => {});
  for (const change of [{ authenticate: never }, { authenticate: () => "ada", ledger: { ...memoryLedger(), reserve: never } }]) {
    const broker = await memoryBroker(change);
    const token = await broker.issuer.tokenFor("ada");
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let answer;
    broker.ask("ada", "POST", "/keys", { headers: { authorization: `Bearer ${token}` } }).then((told) => (answer = told));
    for (let turn = 0; turn < 10_000 && !answer; turn += 1) {
      await new Promise(setImmediate);
      context.mock.timers.tick(100);
    }
    context.mock.timers.reset();
    assert.equal(answer?.status, 503);
    assert.deepEqual(await broker.stored(), []);
  }
});

test("a ledger that cannot answer mints nothing", async () => {
  const down = async () => {
    throw new Error("no ledger at fw_secret_place");
  };
  for (const [name, change] of [
    ["reserve", { reserve: down }],
    ["settle", { settle: down }],
    ["settle, of nothing", { settle: async () => false }],
    ["settle, in its own way", { settle: () => { throw "down"; } }],
  ]) {
    const broker = await memoryBroker({ ledger: { ...memoryLedger(), ...change } });
    const { status, text } = await broker.ask("ada", "POST", "/keys");
    assert.ok(status === 502 || status === 503, `${name}: ${status}`);
    assert.ok(!text.includes("fw_"));
    assert.deepEqual(await broker.stored(), [], name);
  }
});

test("a key whose row was lost is revoked by reconcile, even where it could not be deleted at once", async () => {
  let lose = true;
  const ledger = memoryLedger();
  const broker = await memoryBroker({
    ledger: { ...ledger, settle: (...row) => (lose ? Promise.reject(new Error("down")) : ledger.settle(...row)) },
    maxRetries: 0,
    timeoutMs: 5_000,
    totalTimeoutMs: 5_000,
  });
  await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "delete" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 503);
  assert.equal((await broker.stored()).length, 1, "the deletion was refused");
  lose = false;
  // A mint may be under way: nothing is done until it cannot be any more.
  assert.deepEqual(await broker.reconcile(), { known: 1, revoked: [], spared: [], missing: [], failed: [], settled: true });
  assert.equal((await broker.stored()).length, 1);
  const { now } = Date;
  try {
    Date.now = () => now() + 50_000;
    const { revoked } = await broker.reconcile();
    assert.equal(revoked.length, 1);
    assert.deepEqual(await broker.stored(), []);
  } finally {
    Date.now = now;
  }
});

test("a mint whose answer was lost counts until it is swept", async () => {
  const broker = await memoryBroker({ limits: { mints: 9, window: "1h", live: 2 }, maxRetries: 0 });
  for (const expected of [502, 502]) {
    // The create's answer is lost, and so is every look at what it left.
    await broker.fault({ kind: "drop", when: "after" });
    await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "list", times: 9 });
    const { status } = await broker.ask("ada", "POST", "/keys");
    assert.ok(status === expected || status === 503);
    await broker.settled();
    await broker.calm();
  }
  assert.equal((await broker.stored()).length, 2, "two keys that nobody holds");
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 429);
  const { now } = Date;
  try {
    Date.now = () => now() + 70_000;
    assert.equal((await broker.reconcile()).revoked.length, 2, "found by their tags");
    assert.deepEqual(await broker.stored(), []);
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 201, "and counted no more");
  } finally {
    Date.now = now;
  }
});

test("a member who leaves in the middle of a mint leaves no key", async () => {
  const broker = await memoryBroker({ timeoutMs: 10_000 });
  const token = await broker.issuer.tokenFor("ada");
  const controller = new AbortController();
  const minting = createKeyBroker(
    options({ token: broker.token.key, baseUrl: broker.emulator.url, onError: () => undefined }),
  );
  const late = [];
  await broker.fault({ kind: "delay", ms: 300, when: "after" });
  const answer = minting.fetch(
    new Request("https://keys.example/keys", {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: controller.signal,
    }),
    { waitUntil: (work) => late.push(work) },
  );
  while ((await broker.stored()).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort();
  assert.equal((await answer).status, 400);
  assert.ok(late.length > 0, "the runtime is kept alive");
  await Promise.allSettled(late);
  assert.deepEqual(await broker.stored(), []);
});

test("a key that lives longer than it should is none", async () => {
  for (const expireTime of [undefined, "2999-01-01T00:00:00Z", "some day", null, 7]) {
    const broker = await memoryBroker({
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (!url.endsWith("/apiKeys") || init.method !== "POST") return response;
        return Response.json({ ...(await response.json()), expireTime });
      },
    });
    const { status } = await broker.ask("ada", "POST", "/keys");
    assert.equal(status, 502, `${expireTime}`);
    assert.deepEqual(await broker.stored(), []);
  }
});

test("reconcile revokes nothing that the ledger cannot answer for", async () => {
  const ledger = memoryLedger();
  let down = false;
  const standings = async (...claims) => {
    if (down) throw new Error("down");
    return ledger.standings(...claims);
  };
  const broker = await memoryBroker({ ledger: { ...ledger, standings } });
  const { body } = await broker.ask("ada", "POST", "/keys");
  down = true;
  const { known, revoked, failed } = await broker.reconcile();
  assert.deepEqual([known, revoked, failed.map(({ keyId }) => keyId)], [0, [], [body.keyId]]);
  assert.ok(await broker.works(body.key));
});

test("reconcile spares the broker's own token, and says so, where keep does not name it", async () => {
  const broker = await memoryBroker();
  const byHand = await broker.mintByHand(broker.token.key);
  const { revoked, spared, settled } = await broker.reconcile({ keep: [] });
  assert.deepEqual([revoked, spared, settled], [[byHand.keyId], [broker.token.keyId], true]);
});

test("reconcile spares no key that only begins as the token does", async () => {
  // The service shows less of a key than it could: many begin alike.
  const short = async (url, init) => {
    const response = await fetch(url, init);
    if (!url.includes("/apiKeys?") && !url.endsWith("/apiKeys")) return response;
    const body = await response.json();
    for (const key of body.apiKeys ?? []) key.prefix = "fw_";
    return Response.json(body, { status: response.status });
  };
  const broker = await memoryBroker({ fetch: short });
  const { body } = await broker.ask("ada", "POST", "/keys");
  const forged = [await broker.mintByHand(body.key), await broker.mintByHand(body.key)];
  const first = await broker.reconcile({ keep: [] });
  assert.deepEqual(first.spared, [broker.token.keyId], "the oldest alone");
  assert.deepEqual(first.revoked.sort(), forged.map(({ keyId }) => keyId).sort());
  const other = await broker.mintByHand(body.key);
  const second = await broker.reconcile();
  assert.deepEqual([second.spared, second.revoked], [[], [other.keyId]], "where keep names it, none");
});

test("reconcile refuses options that it does not know, before anything is deleted", async () => {
  const broker = await memoryBroker();
  const { body } = await broker.ask("ada", "POST", "/keys");
  const byHand = await broker.mintByHand(body.key);
  for (const [path, options] of [
    ["keep", { keep: byHand.keyId }],
    ["keep.0", { keep: [""] }],
    ["keep.1", { keep: ["id", undefined] }],
    ["keeps", { keep: [], keeps: [byHand.keyId] }],
  ]) {
    await assert.rejects(broker.reconcile(options), { name: "ValidationError", path });
  }
  assert.equal((await broker.stored()).length, 2);
});

test("reconcile says which of the keys to keep are gone, and can do its work with another token", async () => {
  const broker = await memoryBroker();
  const { body } = await broker.ask("mallory", "POST", "/keys");
  const forged = await broker.mintByHand(body.key);
  await deleteApiKey({ token: body.key, accountId: "acme", userId: "broker", baseUrl: broker.emulator.url, keyId: broker.token.keyId });
  await assert.rejects(broker.reconcile(), { code: "UNAUTHENTICATED" });
  const done = await broker.reconcile({ token: broker.admin });
  assert.deepEqual([done.missing, done.revoked], [[broker.token.keyId], [forged.keyId]]);
  assert.ok(await broker.works(body.key));
});

test("tags that were made up cost no question, and are revoked before anybody is asked", async () => {
  const ledger = memoryLedger();
  let asked = 0;
  const broker = await memoryBroker({
    ledger: {
      ...ledger,
      standings: (...claims) => {
        asked += 1;
        return ledger.standings(...claims);
      },
    },
  });
  const { body } = await broker.ask("ada", "POST", "/keys");
  const [{ annotations }] = await broker.stored();
  const tag = annotations["fireworks-keys-attempt"];
  for (const forged of [
    `${"a".repeat(32)}.${"a".repeat(32)}.${"a".repeat(32)}`,
    `${tag.slice(0, -1)}${tag.endsWith("a") ? "b" : "a"}`,
    `${tag}${"x".repeat(900_000)}`,
    `${tag.startsWith("a") ? "b" : "a"}${tag.slice(1)}`,
    tag.split(".").slice(0, 2).join("."),
    "constructor",
  ]) {
    await broker.mintByHand(body.key, { annotations: { "fireworks-keys-attempt": forged } });
  }
  const copy = await broker.mintByHand(body.key, { annotations });
  const { known, revoked, settled } = await broker.reconcile();
  assert.deepEqual([known, revoked.length, revoked.at(-1), settled, asked], [1, 7, copy.keyId, true, 2]);
  assert.ok(await broker.works(body.key));
});

test("what goes on while reconcile runs is found by its next look, and a run says when it is not done", async () => {
  let minting = 3;
  let broker;
  const racing = async (url, init) => {
    const response = await fetch(url, init);
    if (url.endsWith(":delete") && minting > 0) {
      minting -= 1;
      await broker.mintByHand(broker.admin);
    }
    return response;
  };
  broker = await memoryBroker({ fetch: racing });
  await broker.mintByHand(broker.admin);
  const { revoked, settled } = await broker.reconcile();
  assert.deepEqual([revoked.length, settled, await broker.stored()], [4, true, []]);
  minting = Infinity;
  await broker.mintByHand(broker.admin);
  assert.equal((await broker.reconcile()).settled, false);
});

test("a ledger whose answer is none ends nobody's key", async () => {
  const ledger = memoryLedger();
  let answer = [];
  const broker = await memoryBroker({ ledger: { ...ledger, standings: async () => answer } });
  const { body } = await broker.ask("ada", "POST", "/keys");
  for (answer of [[], ["live", "live"], ["alive"], undefined, "live", [undefined]]) {
    const { revoked, failed } = await broker.reconcile();
    assert.deepEqual([revoked, failed.length], [[], 1], JSON.stringify(answer));
  }
  assert.ok(await broker.works(body.key));
});

test("a reconcile that is aborted rejects with the reason, and deletes no more", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const broker = await memoryBroker({
    fetch: (url, init) => {
      if (url.endsWith(":delete")) controller.abort(reason);
      return fetch(url, init);
    },
  });
  for (let count = 0; count < 20; count += 1) await broker.mintByHand(broker.admin);
  await assert.rejects(broker.reconcile({ signal: controller.signal }), (error) => error === reason);
  assert.ok((await broker.stored()).length >= 14);
});

test("those that can still be used are revoked first, the newest before the others", async () => {
  const order = [];
  const broker = await memoryBroker({
    fetch: (url, init) => {
      if (url.endsWith(":delete")) order.push(JSON.parse(init.body).keyId);
      return fetch(url, init);
    },
  });
  const ended = await broker.mintByHand(broker.admin, { expireTime: new Date(Date.now() + 300).toISOString() });
  const old = await broker.mintByHand(broker.admin);
  const new_ = await broker.mintByHand(broker.admin);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await broker.reconcile();
  assert.deepEqual(order, [new_, old, ended].map(({ keyId }) => keyId));
});

test("a mint that was never sent, or that the service has refused, counts for nothing", async () => {
  let token = () => {
    throw new Error("the vault is sealed");
  };
  const broker = await memoryBroker({ limits: { mints: 2, window: "1h", live: 2 }, token: () => token(), maxRetries: 0 });
  for (let count = 0; count < 3; count += 1) {
    const { status } = await broker.ask("ada", "POST", "/keys");
    assert.ok(status >= 500, `${status}`);
  }
  token = () => broker.token.key;
  for (let count = 0; count < 3; count += 1) {
    await broker.fault({ kind: "answer", status: 403, body: "{}" });
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 502);
  }
  for (const expected of [201, 201, 429]) assert.equal((await broker.ask("ada", "POST", "/keys")).status, expected);
});

test("a member who has left before anything was done costs nothing", async () => {
  const broker = await memoryBroker();
  const minting = createKeyBroker(options({ token: broker.token.key, baseUrl: broker.emulator.url, limits: { mints: 1, live: 1 } }));
  const mint = async (signal) =>
    (await minting.fetch(new Request("https://keys.example/keys", { method: "POST", signal }))).status;
  assert.equal(await mint(AbortSignal.abort()), 400);
  assert.equal(await mint(), 201);
});

test("a revocation goes on where the member does not wait for it", async () => {
  const controller = new AbortController();
  let broker;
  const late = [];
  broker = await memoryBroker({
    fetch: (url, init) => {
      if (url.endsWith(":delete")) controller.abort();
      return fetch(url, init);
    },
    authenticate: () => "ada",
  });
  const { body } = await broker.ask("ada", "POST", "/keys");
  const request = new Request(`https://keys.example/keys/${body.keyId}`, { method: "DELETE", signal: controller.signal });
  const { status } = await broker.handler.fetch(request, { env: 1 }, { waitUntil: (work) => late.push(work) });
  assert.deepEqual([status, late.length, await broker.works(body.key)], [204, 1, false]);
});

test("a member who leaves while the ledger writes the key down leaves none", async () => {
  const controller = new AbortController();
  const ledger = memoryLedger();
  const settle = async (...row) => {
    controller.abort();
    return ledger.settle(...row);
  };
  const broker = await memoryBroker({ ledger: { ...ledger, settle }, limits: { mints: 1, window: "1h", live: 1 }, authenticate: () => "ada" });
  const request = (signal) => new Request("https://keys.example/keys", { method: "POST", signal });
  assert.equal((await broker.handler.fetch(request(controller.signal))).status, 400);
  assert.deepEqual(await broker.stored(), []);
  assert.equal((await broker.handler.fetch(request())).status, 201, "and counts for nothing");
});

test("what a runtime hands over may throw, and need not be there", async () => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  const request = () => new Request("https://keys.example/keys", { method: "POST" });
  const throws = () => {
    throw new Error("too late");
  };
  for (const context of [[], [undefined], [null, 7], [{}], [{ waitUntil: 7 }], [{ waitUntil: throws }], [{}, { waitUntil: () => {} }]]) {
    assert.equal((await broker.handler.fetch(request(), ...context)).status, 201, JSON.stringify(context));
  }
});

test("a method that objects have is none of a path", async () => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  for (const method of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const request = { method, url: "https://keys.example/keys", headers: new Headers() };
    assert.equal((await broker.handler.fetch(request)).status, 405, method);
  }
  assert.deepEqual(broker.errors, []);
});

test("a body that never ends is given up", async (context) => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  const body = new ReadableStream({ pull: () => new Promise(() => {}) });
  const headers = { "content-type": "application/json" };
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let answer;
  broker.handler
    .fetch(new Request("https://keys.example/keys", { method: "POST", body, headers, duplex: "half" }))
    .then((told) => (answer = told));
  for (let turn = 0; turn < 10_000 && !answer; turn += 1) {
    await new Promise(setImmediate);
    context.mock.timers.tick(100);
  }
  context.mock.timers.reset();
  assert.equal(answer?.status, 400);
  assert.deepEqual(await broker.stored(), []);
});

test("what the ledger takes is not taken from the key", async () => {
  const ledger = memoryLedger();
  const reserve = async (...mint) => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    return ledger.reserve(...mint);
  };
  const broker = await memoryBroker({ ledger: { ...ledger, reserve }, lifetime: { min: "1s", max: "2s", default: "1s" } });
  const { status, body } = await broker.ask("ada", "POST", "/keys");
  assert.equal(status, 201);
  assert.ok(await broker.works(body.key));
});

test("how long the service asks to wait is handed on", async () => {
  const broker = await memoryBroker();
  await broker.fault({ kind: "answer", status: 429, headers: { "retry-after": "120" }, body: "{}" });
  const { status, headers } = await broker.ask("ada", "POST", "/keys");
  assert.deepEqual([status, headers.get("retry-after")], [503, "120"]);
});

test("a member is known by a hash that the secret makes", async () => {
  const members = new Set();
  for (const memberSecret of [SECRET, SECRET, `another ${SECRET}`]) {
    const broker = await memoryBroker({ memberSecret, authenticate: () => "ada" });
    await broker.ask("ada", "POST", "/keys");
    const [{ annotations }] = await broker.stored();
    members.add(annotations["fireworks-keys-attempt"].split(".")[0]);
  }
  assert.equal(members.size, 2);
});

test("a page may send further headers where the configuration says so", async () => {
  const broker = await memoryBroker({ allowedHeaders: ["x-session"] });
  const { headers } = await broker.ask(undefined, "OPTIONS", "/keys");
  assert.equal(headers.get("access-control-allow-headers"), "authorization, content-type, x-session");
});

test("reconcile goes on past a key that cannot be deleted, and the next run tries again", async () => {
  const broker = await memoryBroker({ maxRetries: 0 });
  for (let count = 0; count < 5; count += 1) await broker.mintByHand(broker.token.key);
  await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "delete", times: 2 });
  const { revoked, failed } = await broker.reconcile();
  assert.deepEqual([revoked.length, failed.length], [3, 2]);
  assert.equal((await broker.reconcile()).revoked.length, 2);
  assert.deepEqual(await broker.stored(), []);
});

test("cookies are taken where the configuration says so, and paths begin where it says", async () => {
  const broker = await memoryBroker({ allowCredentials: true, basePath: "/api" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 404);
  assert.equal((await broker.ask("ada", "POST", "/apikeys")).status, 404);
  const { status, headers } = await broker.ask("ada", "POST", "/api/keys");
  assert.equal(status, 201);
  assert.equal(headers.get("access-control-allow-credentials"), "true");
});

test("an operator whose onError throws is no reason not to answer", async () => {
  const onError = () => {
    throw new Error("no log");
  };
  const broker = await memoryBroker({ onError, authenticate: onError });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 503);
});

test("without onError the console is told what went wrong, by name and message alone", async (context) => {
  const said = context.mock.method(console, "error", () => undefined);
  const error = Object.assign(new Error("the session store is down"), { session: "s3cret" });
  const broker = createKeyBroker(options({ authenticate: () => Promise.reject(error) }));
  const ask = () => broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  await ask();
  error.message = "no Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln at https://u:fw_tokenvalue1234@x, eyJhbGciOi";
  await ask();
  assert.deepEqual(said.mock.calls.map((call) => call.arguments), [
    ["key broker: Error: the session store is down"],
    ["key broker: Error: no [redacted] at https://u:[redacted]@x, [redacted]"],
  ]);
});

test("an onError that rejects is no unhandled rejection", async () => {
  const broker = createKeyBroker(options({ authenticate: () => 7, onError: async () => { throw new Error("no log"); } }));
  assert.equal((await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }))).status, 503);
  await new Promise(setImmediate);
});
