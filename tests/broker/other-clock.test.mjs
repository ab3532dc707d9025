// Tests brokers whose clock is not the service's: an emulator's, which is set ahead or back.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { durableBroker, memoryBroker, prepareWorker, stopAll } from "./brokers.mjs";
import { redisBroker } from "./redis-broker.mjs";

const MINUTE_MS = 60_000;

before(prepareWorker);
afterEach(stopAll);

for (const [kind, start] of [
  ["in memory, in Node", memoryBroker],
  ["Redis, in Node", redisBroker],
  ["Durable Objects, in workerd", durableBroker],
]) {
  for (const clock of ["+6m", "+1h", "+9000h", "-6m", "-9000h"]) {
    test(`keys live as long as they should, with the service's clock ${clock}: ${kind}`, async () => {
      const { ask, stored, reconcile, works } = await start({ clock });
      for (const member of ["ada", "ben", "cat"]) {
        const { status, text, body } = await ask(member, "POST", "/keys");
        assert.equal(status, 201, text);
        assert.ok(body.expiresInMs > 290_000 && body.expiresInMs <= 301_000, `${body.expiresInMs} ms`);
        assert.ok(await works(body.key));
      }
      const keys = await stored();
      for (const { createTime, expireTime } of keys) {
        const minutes = (Date.parse(expireTime) - Date.parse(createTime)) / MINUTE_MS;
        assert.ok(minutes > 4.8 && minutes <= 5.02, `lives ${minutes} minutes`);
      }
      assert.equal(keys.length, 3, "no other key is left");
      await reconcile();
      assert.equal((await stored()).length, 3, "the ledger knows them");
    });
  }
}
