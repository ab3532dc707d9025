// Tests what `reconcile` revokes, what it spares, and what it reports.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, stopAll } from "./brokers.mjs";

let memoryLedger;
let deleteApiKey;

before(async () => {
  await prepare();
  ({ memoryLedger } = await tool("fireworks-keys/broker"));
  ({ deleteApiKey } = await tool("fireworks-keys"));
});

afterEach(stopAll);

test("reconcile revokes a key whose row was lost, even if it could not be deleted at once", async () => {
  let lose = true;
  const ledger = memoryLedger();
  const broker = await memoryBroker({
    ledger: {
      ...ledger,
      settle: (...row) => (lose ? Promise.reject(new Error("down")) : ledger.settle(...row)),
    },
    maxRetries: 0,
    timeoutMs: 5_000,
    totalTimeoutMs: 5_000,
  });
  await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "delete" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 503);
  assert.equal((await broker.stored()).length, 1, "the deletion was refused");
  lose = false;
  // The mint may still be under way, so reconcile does nothing until its time is up.
  assert.deepEqual(await broker.reconcile(), {
    known: 1,
    revoked: [],
    spared: [],
    missing: [],
    failed: [],
    settled: true,
  });
  assert.equal((await broker.stored()).length, 1);
  await broker.setAhead(50_000);
  const { revoked } = await broker.reconcile();
  assert.equal(revoked.length, 1);
  assert.deepEqual(await broker.stored(), []);
});

test("a mint whose answer was lost counts until it is swept", async () => {
  const broker = await memoryBroker({ limits: { mints: 9, window: "1h", live: 2 }, maxRetries: 0 });
  for (const expected of [502, 502]) {
    // The create's answer is lost, and every sweep after it fails.
    await broker.fault({ kind: "drop", when: "after" });
    await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "list", times: 9 });
    const { status } = await broker.ask("ada", "POST", "/keys");
    assert.ok(status === expected || status === 503);
    await broker.settled();
    await broker.calm();
  }
  assert.equal((await broker.stored()).length, 2, "two keys that no member holds");
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 429);
  await broker.setAhead(70_000);
  assert.equal((await broker.reconcile()).revoked.length, 2, "found by their tags");
  assert.deepEqual(await broker.stored(), []);
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 201, "and no longer counted");
});

test("reconcile revokes no key while the ledger cannot answer", async () => {
  const ledger = memoryLedger();
  let down = false;
  const standings = async (...claims) => {
    if (down) throw new Error("down");
    return ledger.standings(...claims);
  };
  const broker = await memoryBroker({ ledger: { ...ledger, standings } });
  const { body } = await broker.ask("ada", "POST", "/keys");
  down = true;
  const { known, revoked, failed } = await broker.reconcile();
  assert.deepEqual([known, revoked, failed.map(({ keyId }) => keyId)], [0, [], [body.keyId]]);
  assert.ok(await broker.works(body.key));
});

test("reconcile spares and reports the broker's own token where keep does not name it", async () => {
  const broker = await memoryBroker();
  const byHand = await broker.mintByHand(broker.token.key);
  const { revoked, spared, settled } = await broker.reconcile({ keep: [] });
  assert.deepEqual([revoked, spared, settled], [[byHand.keyId], [broker.token.keyId], true]);
});

test("reconcile spares no key that only begins as the token does", async () => {
  // This service shows such a short prefix that many keys share it.
  const short = async (url, init) => {
    const response = await fetch(url, init);
    if (!url.includes("/apiKeys?") && !url.endsWith("/apiKeys")) return response;
    const body = await response.json();
    for (const key of body.apiKeys ?? []) key.prefix = "fw_";
    return Response.json(body, { status: response.status });
  };
  const broker = await memoryBroker({ fetch: short });
  const { body } = await broker.ask("ada", "POST", "/keys");
  const forged = [await broker.mintByHand(body.key), await broker.mintByHand(body.key)];
  const first = await broker.reconcile({ keep: [] });
  assert.deepEqual(first.spared, [broker.token.keyId], "only the oldest");
  assert.deepEqual(first.revoked.sort(), forged.map(({ keyId }) => keyId).sort());
  const other = await broker.mintByHand(body.key);
  const second = await broker.reconcile();
  assert.deepEqual([second.spared, second.revoked], [[], [other.keyId]], "none where keep names the token");
});

test("reconcile refuses options that it does not know, before anything is deleted", async () => {
  const broker = await memoryBroker();
  const { body } = await broker.ask("ada", "POST", "/keys");
  const byHand = await broker.mintByHand(body.key);
  for (const [path, options] of [
    ["keep", { keep: byHand.keyId }],
    ["keep.0", { keep: [""] }],
    ["keep.1", { keep: ["id", undefined] }],
    ["keeps", { keep: [], keeps: [byHand.keyId] }],
  ]) {
    await assert.rejects(broker.reconcile(options), { name: "ValidationError", path });
  }
  assert.equal((await broker.stored()).length, 2);
});

