// A broker whose surroundings fail: its configuration, its ledger, whoever says who asks, the service.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, PAGE, SECRET, stopAll } from "./brokers.mjs";

let createKeyBroker;
let memoryLedger;
let jwtAuthenticator;
let createApiKey;

before(async () => {
  await prepare();
  ({ createKeyBroker, memoryLedger } = await tool("fireworks-keys/broker"));
  ({ jwtAuthenticator } = await tool("fireworks-keys/broker/jwt"));
  ({ createApiKey } = await tool("fireworks-keys"));
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
  ]) {
    assert.throws(() => jwtAuthenticator({ ...jwt, ...change }), JSON.stringify(change));
  }
});

test("a lifetime is what the module takes for one", async () => {
  for (const expiresIn of ["5m", "007d", "4294967295s", 90, 0.5, "0s", "", "s", "5", " 5m", "5m ", "-5m", "+5m", "1.5h", "5M", "1h30m", "5y", "4294967296w", "５m", 0, -1, NaN, Infinity, true, null, {}, ["5m"]]) {
    const call = { token: "fw_token", accountId: "acme", userId: "u", expiresIn, fetch: async () => Response.json({}, { status: 400 }) };
    const { name } = await createApiKey(call).catch((error) => error);
    const make = () => createKeyBroker(options({ lifetime: { min: expiresIn, max: 1e15 } }));
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
  assert.deepEqual(await broker.reconcile(), { known: 1, revoked: [], spared: [], failed: [] });
  assert.equal((await broker.stored()).length, 1);
  const { now } = Date;
  try {
    Date.now = () => now() + 40_000;
    const { revoked } = await broker.reconcile();
    assert.equal(revoked.length, 1);
    assert.deepEqual(await broker.stored(), []);
  } finally {
    Date.now = now;
  }
});

test("a mint whose answer was lost counts until its key has ended", async () => {
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
    Date.now = () => now() + 301_000;
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 201);
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
  assert.equal((await answer).status, 502);
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
  const { revoked, spared } = await broker.reconcile({ keep: [] });
  assert.deepEqual([revoked, spared], [[byHand.keyId], [broker.token.keyId]]);
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
  await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  assert.deepEqual(said.mock.calls.map((call) => call.arguments), [["key broker: Error: the session store is down"]]);
});
