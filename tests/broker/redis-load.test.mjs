// Tests many members at once in four processes that share a Redis, and kills one of the processes and the
// Redis in the middle: no member exceeds a limit, and nothing that a member was told is lost.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, SECRET, stopAll } from "./brokers.mjs";
import { startRedis, withClock } from "./redis.mjs";

/** How many requests the test sends in all. */
const REQUESTS = Number(process.env.BROKER_REQUESTS ?? 20_000);
const MEMBERS = Array.from({ length: 50 }, (_, index) => `member-${index}@example.com`);
const CLIENTS = ["redis", "ioredis", "redis", "ioredis"];
const LIMITS = { mints: 40, window: "1h", live: 4 };

/** After this time no mint is under way: 10 s for the ledger, 30 s for the create, 30 s for its sweep. */
const SETTLED_MS = 70_000;

before(prepare);
after(stopAll);

test(`${REQUESTS} requests in four processes, and a kill -9 of one and of Redis`, async (context) => {
  const redis = await startRedis();
  after(redis.stop);
  const ledgerOf = await tool("fireworks-keys/broker/redis").then(({ redisLedger }) => redisLedger);
  // Another broker of the same members, for what comes after the load.
  let clock = withClock((await redis.connect()).send);
  const quiet = { onDurability() {} };
  const broker = await memoryBroker({
    limits: LIMITS,
    ledger: ledgerOf((args, key) => clock.send(args, key), quiet),
  });

  /** What the members were told, over all processes. */
  const told = { minted: new Map(), revoking: new Set(), revoked: new Set(), codes: {}, errors: {} };
  let answered = 0;
  const children = [];
  const waiting = new Map();
  /** Resolves when so many requests have been answered. */
  const reached = (count) => new Promise((resolve) => waiting.set(count, resolve));

  function hear({ member, status, code = status, minted, revoking, revoked, error }) {
    if (revoking) told.revoking.add(revoking);
    if (revoked) told.revoked.add(revoked);
    if (minted) told.minted.set(minted, member);
    if (error) told.errors[error] = (told.errors[error] ?? 0) + 1;
    if (status === undefined) return;
    assert.ok([201, 204, 429, 503, 502].includes(status), `${status}`);
    told.codes[code] = (told.codes[code] ?? 0) + 1;
    answered += 1;
    waiting.get(answered)?.();
  }

  /** Runs a process until it has sent so many requests, and another for the rest if it is killed. */
  async function run(index, requests) {
    const order = {
      client: CLIENTS[index],
      redis: redis.url,
      members: MEMBERS,
      requests,
      token: broker.token.key,
      accountId: "acme",
      userId: "broker",
      baseUrl: broker.emulator.url,
      memberSecret: SECRET,
      limits: LIMITS,
      allowedOrigins: [],
    };
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "redis-process.mjs"), JSON.stringify(order)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    children[index] = child;
    const closed = once(child, "close");
    let sent = 0;
    let hasEnded = false;
    for await (const line of createInterface({ input: child.stdout })) {
      // What a killed process wrote last may be cut.
      if (!line.endsWith("}")) continue;
      const event = JSON.parse(line);
      hear(event);
      if (event.status !== undefined) sent += 1;
      hasEnded ||= event.ended === true;
    }
    await closed;
    if (hasEnded || !looking) return;
    assert.equal(child.signalCode, "SIGKILL", `process ${index} ended by itself`);
    await run(index, requests - sent);
  }
  let highest = 0;
  let looking = true;
  context.after(() => {
    looking = false;
    for (const child of children) child.kill("SIGKILL");
  });

  /** Counts the members' keys at the service again and again. */
  const look = (async () => {
    while (looking) {
      highest = Math.max(highest, ...countBy((await broker.stored()).map(memberOf)).values());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();

  const began = performance.now();
  const kills = (async () => {
    await reached(Math.floor(REQUESTS * 0.25));
    children[0].kill("SIGKILL");
    await reached(Math.floor(REQUESTS * 0.5));
    await redis.kill9();
    await redis.restart();
  })();
  await Promise.all([...CLIENTS.map((_, index) => run(index, Math.floor(REQUESTS / CLIENTS.length))), kills]);
  looking = false;
  await look;
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  context.diagnostic(
    `${JSON.stringify(told.codes)} in ${seconds} s, ${highest} alive of one member at the most`,
  );
  context.diagnostic(JSON.stringify(told.errors));

  for (const code of ["mint-limit", "live-limit", "unavailable"])
    assert.ok(told.codes[code] > 0, `no ${code}`);
  assert.ok(highest <= LIMITS.live, `${highest} keys of one member were alive`);
  for (const [member, count] of countBy([...told.minted.values()])) {
    assert.ok(count <= LIMITS.mints, `${member} was given ${count} keys`);
  }

  // Everything that a member was told is in Redis.
  clock = withClock((await redis.connect()).send);
  const { rows, mints } = await rowsOf(redis);
  for (const [member, count] of mints) assert.ok(count <= LIMITS.mints, `${member}: ${count} mints`);
  for (const keyId of told.minted.keys()) {
    const states = told.revoked.has(keyId)
      ? ["gone"]
      : told.revoking.has(keyId)
        ? ["live", "gone"]
        : ["live"];
    assert.ok(states.includes(rows.get(keyId)), `${keyId}: ${rows.get(keyId)}, and not ${states}`);
  }

  // The kills interrupted some mints. Once their time is up, reconcile revokes what they have left.
  await clock.setTime(Date.now() + SETTLED_MS);
  await broker.reconcile();
  const stored = new Set((await broker.stored()).map(({ keyId }) => keyId));
  const kept = [...told.minted.keys()].filter((keyId) => !told.revoking.has(keyId));
  for (const keyId of kept) assert.ok(stored.has(keyId), `${keyId} was handed out, and is gone`);
  for (const keyId of told.revoked) assert.ok(!stored.has(keyId), `${keyId} was revoked, and is there`);
  for (const keyId of stored) assert.equal(rows.get(keyId), "live", `${keyId} is nobody's`);
});

/** The member that a key's tag names. */
const memberOf = ({ annotations }) => annotations["fireworks-keys-attempt"].split(".")[0];

function countBy(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The state of each key in Redis, and how many mints of each member count. */
async function rowsOf(redis) {
  const { send, close } = await redis.connect();
  const [rows, mints] = [new Map(), new Map()];
  for (const key of await send(["KEYS", "fireworks-keys:*"])) {
    for (const value of await send(["HVALS", key])) {
      const [state, keyId] = [/^[a-z]+/.exec(value)?.[0], /"(.+)"$/.exec(value)?.[1]];
      if (keyId) rows.set(keyId, state);
      if (["open", "live", "gone"].includes(state)) mints.set(key, (mints.get(key) ?? 0) + 1);
    }
  }
  assert.equal(mints.size, MEMBERS.length, "a hash for each member");
  close();
  return { rows, mints };
}