test("reconcile says which of the keys to keep are gone, and can use another token", async () => {
  const broker = await memoryBroker();
  const { body } = await broker.ask("mallory", "POST", "/keys");
  const forged = await broker.mintByHand(body.key);
  await deleteApiKey({
    token: body.key,
    accountId: "acme",
    userId: "broker",
    baseUrl: broker.emulator.url,
    keyId: broker.token.keyId,
  });
  await assert.rejects(broker.reconcile(), { code: "UNAUTHENTICATED" });
  const done = await broker.reconcile({ token: broker.admin });
  assert.deepEqual([done.missing, done.revoked], [[broker.token.keyId], [forged.keyId]]);
  assert.ok(await broker.works(body.key));
});

test("keys with forged tags are revoked before the ledger is asked, and never asked about", async () => {
  const ledger = memoryLedger();
  let asked = 0;
  const broker = await memoryBroker({
    ledger: {
      ...ledger,
      standings: (...claims) => {
        asked += 1;
        return ledger.standings(...claims);
      },
    },
  });
  const { body } = await broker.ask("ada", "POST", "/keys");
  const [{ annotations }] = await broker.stored();
  const tag = annotations["fireworks-keys-attempt"];
  for (const forged of [
    `${"a".repeat(32)}.${"a".repeat(32)}.${"a".repeat(32)}`,
    `${tag.slice(0, -1)}${tag.endsWith("a") ? "b" : "a"}`,
    `${tag}${"x".repeat(900_000)}`,
    `${tag.startsWith("a") ? "b" : "a"}${tag.slice(1)}`,
    tag.split(".").slice(0, 2).join("."),
    "constructor",
  ]) {
    await broker.mintByHand(body.key, { annotations: { "fireworks-keys-attempt": forged } });
  }
  const copy = await broker.mintByHand(body.key, { annotations });
  const { known, revoked, settled } = await broker.reconcile();
  assert.deepEqual([known, revoked.length, settled, asked], [1, 7, true, 2]);
  assert.ok(revoked.includes(copy.keyId));
  assert.ok(await broker.works(body.key));
});

test("reconcile looks again for keys minted while it runs, and reports when it is not done", async () => {
  let minting = 3;
  let broker;
  const racing = async (url, init) => {
    const response = await fetch(url, init);
    if (url.endsWith(":delete") && minting > 0) {
      minting -= 1;
      await broker.mintByHand(broker.admin);
    }
    return response;
  };
  broker = await memoryBroker({ fetch: racing });
  await broker.mintByHand(broker.admin);
  const { revoked, settled } = await broker.reconcile();
  assert.deepEqual([revoked.length, settled, await broker.stored()], [4, true, []]);
  minting = Infinity;
  await broker.mintByHand(broker.admin);
  assert.equal((await broker.reconcile()).settled, false);
});

test("reconcile revokes no key when the ledger answers nonsense", async () => {
  const ledger = memoryLedger();
  let answer = [];
  const broker = await memoryBroker({ ledger: { ...ledger, standings: async () => answer } });
  const { body } = await broker.ask("ada", "POST", "/keys");
  for (answer of [[], ["live", "live"], ["alive"], undefined, "live", [undefined]]) {
    const { revoked, failed } = await broker.reconcile();
    assert.deepEqual([revoked, failed.length], [[], 1], JSON.stringify(answer));
  }
  assert.ok(await broker.works(body.key));
});

test("a reconcile that is aborted rejects with the reason, and deletes no more", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const broker = await memoryBroker({
    fetch: (url, init) => {
      if (url.endsWith(":delete")) controller.abort(reason);
      return fetch(url, init);
    },
  });
  for (let count = 0; count < 20; count += 1) await broker.mintByHand(broker.admin);
  await assert.rejects(broker.reconcile({ signal: controller.signal }), (error) => error === reason);
  assert.ok((await broker.stored()).length >= 14);
});

test("reconcile revokes usable keys before expired ones, and newer before older", async () => {
  const order = [];
  const broker = await memoryBroker({
    fetch: async (url, init) => {
      if (url.endsWith(":delete")) order.push(JSON.parse(init.body).keyId);
      const { status, headers, body } = await fetch(url, init);
      // The service's clock says that two hours have passed.
      const date = new Date(Date.now() + 7_200_000).toUTCString();
      return new Response(body, { status, headers: { ...Object.fromEntries(headers), date } });
    },
  });
  const ended = await broker.mintByHand(broker.admin, {
    expireTime: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const old = await broker.mintByHand(broker.admin);
  const new_ = await broker.mintByHand(broker.admin);
  await broker.reconcile();
  assert.deepEqual(
    order,
    [new_, old, ended].map(({ keyId }) => keyId),
  );
});

test("reconcile goes on past a key that cannot be deleted, and the next run tries again", async () => {
  const broker = await memoryBroker({ maxRetries: 0 });
  for (let count = 0; count < 5; count += 1) await broker.mintByHand(broker.token.key);
  await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "delete", times: 2 });
  const { revoked, failed } = await broker.reconcile();
  assert.deepEqual([revoked.length, failed.length], [3, 2]);
  assert.equal((await broker.reconcile()).revoked.length, 2);
  assert.deepEqual(await broker.stored(), []);
});
