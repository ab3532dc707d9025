// The key brokers of the documents and of the example, each of which has to mint a key.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startIssuer } from "../broker/issuer.mjs";
import { startRedis } from "../broker/redis.mjs";
import { startUpstash } from "../broker/upstash.mjs";
import { answerInEdgeRuntime } from "../matrix/edge-runtime.mjs";
import { folder, program, write } from "../matrix/fixture.mjs";
import { freePort, startWorkerd, wrangle } from "../matrix/workerd.mjs";
import { code, creates, detour, start, stop, TOKEN } from "./snippets.mjs";

let redis;

before(async () => {
  await start();
  redis = await startRedis();
});
after(async () => {
  await redis?.stop();
  await stop();
});

/** What a broker is told of the members' tokens, and a member's. */
const members = ({ jwks, issuer }) => ({
  FIREWORKS_API_KEY: TOKEN,
  MEMBER_SECRET: "a secret of thirty-two characters or more",
  ADMIN_API_KEY: TOKEN,
  TOKEN_KEY_ID: "none of the broker's own",
  JWKS_URL: jwks,
  ISSUER: issuer,
});

/** Has a member mint a key, in this way, and looks at what came of it. */
async function minted(ask) {
  const issuer = await startIssuer("keys");
  try {
    const { result, key } = await creates(async () => {
      const authorization = `Bearer ${await issuer.tokenFor("member-7")}`;
      return ask(members(issuer), {
        method: "POST",
        headers: { authorization, origin: "https://app.example.com" },
      });
    });
    assert.match(result.key, /^fw_/);
    assert.deepEqual([result.keyId, result.expireTime, "broker"], [key.keyId, key.expireTime, key.user]);
  } finally {
    issuer.stop();
  }
}

test("docs: a key broker, as wrangler builds it", async () => {
  const at = "readme/broker";
  // Not all that it fetches is the service's: the issuer's keys are elsewhere.
  await write(`${at}/worker.js`, `import "../detour.mjs";\n${code("broker.js")}`);
  await write(`${at}/wrangler.toml`, code("broker/wrangler.toml"));
  const modules = await wrangle(at, "out");
  await minted(async (env, init) => {
    const worker = await startWorkerd(`${at}/out`, modules, {
      env,
      durable: { LEDGER: "KeyLedger" },
      scheduled: true,
    });
    try {
      assert.equal((await fetch(`${worker.url}/keys`, { method: "POST" })).status, 401);
      const response = await fetch(`${worker.url}/keys`, init);
      assert.equal(await worker.runScheduled(), "ok");
      return response.json();
    } finally {
      worker.stop();
    }
  });
});

/** Starts a program that serves a broker on the port in `PORT`, and asks it once it listens. */
async function askServer(command, args, { env, init, cwd }) {
  const port = await freePort();
  const child = spawn(command, args, {
    cwd: join(folder, cwd),
    env: { ...process.env, ...env, REDIS_URL: redis.url, PORT: String(port) },
    stdio: "inherit",
    // npm's Deno starts another process: they are ended as the group that they are.
    detached: true,
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok) {
      assert.equal(child.exitCode, null, "it listens, or has ended");
      await sleep(50);
    }
    return await (await fetch(`${url}/keys`, init)).json();
  } finally {
    process.kill(-child.pid, "SIGKILL");
  }
}

/** Has a member mint a key, in this way, which the ledger in Redis has to know. */
async function mintedWithRedis(ask) {
  const { send, close } = await redis.connect();
  await send(["FLUSHALL"]);
  await minted(ask);
  const [key, ...others] = await send(["KEYS", "*"]);
  assert.match(key, /^fireworks-keys:[0-9a-f]{32}$/);
  assert.deepEqual(others, []);
  assert.ok((await send(["HVALS", key])).some((row) => row.startsWith("live ")));
  close();
}

test("README of the example: a broker on Deno", async () => {
  await write("readme/deno/broker.js", code("deno.js"));
  const args = [
    "run",
    "--no-prompt",
    "--allow-env",
    "--allow-net=127.0.0.1",
    "--preload=../detour.mjs",
    "--node-modules-dir=manual",
    "broker.js",
  ];
  await mintedWithRedis((env, init) =>
    askServer(program(".bin/deno"), args, { env, init, cwd: "readme/deno" }),
  );
});

test("README of the example: a broker on Node", async () => {
  await write("readme/node/broker.js", code("node.js"));
  const args = ["--import", "../detour.mjs", "broker.js"];
  await mintedWithRedis((env, init) => askServer(process.execPath, args, { env, init, cwd: "readme/node" }));
});

test("README of the example: a broker on Vercel", async () => {
  await write("readme/vercel/api/keys.js", code("api/keys.js"));
  const service = await startUpstash(redis);
  try {
    await mintedWithRedis(async (env, init) => {
      const main = await write(
        "readme/vercel/broker.js",
        `import "./environment.js";
         import handler from "./api/keys.js";
         addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));`,
      );
      const all = { ...env, KV_REST_API_URL: service.url, KV_REST_API_TOKEN: service.token };
      await write(
        "readme/vercel/environment.js",
        `${detour()} globalThis.process = { env: ${JSON.stringify(all)} };`,
      );
      return answerInEdgeRuntime(main, "/api/keys", init);
    });
  } finally {
    service.stop();
  }
});
