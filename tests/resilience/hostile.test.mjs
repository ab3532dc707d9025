// Whatever is passed and whatever a fetch does: every promise settles, nothing is uncaught, and the
// next normal call works. `CASES` says how many, `SEED` where the chance begins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { watchTimers } from "./calls.mjs";
import { CALLS, FETCHES, good, NAMES, PERSISTS, VALUES } from "./hostile.mjs";
import fireworksKeys, { chance, footprint, watchProcess } from "./instance.mjs";

const CASES = Number(process.env.CASES ?? 10_000);
const SEED = Number(process.env.SEED ?? 1);
const AT_ONCE = 50;
const uncaught = watchProcess();
const timers = watchTimers();
const large = JSON.stringify({ keyId: "k", key: "fw_k", filler: "y".repeat(50 * 2 ** 20) });
const random = chance(SEED);
const pick = (from) => from[Math.floor(random() * from.length)];

/**
 * Options that are good but for what chance puts in. Timeouts stay short, and with a `waitUntil` so do the
 * looks that follow a lost answer: nothing here may last.
 */
function options(call) {
  if (random() < 0.03) return pick(VALUES);
  const limits = { timeoutMs: 3, totalTimeoutMs: 10, maxRetries: 1, waitUntil: () => {} };
  const base = { ...good, ...limits, fetch: pick(FETCHES) };
  if (call === "deleteApiKey") base.keyId = "k";
  if (call === "rotateApiKey")
    Object.assign(base, { keyId: "k", persist: pick(PERSISTS), verify: random() < 0.5 });
  if (call === "deleteOrphans") base.attemptTag = "tag";
  const changes = Math.max(0, Math.floor(random() * 4) - 1);
  for (let change = 0; change < changes; change += 1) {
    const name = pick(NAMES);
    // These alone could make a case last as long as they say.
    if (name === "timeoutMs" || name === "totalTimeoutMs") continue;
    const value = pick(VALUES);
    const getter = random() < 0.2;
    Object.defineProperty(base, name, {
      enumerable: true,
      configurable: true,
      ...(getter ? { get: random() < 0.5 ? thrower : () => value } : { value, writable: true }),
    });
  }
  if (random() < 0.05) return new Proxy(base, {});
  if (random() < 0.05) return Object.freeze(base);
  if (random() < 0.05) return Object.create(base);
  if (random() < 0.05) return new Proxy(base, { ownKeys: thrower });
  return base;
}

async function attempt() {
  const name = pick(CALLS);
  const given = options(name);
  const client = random() < 0.2;
  let call;
  if (client) {
    const defaults = random() < 0.2 ? options(name) : good;
    const made = new fireworksKeys.FireworksKeys(defaults);
    const methods = {
      auditApiKeys: "audit",
      createApiKey: "create",
      deleteApiKey: "delete",
      listApiKeys: "list",
      listAccounts: "accounts",
      listUsers: "users",
      rotateApiKey: "rotate",
    };
    call = made[methods[name] ?? name](given);
  } else {
    call = fireworksKeys[name](given);
  }
  if (name.startsWith("list") && random() < 0.3) {
    let items = 0;
    for await (const _ of call) if ((items += 1) > 20) break;
    return;
  }
  await call;
}

async function normal() {
  const fetch = async () => Response.json({ keyId: "k", key: "fw_k", more: 1 });
  const { more } = await fireworksKeys.createApiKey({ ...good, fetch });
  assert.equal(more, 1);
}

test("every hostile case settles, and the next normal call works", { timeout: 1_200_000 }, async (t) => {
  const outcomes = new Map();
  for (let done = 0; done < CASES; done += AT_ONCE) {
    const cases = Array.from({ length: AT_ONCE }, () =>
      attempt().then(
        () => "resolved",
        (error) => {
          try {
            return typeof error?.code === "string" ? error.code : "another value";
          } catch {
            return "another value";
          }
        },
      ),
    );
    for (const outcome of await Promise.all(cases)) {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    await normal();
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  assert.equal(outcomes.get("MODULE_LOAD"), undefined, "the module never failed");
  for (const outcome of [
    "resolved",
    "VALIDATION",
    "CONNECTION",
    "TIMEOUT",
    "INVALID_RESPONSE",
    "INVALID_ARGUMENT",
    "ROTATION",
  ]) {
    const count = outcomes.get(outcome) ?? 0;
    assert.ok(count > CASES / 1_000, `${outcome}: ${count}`);
  }
  // Calls that have settled may still look for orphans: that must fail nowhere, too.
  while (timers.size > 0) await sleep(20);
  await new Promise(setImmediate);
  assert.deepEqual(uncaught, []);
  t.diagnostic(JSON.stringify(footprint()));
});

test("a body of 50 MB is read, or refused, and leaves nothing behind", async () => {
  for (const status of [200, 400]) {
    const fetch = async () => new Response(large, { status });
    const outcome = await fireworksKeys
      .createApiKey({ ...good, fetch, orphanProtection: false })
      .catch((error) => error);
    assert.equal(
      status === 200 ? outcome.filler.length : outcome.status,
      status === 200 ? 50 * 2 ** 20 : 400,
    );
  }
  assert.ok(footprint().pages < 100);
  await normal();
});
