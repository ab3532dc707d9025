// The workers of the documents, built and run as on their platforms.

import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { answerInEdgeRuntime } from "../matrix/edge-runtime.mjs";
import { folder, write } from "../matrix/fixture.mjs";
import { bundleWorker, startWorkerd, wrangle } from "../matrix/workerd.mjs";
import { fault, storedKeys } from "../suite/service.mjs";
import { code, creates, detour, emulator, start, stop, TOKEN } from "./snippets.mjs";

before(start);
after(stop);

test("docs: Cloudflare Workers, as wrangler builds it", async () => {
  await write("readme/cloudflare/worker.js", code("worker.js"));
  await write("readme/cloudflare/wrangler.toml", code("wrangler.toml"));
  const modules = await wrangle("readme/cloudflare", "out");
  const { result, key } = await creates(() => answered("readme/cloudflare/out", modules));
  assert.deepEqual(result, { keyId: key.keyId });
});

test("docs: a worker whose caller leaves leaves no key behind", async () => {
  const modules = await wrangle("readme/cloudflare", "out");
  const stored = async () => (await storedKeys(emulator.url)).length;
  const before = await stored();
  // The answer never comes: the caller leaves before it, however slow the machine is.
  await fault(emulator.url, { kind: "delay", ms: 3_600_000, when: "after" });
  await answered("readme/cloudflare/out", modules, async (url) => {
    const socket = connect(new URL(url).port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    while ((await stored()) === before) await sleep(20);
    // workerd notices a connection that is reset, and not one that is only closed.
    socket.resetAndDestroy();
    while ((await stored()) > before) await sleep(20);
  });
});

test("docs: a worker that rotates a key on a schedule", async () => {
  const at = "readme/rotation";
  await write(`${at}/worker.js`, code("rotate.js"));
  await write(`${at}/wrangler.toml`, code("rotation/wrangler.toml"));
  const modules = await wrangle(at, "out");
  const keys = `${emulator.url}/v1/accounts/acme/users/rotating/apiKeys`;
  const ask = (token, init) => fetch(keys, { ...init, headers: { authorization: `Bearer ${token}` } });
  const first = await (await ask(TOKEN, { method: "POST", body: '{"apiKey": {}}' })).json();
  const seeded = JSON.stringify({ keyId: first.keyId, key: first.key });
  await write(`${at}/out/SECRETS/fireworks`, seeded);
  const held = async () => JSON.parse(await readFile(join(folder, at, "out/SECRETS/fireworks"), "utf8"));
  const listed = async (token) => (await (await ask(token)).json()).apiKeys.map(({ keyId }) => keyId);

  const worker = await startWorkerd(`${at}/out`, modules, {
    outbound: emulator.url,
    kv: ["SECRETS"],
    scheduled: true,
  });
  const run = worker.runScheduled;
  try {
    let before = first;
    for (const trouble of [undefined, { kind: "drop", when: "after" }, { kind: "cut", bytes: 30 }]) {
      if (trouble) await fault(emulator.url, trouble, { user: "rotating" });
      assert.equal(await run(), "ok");
      const now = await held();
      assert.notEqual(now.keyId, before.keyId);
      assert.deepEqual((await listed(now.key)).sort(), [before.keyId, now.keyId].sort());
      before = now;
    }
    // A run whose store fails leaves what is stored, and the next day's goes on from there.
    await rm(join(folder, at, "out/SECRETS/fireworks"));
    assert.equal(await run(), "exception");
    await write(`${at}/out/SECRETS/fireworks`, JSON.stringify(before));
    assert.equal(await run(), "ok");
    assert.equal((await listed((await held()).key)).length, 2);
  } finally {
    worker.stop();
  }
});

test("docs: a worker that is warmed up before a request arrives", async () => {
  const handler = code("worker.js").split("\n").slice(1).join("\n");
  await write("readme/warm/worker.js", code("warm-worker.js") + handler);
  const modules = await bundleWorker("readme/warm/worker.js", "readme/warm/out");
  const { result, key } = await creates(() => answered("readme/warm/out", modules));
  assert.deepEqual(result, { keyId: key.keyId });
});

test("docs: the module handed over, where nothing else knows how to get it", async () => {
  const handler = code("worker.js").split("\n").slice(1).join("\n");
  await write("readme/own/worker.js", code("own-module.js") + handler);
  // Without the condition that finds Cloudflare's entry.
  const modules = await bundleWorker("readme/own/worker.js", "readme/own/out", []);
  const { result, key } = await creates(() => answered("readme/own/out", modules));
  assert.deepEqual(result, { keyId: key.keyId });
});

test("docs: Vercel's edge runtime", async () => {
  await write("readme/vercel/key.js", code("api/key.js"));
  const main = await write(
    "readme/vercel/main.js",
    `${detour()}
     globalThis.process = { env: { FIREWORKS_API_KEY: ${JSON.stringify(TOKEN)} } };
     import handler from "./key.js";
     addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));`,
  );
  const { result, key } = await creates(() => answerInEdgeRuntime(main));
  assert.deepEqual(result, { keyId: key.keyId });
});

async function answered(at, modules, ask = async (url) => (await fetch(url)).json()) {
  const worker = await startWorkerd(at, modules, {
    outbound: emulator.url,
    env: { FIREWORKS_API_KEY: TOKEN },
  });
  try {
    return await ask(worker.url);
  } finally {
    worker.stop();
  }
}
