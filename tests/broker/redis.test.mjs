// Tests what a ledger in Redis does beyond what every ledger has to: how rows end, whose time it is, what a
// restart leaves, what it makes of strange replies, and what it says of a Redis that forgets.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { redisDurability, redisLedger } from "fireworks-keys/broker/redis";
import { startRedis, withClock } from "./redis.mjs";

const LIMITS = { mints: 3, windowMs: 60_000, live: 3, requests: 12 };
const MINT = { attemptTag: "a", lifetimeMs: 30_000, aheadMs: 0, settleMs: 20_000, requests: 2 };
const quiet = { onDurability() {} };

const running = new Set();

/** A server and a connection to it, until the tests end. */
async function started(args = []) {
  const redis = await startRedis({ args });
  running.add(redis);
  const { send } = await redis.connect();
  return { ...redis, send };
}

after(() => Promise.all([...running].map((redis) => redis.stop())));

test("all rows of a member are in one hash, which ends with the last row that is needed", async () => {
  const { send: plain } = await started();
  const { send, setTime } = withClock(plain);
  const ledger = redisLedger(send, quiet);
  const key = "fireworks-keys:member";
  const tags = async () => (await plain(["HKEYS", key])).sort();
  const endsIn = async (ms) => {
    const left = await plain(["PTTL", key]);
    assert.ok(left <= ms && left > ms - 10_000, `${left} ms`);
  };
  const now = 1_800_000_000_000;
  await setTime(now);
  await ledger.reserve("member", MINT, LIMITS);
  await endsIn(60_000);
  await setTime(now + 59_999);
  await ledger.reserve("member", { ...MINT, attemptTag: "b", lifetimeMs: 90_000 }, LIMITS);
  assert.deepEqual(await tags(), ["bucket", "tag a", "tag b"]);
  await endsIn(90_000);
  await setTime(now + 60_000);
  assert.deepEqual(await ledger.standings("member", [{ keyId: "k", attemptTag: "a", endsAt: now }]), [
    "unknown",
  ]);
  assert.deepEqual(await tags(), ["bucket", "tag a", "tag b"], "what changes nothing deletes nothing");
  await ledger.draw("member", "deletion", 1, LIMITS);
  assert.deepEqual(await tags(), ["bucket", "tag b", "tag deletion"]);
  await endsIn(89_999);
  await setTime(now + 149_999);
  const again = { ...MINT, attemptTag: "b" };
  assert.deepEqual(await ledger.reserve("member", again, LIMITS), { endsAt: now + 179_000 }, "as if new");
  assert.deepEqual(await tags(), ["bucket", "tag b"]);
  assert.deepEqual(await plain(["KEYS", "fireworks-keys:*"]), [key]);
  // With a short window, Redis deletes the hash itself.
  const short = { ...LIMITS, windowMs: 1 };
  await ledger.reserve("brief", { ...MINT, lifetimeMs: 0, settleMs: 1 }, short);
  while ((await plain(["EXISTS", "fireworks-keys:brief"])) === 1) await plain(["PING"]);
});

test("the longest window and lifetime that there are can be written", async () => {
  const { send } = await started();
  const ledger = redisLedger(send, quiet);
  const limits = { ...LIMITS, windowMs: 1e300 };
  assert.ok((await ledger.reserve("member", { ...MINT, lifetimeMs: 3e10 }, limits)).endsAt);
  assert.ok((await send(["PTTL", "fireworks-keys:member"])) > 9e14);
  assert.deepEqual((await ledger.draw("member", "deletion", 11, limits)).limit, "requests");
});

test("the time is Redis's own, however wrong the clock of this process is", async (context) => {
  const { send } = await started();
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { endsAt } = await redisLedger(send, quiet).reserve("member", MINT, LIMITS);
  const [seconds] = await send(["TIME"]);
  assert.ok(Math.abs(endsAt / 1_000 - 30 - Number(seconds)) <= 2, `${endsAt}`);
});

test("a kill -9 loses nothing that was acknowledged, and the script is sent again", async () => {
  const { send, kill9, restart, connect } = await started(["--appendonly", "yes", "--appendfsync", "always"]);
  const ledger = redisLedger(send, quiet);
  for (const attemptTag of ["a", "b", "c"]) await ledger.reserve("member", { ...MINT, attemptTag }, LIMITS);
  await ledger.settle("member", "a", "k", 2);
  await kill9();
  await assert.rejects(ledger.reserve("member", { ...MINT, attemptTag: "d" }, LIMITS), /connection/);
  await restart();
  const again = await connect();
  const sent = [];
  const after = redisLedger((args) => sent.push(args[0]) && again.send(args), quiet);
  assert.deepEqual(await after.standings("member", [{ keyId: "k", attemptTag: null, endsAt: null }]), [
    "live",
  ]);
  assert.equal((await after.reserve("member", { ...MINT, attemptTag: "d" }, LIMITS)).limit, "mints");
  assert.deepEqual(
    sent.filter((name) => name.startsWith("EVAL")),
    ["EVALSHA", "EVAL", "EVALSHA"],
  );
  assert.ok((await again.send(["PTTL", "fireworks-keys:member"])) > 0);
});

