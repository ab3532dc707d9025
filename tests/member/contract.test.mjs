// Tests the keyring with the package's own broker, and the emulator behind it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, before, test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { memoryBroker, stopAll } from "../broker/brokers.mjs";
import { folder, prepare, tool } from "../matrix/fixture.mjs";
import { happened } from "./clock.mjs";

let createKeyring;

before(async () => {
  await prepare();
  ({ createKeyring } = await tool("fireworks-keys/member"));
});

afterEach(stopAll);

/** A keyring whose broker runs in this process. */
async function start(change) {
  const broker = await memoryBroker(change);
  const events = [];
  const token = await broker.issuer.tokenFor("ada");
  const ring = createKeyring({
    broker: "https://keys.example",
    authorization: () => `Bearer ${token}`,
    fetch: (url, init) => broker.handler.fetch(new Request(url, init)),
    onEvent: (event) => events.push(event),
  });
  return { broker, ring, events };
}

test("a key works at the service, and is gone once the keyring is closed", async () => {
  const { broker, ring } = await start();
  const key = await ring.key();
  assert.ok(await broker.works(key));
  const { revoked, pending } = await ring.close();
  assert.deepEqual([revoked.length, pending], [1, []]);
  assert.ok(!(await broker.works(key)));
  assert.deepEqual(await broker.stored(), []);
});

test("the broker says how long a key lives by the service's clock, though its own is wrong", async () => {
  for (const ahead of [-60_000, 3_600_000]) {
    const { broker, ring, events } = await start({ lifetime: { default: "10m" } });
    await broker.setAhead(ahead);
    const { body } = await broker.ask("grace", "POST", "/keys");
    // A clock that the broker's does not change, and that the service's agrees with.
    const real = ({ expireTime }) => Date.parse(expireTime) - (performance.timeOrigin + performance.now());
    const expected = real(body);
    assert.ok(Math.abs(body.expiresInMs - expected) < 5_000, `${body.expiresInMs} of ${expected}`);
    await ring.key();
    await happened(() => events.length > 0);
    const [{ keyId, expiresInMs }] = events;
    const lives = real((await broker.stored()).find((key) => key.keyId === keyId));
    assert.ok(Math.abs(expiresInMs - lives) < 10_000, `${expiresInMs} of ${lives}`);
    await stopAll();
  }
});

test("a member who has no more mints is told so, and for how long", async () => {
  const { ring, broker } = await start({ limits: { mints: 1, window: "1h", live: 5 } });
  await broker.ask("ada", "POST", "/keys");
  await assert.rejects(ring.key(), ({ code, status, problem, retryAfterMs }) => {
    assert.deepEqual([code, status, problem], ["BROKER", 429, "mint-limit"]);
    return retryAfterMs > 3_000_000 && retryAfterMs <= 3_600_000;
  });
});

test("a page loads 2.5 KB for it, and half a KB more where its tabs share keys", async () => {
  const sizes = await Promise.all(
    ["index", "tabs"].map(async (name) => {
      const file = join(folder, "node_modules/fireworks-keys/dist/member", `${name}.js`);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
      return brotliCompressSync(await readFile(file), { params }).length;
    }),
  );
  assert.ok(sizes[0] < 2_500 && sizes[1] < 650, `${sizes}`);
});
