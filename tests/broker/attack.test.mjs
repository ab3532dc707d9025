// Tests what a member gains who mints by hand under copied tags: nothing that lasts, and nobody else's key is
// revoked. With a ledger in memory, and with Durable Objects.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { durableBroker, memoryBroker, prepareWorker, stopAll } from "./brokers.mjs";

before(prepareWorker);

const SECOND_MS = 1_000;

/** After this time no mint is under way any more. */
const SETTLED_MS = 71_000;

/** Longer than a key lives, and a window. */
const ENDED_MS = 3_700_000;

for (const [kind, start] of [
  ["in memory, in Node", memoryBroker],
  ["Durable Objects, in workerd", durableBroker],
]) {
  describe(kind, () => {
    after(stopAll);

    test("twenty keys that never end do not outlive a run, however often their tag is renewed", async () => {
      const broker = await start();
      const { body: held } = await broker.ask("mallory", "POST", "/keys");
      const { body: ada } = await broker.ask("ada", "POST", "/keys");
      for (let run = 0; run < 3; run += 1) {
        const { annotations } = await lost(broker, "mallory");
        for (let count = 0; count < 20; count += 1) await broker.mintByHand(held.key, { annotations });
        await broker.reconcile();
        const endless = (await broker.stored()).filter(({ expireTime }) => expireTime === undefined);
        assert.deepEqual(endless, [], `run ${run + 1}`);
      }
      for (const { key } of [held, ada]) assert.ok(await broker.works(key));
    });

    test("a key with a copied tag stays only while its mint is open, and if it ends in time", async () => {
      const broker = await start({ lifetime: { max: "1h" } });
      const { body: held } = await broker.ask("mallory", "POST", "/keys");
      const { body: ada } = await broker.ask("ada", "POST", "/keys");
      const { body: given } = await broker.ask("ben", "POST", "/keys");
      const settled = (await broker.stored()).filter(({ keyId }) => keyId !== given.keyId);
      const [revoked] = (await broker.stored()).filter(({ keyId }) => keyId === given.keyId);
      assert.equal((await broker.ask("ben", "DELETE", `/keys/${given.keyId}`)).status, 204);
      const open = await lost(broker, "mallory");
      const fitting = [open.keyId];
      for (const copied of [...settled, revoked, open]) {
        for (const laterMs of [undefined, 2 * SECOND_MS, 600_000, 0, -60_000]) {
          const { keyId } = await broker.mintByHand(held.key, copyOf(copied, laterMs));
          if (copied === open && laterMs <= 0) fitting.push(keyId);
        }
      }
      await broker.reconcile();
      const left = async () => (await broker.stored()).map(({ keyId }) => keyId).sort();
      assert.deepEqual(await left(), [...fitting, held.keyId, ada.keyId].sort());
      await broker.setAhead(SETTLED_MS);
      await broker.reconcile();
      assert.deepEqual(await left(), [held.keyId, ada.keyId].sort());
      for (const { key } of [held, ada]) assert.ok(await broker.works(key));
    });

    test("a tag of a mint that has ended protects nothing", async () => {
      const broker = await start({ limits: { mints: 9, window: "1m", live: 9 }, lifetime: { max: "10m" } });
      await broker.ask("mallory", "POST", "/keys");
      const [ended] = await broker.stored();
      await broker.setAhead(ENDED_MS);
      const copy = await broker.mintByHand(broker.admin, copyOf(ended, 0));
      const later = await broker.mintByHand(broker.admin, copyOf(ended, 120_000));
      const issued = await broker.issuer.tokenFor("ada");
      const { status } = await broker.ask(undefined, "POST", "/keys", {
        headers: { authorization: `Bearer ${issued}` },
      });
      assert.equal(status, 201);
      await broker.reconcile();
      const left = (await broker.stored()).map(({ keyId }) => keyId);
      assert.ok(!left.includes(copy.keyId) && !left.includes(later.keyId));
      assert.ok(left.length >= 1);
    });

    test("a member who hangs up aborts no create that was sent, and each of them is a mint", async () => {
      const broker = await start({ limits: { mints: 3, window: "1h", live: 9 } });
      const made = new Set();
      for (let count = 0; count < 8; count += 1) {
        await broker.fault({ kind: "delay", ms: 150, when: "after" });
        const controller = new AbortController();
        const asked = broker.ask("mallory", "POST", "/keys", { signal: controller.signal }).catch(() => {});
        const isNew = ({ keyId }) => !made.has(keyId);
        await eventually(async () => (await broker.stored()).some(isNew), 20);
        for (const { keyId } of await broker.stored()) made.add(keyId);
        controller.abort();
        await asked;
        await broker.settled();
        await broker.calm();
      }
      assert.equal(made.size, 3);
      // workerd does not tell a worker of a client that has gone: such a key has a row, and ends by itself.
      if (start === memoryBroker) assert.deepEqual(await broker.stored(), []);
      await broker.reconcile();
      assert.equal((await broker.ask("mallory", "POST", "/keys")).body.code, "mint-limit");
    });
  });
}

describe("in memory, while the mint is open", () => {
  after(stopAll);

  test("nobody can have another's key revoked with a key that fits better", async () => {
    let settle = () => {};
    const { memoryLedger } = await import("fireworks-keys/broker");
    const ledger = memoryLedger();
    const waits = new Promise((resolve) => {
      settle = resolve;
    });
    const slow = async (...row) => {
      await waits;
      return ledger.settle(...row);
    };
    const broker = await memoryBroker({ ledger: { ...ledger, settle: slow } });
    const asked = broker.ask("ada", "POST", "/keys");
    await eventually(async () => (await broker.stored()).length === 1);
    const [own] = await broker.stored();
    const copies = [];
    for (const laterMs of [0, -SECOND_MS, -2 * SECOND_MS]) {
      copies.push(await broker.mintByHand(broker.admin, copyOf(own, laterMs)));
    }
    const during = await broker.reconcile();
    assert.deepEqual([during.known, during.revoked, during.settled], [4, [], false]);
    assert.deepEqual(during.left, [{ why: "pending", keys: 4 }]);
    settle();
    const { status, body } = await asked;
    assert.equal(status, 201);
    const { revoked, settled } = await broker.reconcile();
    assert.deepEqual([revoked.sort(), settled], [copies.map(({ keyId }) => keyId).sort(), true]);
    assert.ok(await broker.works(body.key));
  });
});

/** Has a mint's answer lost and its sweeps fail: its key is left, and its row is open. */
async function lost(broker, member) {
  const before = new Set((await broker.stored()).map(({ keyId }) => keyId));
  await broker.fault({ kind: "drop", when: "after" });
  await broker.fault({ kind: "drop", when: "before" }, { times: 8 });
  await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "list", times: 50 });
  assert.ok((await broker.ask(member, "POST", "/keys")).status >= 500);
  await broker.settled();
  await broker.calm();
  const [made] = (await broker.stored()).filter(({ keyId }) => !before.has(keyId));
  return made;
}

/** What makes a key with the tag of another, which ends so much later; never, if that is undefined. */
function copyOf({ annotations, expireTime }, laterMs) {
  if (laterMs === undefined) return { annotations };
  return { annotations, expireTime: new Date(Date.parse(expireTime) + laterMs).toISOString() };
}

/** Looks until something holds. Returns whether it ever did. */
async function eventually(holds, looks = 500) {
  for (let look = 0; look < looks; look += 1) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