test("a replica holds what its master holds", async () => {
  const master = await started(["--repl-diskless-sync-delay", "0"]);
  const replica = await started(["--replicaof", `127.0.0.1 ${master.port}`]);
  while (!/master_link_status:up/.test(await replica.send(["INFO", "replication"])))
    await master.send(["PING"]);
  const ledger = redisLedger(master.send, quiet);
  for (const attemptTag of ["a", "b"]) await ledger.reserve("member", { ...MINT, attemptTag }, LIMITS);
  await ledger.settle("member", "a", "k", 1);
  await ledger.release("member", "b", false, 0);
  assert.equal(await master.send(["WAIT", "1", "0"]), 1);
  const held = async ({ send }) => {
    const fields = (await send(["HKEYS", "fireworks-keys:member"])).sort();
    const values = await Promise.all(fields.map((field) => send(["HGET", "fireworks-keys:member", field])));
    return [fields, values, await send(["PEXPIRETIME", "fireworks-keys:member"])];
  };
  assert.deepEqual((await held(master))[0], ["bucket", "tag a", "tag b"]);
  assert.deepEqual(await held(replica), await held(master));
  await assert.rejects(redisLedger(replica.send, quiet).revoke("member", "k"), /READONLY|read only/i);
});

test("a full Redis that evicts nothing notes nothing, and not half of it", async () => {
  const { send } = await started(["--maxmemory-policy", "noeviction"]);
  const clock = withClock(send);
  const ledger = redisLedger(clock.send, quiet);
  await ledger.reserve("member", MINT, LIMITS);
  // Its row is no longer needed, and would be deleted.
  await clock.setTime(Date.now() + 3_600_000);
  const before = await send(["HGETALL", "fireworks-keys:member"]);
  await send(["CONFIG", "SET", "maxmemory", "1"]);
  await assert.rejects(ledger.reserve("member", { ...MINT, attemptTag: "b" }, LIMITS), /OOM/);
  await assert.rejects(ledger.reserve("another", MINT, LIMITS), /OOM/);
  await send(["CONFIG", "SET", "maxmemory", "0"]);
  assert.deepEqual(await send(["HGETALL", "fireworks-keys:member"]), before);
  assert.equal(await send(["EXISTS", "fireworks-keys:another"]), 0);
});

test("a user who may do no more than the documents say is enough", async () => {
  const { send, connect } = await started();
  const commands = ["evalsha", "eval", "time", "hgetall", "hset", "hdel", "pexpire", "info", "config|get"];
  const rights = commands.map((command) => `+${command}`);
  await send(["ACL", "SETUSER", "ledger", "on", ">secret", "~fireworks-keys:*", ...rights]);
  const limited = (await connect()).send;
  await limited(["AUTH", "ledger", "secret"]);
  const ledger = redisLedger(limited, quiet);
  const brief = { ...LIMITS, windowMs: 1 };
  await ledger.reserve("member", { ...MINT, lifetimeMs: 0, settleMs: 1 }, brief);
  assert.ok(await ledger.release("member", "a", false, 0).then(() => true));
  // Waits until the row has ended, so that the next call deletes it.
  while ((await ledger.reserve("member", { ...MINT, attemptTag: "b" }, { ...brief, live: 1 })).limit);
  assert.equal((await redisDurability(limited)).verdict, "forgets");
  await assert.rejects(
    redisLedger(limited, { ...quiet, prefix: "other:" }).revoke("member", "k"),
    /NOPERM|ACL/i,
  );
  const readme = await readFile(join(import.meta.dirname, "../../examples/edge-broker/README.md"), "utf8");
  assert.ok(readme.includes(rights.join(" ")), "these are what they say");
});

test("the prefix begins all names, and a name that something else has is an error", async () => {
  const { send } = await started();
  const ledger = redisLedger(send, { ...quiet, prefix: "app:{keys}:" });
  await ledger.reserve("member", MINT, LIMITS);
  assert.deepEqual(await send(["KEYS", "*"]), ["app:{keys}:member"]);
  await send(["SET", "app:{keys}:another", "text"]);
  await assert.rejects(ledger.reserve("another", MINT, LIMITS), /WRONGTYPE/);
});

