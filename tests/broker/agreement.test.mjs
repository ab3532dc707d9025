// The broker reads its configuration before it loads the module, so it repeats a few of the module's rules.
// Tests that both accept the same values and read them alike.

import assert from "node:assert/strict";
import { test } from "node:test";
import { auditApiKeys, createApiKey } from "fireworks-keys";
import { createKeyBroker, memoryLedger } from "fireworks-keys/broker";
import { options } from "./brokers.mjs";

const DURATIONS = [
  ...["1s", "90s", "15m", "36h", "30d", "2w", "007d", "4294967295s", "4294967295w", "0s", "0w"],
  ...["", "s", "5", "5 m", " 5m", "5m ", "5m\n", "-5m", "+5m", "1.5h", "1e3s", "0x5s", "5M", "5mo", "1h30m"],
  ...["5y", "5ms", "4294967296w", "99999999999s", "５m", "5µ", "é", "٣d", "m5", "P1D", "Infinity", "NaNs"],
  ...[1, 0.5, 90, 1e9, 1e300, Number.MIN_VALUE, Number.MAX_VALUE],
  ...[0, -0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[true, false, null, 5n, [], ["5m"], {}, Symbol("5m"), () => "5m", new String("5m"), new Date(5)],
];

const IDS = [
  ...["acme", "a", "A-b_c.d", "...", "--", "a b", "é", "%2F", "a?b#c", "a\\b", "日本", "a\u0000b"],
  ...["", "-", ".", "..", "/", "a/b", "/a", "a/", "accounts/acme", "\ud800", "a\udfff", "\udc00\ud800"],
  ...[undefined, null, 7, true, {}, ["acme"], new String("acme"), () => "acme"],
];

const call = { token: "fw_token", accountId: "acme", userId: "broker", maxRetries: 0 };

/** Whether `work` succeeds: `false` if it fails with a `ValidationError` for this path. */
async function isAccepted(path, work) {
  try {
    await work();
    return true;
  } catch (error) {
    assert.equal(error.code, "VALIDATION", error);
    assert.equal(error.path, path, error);
    return false;
  }
}

const brokerWith = (change, ledger = memoryLedger()) => createKeyBroker(options(ledger, change));

/** How the broker reads a duration, in milliseconds. */
async function inBroker(duration) {
  let taken;
  const reserve = async (_member, _mint, { windowMs }) => {
    taken = windowMs;
    return { limit: "mints", retryAfterMs: 1 };
  };
  const broker = brokerWith({ limits: { window: duration } }, { ...memoryLedger(), reserve });
  await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  return taken;
}

/** How the module reads a duration as a create's lifetime, in milliseconds. */
async function inModule(duration) {
  let taken;
  const fetch = async (_, { body }) => {
    const { apiKey } = JSON.parse(body);
    taken = Date.parse(apiKey.expireTime) - Date.now();
    return Response.json({ ...apiKey, keyId: "k1", key: "fw_k1" });
  };
  await createApiKey({ ...call, fetch, expiresIn: duration });
  return taken;
}

test("broker and module take the same for a duration", async (context) => {
  // The clock stands still, so that the expiry time gives the exact lifetime.
  context.mock.timers.enable({ apis: ["Date"], now: 1_800_000_000_000 });
  const verdicts = new Set();
  for (const duration of DURATIONS) {
    const text = `${typeof duration} ${String(duration)}`;
    const accepted = await isAccepted("staleAfter", () =>
      auditApiKeys({ ...call, fetch: async () => Response.json({}), staleAfter: duration }),
    );
    verdicts.add(accepted);
    const change = { limits: { window: duration } };
    assert.equal(await isAccepted("limits.window", () => brokerWith(change)), accepted, text);
    if (!accepted) continue;
    const ms = await inBroker(duration);
    // A key cannot expire after the year 9999, and expires on a whole millisecond.
    if (ms < 1 || ms > 1e14) continue;
    assert.equal(await inModule(duration), Math.floor(ms), text);
  }
  assert.equal(verdicts.size, 2);
});

for (const name of ["accountId", "userId"]) {
  test(`broker and module accept the same as ${name}`, async () => {
    const fetch = async (_, { body }) =>
      Response.json({ ...JSON.parse(body).apiKey, keyId: "k1", key: "fw_k1" });
    const verdicts = new Set();
    for (const id of IDS) {
      const accepted = await isAccepted(name, () => createApiKey({ ...call, fetch, [name]: id }));
      verdicts.add(accepted);
      const text = `${typeof id} ${JSON.stringify(id)}`;
      assert.equal(await isAccepted(name, () => brokerWith({ [name]: id })), accepted, text);
    }
    assert.equal(verdicts.size, 2);
  });
}

test("broker and module accept the same names of headers", async () => {
  const names = [
    "x-trace",
    "X_1",
    "a!#$%&'*+.^`|~-z",
    "",
    " ",
    "a b",
    "a:b",
    "é",
    "a\nb",
    "(a)",
    "a,b",
    '"a"',
  ];
  for (const name of names) {
    const fetch = async () => Response.json({});
    const accepted = await isAccepted(`headers.${name}`, () =>
      auditApiKeys({ ...call, fetch, headers: { [name]: "x" } }),
    );
    const change = { allowedHeaders: [name] };
    assert.equal(
      await isAccepted("allowedHeaders", () => brokerWith(change)),
      accepted,
      JSON.stringify(name),
    );
  }
  for (const name of [7, null, ["x-trace"], Symbol("x")]) {
    assert.equal(await isAccepted("allowedHeaders", () => brokerWith({ allowedHeaders: [name] })), false);
  }
});

test("the broker looks for a tag in the annotation that the module writes it to", async () => {
  let annotations;
  const fetch = async (_, { method, body }) => {
    if (method === "GET") return Response.json({});
    ({ annotations } = JSON.parse(body).apiKey);
    const createTime = new Date().toISOString();
    return Response.json({ ...JSON.parse(body).apiKey, createTime, keyId: "k1", key: "fw_k1" });
  };
  const broker = brokerWith({ fetch });
  const { status } = await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  assert.equal(status, 201);
  assert.ok(Object.values(annotations).length > 0);
});
