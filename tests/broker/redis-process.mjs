// One of several processes that share a Redis, for redis-load.test.mjs: it has a broker, and members who ask
// it for keys. It writes a line of JSON for each thing that they are told, at once: nothing that its reader
// has is lost with it.

import { writeSync } from "node:fs";
import { tool } from "../matrix/fixture.mjs";

const { client, redis, members, requests, ...options } = JSON.parse(process.argv[2]);
const { createKeyBroker } = await tool("fireworks-keys/broker");
const { redisLedger } = await tool("fireworks-keys/broker/redis");

const CLIENTS = {
  async redis() {
    const { createClient } = await tool("redis");
    const client = createClient({ url: redis });
    client.on("error", () => undefined);
    await client.connect();
    return (args) => client.sendCommand(args);
  },
  async ioredis() {
    const { Redis } = await tool("ioredis");
    const client = new Redis(redis);
    client.on("error", () => undefined);
    return ([command, ...args]) => client.call(command, ...args);
  },
};

const late = new Set();
const context = {
  waitUntil(work) {
    const kept = work.then(
      () => late.delete(kept),
      () => late.delete(kept),
    );
    late.add(kept);
  },
};
const broker = createKeyBroker({
  ...options,
  authenticate: ({ headers }) => headers.get("x-member"),
  ledger: redisLedger(await CLIENTS[client](), { onDurability() {} }),
  onError: (error) => tell({ error: `${error?.cause?.message ?? error?.message}` }),
});

function tell(event) {
  writeSync(1, `${JSON.stringify(event)}\n`);
}

async function ask(member, method, path) {
  const init = { method, headers: { "x-member": member } };
  const response = await broker.fetch(new Request(`https://keys.example${path}`, init), context);
  const body = response.status === 204 ? undefined : await response.json();
  return { status: response.status, body };
}

let sent = 0;

/** Mints a key three times out of four, and otherwise revokes the oldest of those that it has minted. */
async function live(member) {
  const own = [];
  while (sent < requests) {
    sent += 1;
    if (own.length > 0 && Math.random() < 0.25) {
      const keyId = own.shift();
      tell({ member, revoking: keyId });
      const { status, body } = await ask(member, "DELETE", `/keys/${keyId}`);
      tell({ member, status, code: body?.code, revoked: status === 204 ? keyId : undefined });
    } else {
      const { status, body } = await ask(member, "POST", "/keys");
      if (status === 201) own.push(body.keyId);
      tell({ member, status, code: body.code, minted: body.keyId });
    }
  }
}

await Promise.all(members.map(live));
while (late.size > 0) await Promise.all(late);
tell({ ended: true });
process.exit();
