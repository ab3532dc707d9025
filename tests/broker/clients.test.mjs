// Tests the ledger in Redis over the clients that people use: redis and ioredis, with one server and with a
// cluster, and an HTTP service. Also tests what comes of a command whose reply is lost.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { freePort } from "../matrix/workerd.mjs";
import { startRedis } from "./redis.mjs";
import { startUpstash } from "./upstash.mjs";

const LIMITS = { mints: 9, windowMs: 600_000, live: 5, requests: 40 };
const mintOf = (attemptTag) => ({
  attemptTag,
  lifetimeMs: 300_000,
  aheadMs: 0,
  settleMs: 70_000,
  requests: 2,
});

const ending = [];
/** Has this done when the tests have ended, what was started last first. */
const finally_ = (work) => ending.unshift(work);
after(async () => {
  for (const work of ending) await work();
});

async function started(args) {
  const redis = await startRedis(args === undefined ? {} : { args });
  finally_(redis.stop);
  return redis;
}

before(prepare);

/** Each client's `send`, once it is connected. */
const CLIENTS = {
  "redis, RESP3": async (url) => sendOfNodeRedis(url, { RESP: 3 }),
  "redis, RESP2": async (url) => sendOfNodeRedis(url, { RESP: 2 }),
  ioredis: async (url) => {
    const { Redis } = await tool("ioredis");
    const client = new Redis(url);
    client.on("error", () => undefined);
    finally_(() => client.disconnect());
    return ([command, ...args]) => client.call(command, ...args);
  },
};

async function sendOfNodeRedis(url, options) {
  const { createClient } = await tool("redis");
  const client = createClient({ url, ...options });
  client.on("error", () => undefined);
  await client.connect();
  finally_(() => client.destroy());
  return (args) => client.sendCommand(args);
}

/** An HTTP service, as the documents say how to send to it. */
async function sendOverHttp() {
  const service = await startUpstash(await started());
  finally_(service.stop);
  return async (args) => {
    const headers = { authorization: `Bearer ${service.token}` };
    const response = await fetch(service.url, { method: "POST", headers, body: JSON.stringify(args) });
    const { result, error } = await response.json();
    if (error !== undefined) throw new Error(error);
    return result;
  };
}

/** Two servers, each of which has half of the keys. */
async function startCluster() {
  const nodes = [];
  for (const slots of [
    [0, 8_191],
    [8_192, 16_383],
  ]) {
    const bus = `${await freePort()}`;
    const node = await started(["--cluster-enabled", "yes", "--cluster-port", bus]);
    const { send } = await node.connect();
    await send(["CLUSTER", "ADDSLOTSRANGE", ...slots.map(String)]);
    await send(["CLUSTER", "SET-CONFIG-EPOCH", `${nodes.length + 1}`]);
    nodes.push({ ...node, bus, send });
  }
  const [first, second] = nodes;
  await first.send(["CLUSTER", "MEET", "127.0.0.1", `${second.port}`, second.bus]);
  for (const { send } of nodes) {
    const isReady = async () => {
      const info = await send(["CLUSTER", "INFO"]);
      return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:2");
    };
    while (!(await isReady())) await send(["PING"]);
  }
  return nodes;
}

/** What members do, and what has to come of it. */
async function story(send) {
  const { redisLedger } = await tool("fireworks-keys/broker/redis");
  const found = [];
  const ledger = redisLedger(send, { onDurability: (durability) => found.push(durability) });
  const members = Array.from({ length: 20 }, (_, index) => `member-${index}`);
  await Promise.all(
    members.map(async (member) => {
      const noted = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const answer = await ledger.reserve(member, mintOf(`t${index}`), LIMITS);
          if (answer.endsAt === undefined) assert.equal(answer.limit, "live");
          return answer.endsAt === undefined ? [] : [`t${index}`];
        }),
      );
      const [one, two, ...others] = noted.flat();
      assert.equal(others.length, 3);
      assert.equal(await ledger.settle(member, one, "k1", 2), true);
      assert.equal(await ledger.settle(member, two, "k2", 2), true);
      assert.equal(await ledger.settle(member, two, "another", 2), false);
      await ledger.release(member, others[0], true, 2);
      await ledger.revoke(member, "k2");
      const claims = ["k1", "k2", "k3"].map((keyId) => ({ keyId, attemptTag: null, endsAt: null }));
      assert.deepEqual(await ledger.standings(member, claims), ["live", "revoked", "unknown"]);
      assert.equal(await ledger.draw(member, "deletion", 30, LIMITS), null);
      assert.equal((await ledger.draw(member, "deletion 2", 9, LIMITS)).limit, "requests");
    }),
  );
  while (found.length === 0) await ledger.revoke(members[0], "none");
  return found[0];
}

