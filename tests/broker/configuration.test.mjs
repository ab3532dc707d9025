// Tests that a wrong configuration makes no broker.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { options, PAGE, SECRET } from "./brokers.mjs";

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

test("a configuration that is wrong makes no broker, and the error names what is wrong", () => {
  createKeyBroker(options(memoryLedger()));
  for (const second of [{ lifetime: { max: "5m" } }, undefined]) {
    assert.throws(() => createKeyBroker(options(memoryLedger()), second), { path: "arguments" });
  }
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
      () => createKeyBroker(options(memoryLedger(), change)),
      (error) =>
        error.name === "ValidationError" && error.path === path && !error.message.includes("fw_token"),
      `${path} ${JSON.stringify(change)}`,
    );
  }
  assert.throws(() => createKeyBroker(), { name: "ValidationError", path: "options" });
});

test("tokens are verified by what the configuration demands, or not at all", () => {
  const jwt = {
    jwks: { keys: [] },
    issuer: "https://login.example/",
    audience: "broker",
    algorithms: ["RS256"],
  };
  jwtAuthenticator(jwt);
  jwtAuthenticator({ ...jwt, typ: "at+jwt", maxTokenAge: 3_600, onError: () => {} });
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
    { typ: "" },
    { typ: 7 },
    { maxTokenAge: 0 },
    { maxTokenAge: -1 },
    { maxTokenAge: NaN },
    { maxTokenAge: Infinity },
    { maxTokenAge: "1h" },
    { onError: "log" },
    { onError: null },
  ]) {
    assert.throws(() => jwtAuthenticator({ ...jwt, ...change }), JSON.stringify(change));
  }
});

test("a duration is what the module takes for one", async () => {
  for (const expiresIn of [
    "5m",
    "007d",
    "4294967295s",
    90,
    0.5,
    "0s",
    "",
    "s",
    "5",
    " 5m",
    "5m ",
    "-5m",
    "+5m",
    "1.5h",
    "5M",
    "1h30m",
    "5y",
    "4294967296w",
    "５m",
    0,
    -1,
    NaN,
    Infinity,
    true,
    null,
    {},
    ["5m"],
  ]) {
    const call = {
      token: "fw_token",
      accountId: "acme",
      userId: "u",
      expiresIn,
      fetch: async () => Response.json({}, { status: 400 }),
    };
    const { name } = await createApiKey(call).catch((error) => error);
    const make = () => createKeyBroker(options(memoryLedger(), { limits: { window: expiresIn } }));
    if (name === "ValidationError") assert.throws(make, `${expiresIn}`);
    else make();
  }
});