test("replies are read as clients hand them over, and everything else is an error that says so", async () => {
  const replying = (reply) => redisLedger(async () => reply, quiet);
  const reserve = (reply) => replying(reply).reserve("member", MINT, LIMITS);
  assert.deepEqual(await reserve(["noted", "1800000000000"]), { endsAt: 1_800_000_000_000 });
  assert.deepEqual(await reserve(["noted", 1_800_000_000_000]), { endsAt: 1_800_000_000_000 });
  assert.deepEqual(await reserve(["refused", "mints", "1.5"]), { limit: "mints", retryAfterMs: 1.5 });
  const secret = "fw_secret";
  for (const reply of [
    ...[undefined, null, 0, "", "noted", secret, {}, { result: ["noted", "1"] }, { error: "ERR" }, [], [[]]],
    ...[["noted"], ["noted", ""], ["noted", " 1"], ["noted", "0x10"], ["noted", "1e"], ["noted", "Infinity"]],
    ...[
      ["noted", null],
      ["noted", true],
      ["noted", 1n],
      ["noted", [1]],
      ["noted", Number.NaN],
    ],
    ...[["refused"], ["refused", "mints"], ["refused", "all", "1"], ["refused", "live", "soon"]],
    ...[["drawn"], ["settled"], ["Noted", "1"], [secret, "1"]],
  ]) {
    await assert.rejects(reserve(reply), (error) => {
      assert.ok(error instanceof TypeError, error);
      assert.match(error.message, /^the reply to reserve is .+: send must resolve to Redis's reply/);
      assert.ok(!error.message.includes(secret));
      return true;
    });
  }
  for (const [call, args, right] of [
    ["draw", ["tag", 1, LIMITS], ["drawn"]],
    ["settle", ["tag", "k", 1], ["settled"]],
    ["release", ["tag", true, 1], ["released"]],
    ["revoke", ["k"], ["revoked"]],
    ["standings", [[{ keyId: "k", attemptTag: null, endsAt: null }]], ["live"]],
  ]) {
    await replying(right)[call]("member", ...args);
    for (const wrong of [
      undefined,
      null,
      right[0],
      [],
      [null],
      ["noted"],
      [right],
      [...right, ...right],
      [0],
    ]) {
      // A longer list is only strange where its length means something.
      if (wrong?.length === 2 && call !== "standings") continue;
      await assert.rejects(replying(wrong)[call]("member", ...args), TypeError, `${call}: ${wrong}`);
    }
  }
});

test("an error rejects with Redis's words, whether send rejects with it or resolves to it", async () => {
  for (const answer of [
    async () => new Error("ERR no such luck"),
    async () => Promise.reject(new Error("ERR no such luck")),
    () => {
      throw new Error("ERR no such luck");
    },
  ]) {
    let sent = 0;
    const send = () => (sent += 1) && answer();
    await assert.rejects(redisLedger(send, quiet).revoke("member", "k"), /ERR no such luck/);
    assert.equal(sent, 1);
  }
  for (const unknown of [
    "NOSCRIPT No matching script.",
    { message: "ERR NOSCRIPT", status: 400 },
    new Error("NOSCRIPT"),
  ]) {
    const sent = [];
    const send = async ([command]) => {
      sent.push(command);
      if (command === "EVALSHA") throw unknown;
      return ["revoked"];
    };
    await redisLedger(send, quiet).revoke("member", "k");
    assert.deepEqual(sent.slice(0, 2), ["EVALSHA", "EVAL"]);
  }
});

test("options and arguments that are wrong are errors", async () => {
  for (const send of [undefined, null, {}, "redis://127.0.0.1"]) {
    assert.throws(() => redisLedger(send), /redisLedger needs a function/);
  }
  const send = async () => ["noted", "1"];
  for (const [options, message] of [
    [null, /options must be an object/],
    [{ prefix: 7 }, /prefix must be a string/],
    [{ onDurability: "warn" }, /onDurability must be a function/],
    [{ Prefix: "x" }, /no option Prefix/],
  ]) {
    assert.throws(() => redisLedger(send, options), message);
  }
  const ledger = redisLedger(send, quiet);
  for (const lifetimeMs of [Number.NaN, Number.POSITIVE_INFINITY, undefined, null]) {
    await assert.rejects(
      ledger.reserve("member", { ...MINT, lifetimeMs }, LIMITS),
      /reserve: .* finite number/,
    );
  }
});

test("a Redis that forgets is found out, as far as it tells", async () => {
  const evicting = (policy) => ["--maxmemory", "100mb", "--maxmemory-policy", policy];
  const logging = ["--appendonly", "yes", "--appendfsync"];
  for (const [args, verdict, reasons] of [
    [[...logging, "always"], "keeps", [/evicts nothing/, /restart loses nothing/]],
    [[...logging, "everysec", ...evicting("noeviction")], "keeps", [/evicts nothing/, /everysec/]],
    [[...logging, "no"], "forgets", [/evicts nothing/, /appendfsync is no/]],
    [[...logging, "always", ...evicting("volatile-ttl")], "forgets", [/volatile-ttl/, /loses nothing/]],
    [evicting("allkeys-lru"), "forgets", [/allkeys-lru/, /loses everything/]],
    [[...logging, "always", "--maxmemory-policy", "allkeys-lru"], "keeps", [/no maxmemory/, /loses nothing/]],
    [["--save", "3600 1"], "forgets", [/evicts nothing/, /snapshot: save is 3600 1/]],
    [[...logging, "always", "--rename-command", "CONFIG", ""], "unknown", [/evicts nothing/, /how often/]],
    [["--rename-command", "CONFIG", ""], "unknown", [/evicts nothing/, /does not say/]],
    [["--rename-command", "INFO", ""], "unknown", [/does not say/, /does not say/]],
  ]) {
    const redis = await started(args);
    const found = await redisDurability(redis.send);
    assert.equal(found.verdict, verdict, `${args}: ${found.reasons}`);
    for (const [index, reason] of reasons.entries()) assert.match(found.reasons[index], reason);
    await redis.stop();
  }
});

test("what Redis says of itself is understood in each form in which clients hand it over", async () => {
  const info = "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\naof_enabled:1\r\n";
  const verdict = async (info, setting) => {
    const send = async ([command]) => (command === "INFO" ? info : setting);
    return (await redisDurability(send)).verdict;
  };
  for (const text of [info, new String(info), info.replaceAll("\r", "")]) {
    for (const setting of [
      ["appendfsync", "always"],
      new Map([["appendfsync", "always"]]),
      [["appendfsync", "always"]],
      { appendfsync: "always" },
      Object.assign(Object.create(null), { appendfsync: "always" }),
    ]) {
      assert.equal(await verdict(text, setting), "keeps");
    }
  }
  for (const strange of [
    undefined,
    null,
    0,
    "",
    [],
    ["appendfsync"],
    ["save", ""],
    {},
    new Map(),
    new Error("ERR"),
  ]) {
    assert.equal(await verdict(info, strange), "unknown");
    assert.equal(await verdict(strange, ["appendfsync", "always"]), "unknown");
  }
});

test("one look at what Redis keeps follows the first answer, and the console hears it", async (context) => {
  const { send } = await started();
  const found = [];
  const sent = [];
  const counting = (args) => sent.push(args[0]) && send(args);
  const ledger = redisLedger(counting, { onDurability: (durability) => found.push(durability) });
  for (let time = 0; time < 3; time += 1) await ledger.revoke("member", "k");
  assert.equal(sent.filter((command) => command === "INFO").length, 1);
  while (found.length === 0) await send(["PING"]);
  assert.deepEqual(
    found.map(({ verdict }) => verdict),
    ["forgets"],
  );
  const said = [];
  const warn = context.mock.method(console, "warn", (text) => said.push(text));
  await redisLedger(send).revoke("member", "k");
  while (said.length === 0) await send(["PING"]);
  assert.match(said[0], /^fireworks-keys\/broker\/redis: .*a restart loses everything/);
  const durable = await started(["--appendonly", "yes"]);
  let isAsked;
  const asked = new Promise((resolve) => (isAsked = resolve));
  const told = (args) => {
    if (args[0] === "CONFIG") isAsked();
    return durable.send(args);
  };
  await redisLedger(told).revoke("member", "k");
  await asked;
  await durable.send(["PING"]);
  assert.equal(warn.mock.callCount(), 1, "a Redis that keeps everything is nothing to tell");
  // What cannot be reached is asked again by the next ledger call, and a listener that throws harms nobody.
  const failing = redisLedger(async () => Promise.reject(new Error("lost")), quiet);
  await assert.rejects(failing.revoke("member", "k"), /lost/);
  const throwing = () => {
    throw new Error("a listener's own");
  };
  await redisLedger(send, { onDurability: throwing }).revoke("member", "k");
  await send(["PING"]);
});