describe("one server", () => {
  let redis;
  before(async () => {
    redis = await started();
  });

  for (const [name, connected] of Object.entries(CLIENTS)) {
    test(name, async () => {
      const { send } = await redis.connect();
      await send(["FLUSHALL"]);
      const { verdict, reasons } = await story(await connected(redis.url));
      assert.equal(verdict, "keeps", `${reasons}`);
      assert.equal(await send(["DBSIZE"]), 20, "a hash for each member");
    });
  }
});

test("an HTTP service, which does not say whether it keeps what is written", async () => {
  const { verdict, reasons } = await story(await sendOverHttp());
  assert.equal(verdict, "unknown", `${reasons}`);
});

test("a cluster finds the server of each member", async () => {
  const nodes = await startCluster();
  const { createCluster } = await tool("redis");
  const cluster = createCluster({ rootNodes: [{ url: nodes[0].url }] });
  cluster.on("error", () => undefined);
  await cluster.connect();
  finally_(() => cluster.destroy());
  const { Cluster } = await tool("ioredis");
  const other = new Cluster([{ host: "127.0.0.1", port: nodes[1].port }]);
  finally_(() => other.disconnect());
  for (const send of [
    (args, key) => cluster.sendCommand(key, false, args),
    ([command, ...args]) => other.call(command, ...args),
  ]) {
    assert.equal((await story(send)).verdict, "forgets", "one of the servers was asked");
    const sizes = await Promise.all(nodes.map((node) => node.send(["DBSIZE"])));
    assert.ok(Math.min(...sizes) > 0 && sizes[0] + sizes[1] === 20, `${sizes}`);
    for (const node of nodes) await node.send(["FLUSHALL"]);
  }
});

/** A way to a server on which the reply to every `nth` script is lost with its connection. */
async function losing(redis, nth) {
  const lost = { replies: 0 };
  let seen = 0;
  const server = createServer((client) => {
    const upstream = connect(redis.port, "127.0.0.1");
    let loses = false;
    client.on("data", (bytes) => {
      if (bytes.includes("EVAL") && (seen += 1) % nth === 0) loses = true;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!loses) return client.write(bytes);
      // Redis has done it.
      lost.replies += 1;
      client.destroy();
      upstream.destroy();
    });
    for (const [one, another] of [
      [client, upstream],
      [upstream, client],
    ]) {
      one.on("error", () => undefined).on("close", () => another.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  finally_(() => server.close());
  return { url: `redis://127.0.0.1:${server.address().port}`, lost };
}

describe("a command whose reply is lost counts once", () => {
  for (const [name, connected] of Object.entries(CLIENTS)) {
    test(name, async () => {
      const redis = await started();
      const { url, lost } = await losing(redis, 3);
      const { redisLedger } = await tool("fireworks-keys/broker/redis");
      const send = await connected(url);
      const ledger = redisLedger(send, { onDurability() {} });
      /** Asks again as often as it takes; ioredis does so by itself. */
      const insist = async (work) => {
        for (let time = 0; time < 20; time += 1) {
          try {
            return await work();
          } catch (error) {
            assert.match(`${error.message}`, /clos|connect|reset|offline/i);
          }
        }
        throw new Error("it never got through");
      };
      const limits = { mints: 6, windowMs: 600_000, live: 6, requests: 12 };
      for (let index = 0; index < 6; index += 1) {
        const tag = `t${index}`;
        const { endsAt } = await insist(() => ledger.reserve("member", mintOf(tag), limits));
        assert.ok(endsAt, "a mint counts once");
        assert.equal(await insist(() => ledger.settle("member", tag, `k${index}`, 1)), true);
      }
      assert.equal((await insist(() => ledger.reserve("member", mintOf("t6"), limits))).limit, "mints");
      for (let index = 0; index < 6; index += 1) {
        assert.equal(await insist(() => ledger.draw("member", `deletion ${index}`, 1, limits)), null);
        await insist(() => ledger.revoke("member", `k${index}`));
      }
      assert.equal((await insist(() => ledger.draw("member", "deletion 6", 1, limits))).limit, "requests");
      assert.ok(lost.replies >= 8, `${lost.replies} replies were lost`);
    });
  }
});
