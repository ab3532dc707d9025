// Tests Durable Objects that fail half-way in the real workerd: alarms that fail, and objects that are thrown
// out of memory between a row and its alarm.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { durableBroker, prepareWorker, stopAll } from "./brokers.mjs";

/** The example's worker, whose objects go wrong at first. Each prints what it does. */
const SCRIPT = `import { KeyLedger as Whole } from "./example.js";
export { default } from "./example.js";
let evictions = 2;
/** The table of version 0.1.0, with a revoked key, a live one and an open mint. */
function old(sql) {
  sql.exec("CREATE TABLE IF NOT EXISTS mints (attempt_tag TEXT PRIMARY KEY, key_id TEXT, " +
    "minted_at REAL NOT NULL, expires_at REAL NOT NULL, settle_by REAL NOT NULL, " +
    "forget_at REAL NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID");
  const now = Date.now();
  for (const [tag, keyId, revoked] of [["a", "given", 1], ["b", "held", 0], ["c", null, 0]]) {
    sql.exec("INSERT OR IGNORE INTO mints VALUES (?, ?, ?, ?, ?, ?, ?)",
      tag, keyId, now, now + 300000, now + 70000, now + 3600000, revoked);
  }
}
let failures = 2;
export class KeyLedger extends Whole {
  constructor(ctx, env) {
    super(ctx, env);
    const { storage } = ctx;
    if (env.LIMITS.live === 7) return void old(storage.sql);
    const [setAlarm, deleteAll] = [storage.setAlarm.bind(storage), storage.deleteAll.bind(storage)];
    storage.setAlarm = (time) => {
      if (evictions-- > 0) {
        console.log("evicted");
        ctx.abort(new Error("thrown out of memory"));
      }
      return setAlarm(time);
    };
    storage.deleteAll = async () => {
      if (failures-- > 0) {
        console.log("the alarm fails");
        throw new Error("the disk is full");
      }
      await deleteAll();
      console.log("everything is deleted");
    };
  }
}
`;

before(() => prepareWorker({ script: SCRIPT }));
after(stopAll);

test("a row never stays without its alarm, and an alarm that fails comes again", async () => {
  const broker = await durableBroker({
    limits: { mints: 9, window: "1s", live: 9 },
    lifetime: { min: "1s", default: "1s" },
  });
  // The mint that was not written down is released, and that falls victim to the second eviction.
  const statuses = [];
  while (statuses.at(-1) !== 201 && statuses.length < 4) {
    statuses.push((await broker.ask("ada", "POST", "/keys")).status);
  }
  assert.deepEqual([statuses[0], statuses.at(-1)], [503, 201]);
  assert.equal((await broker.said()).match(/evicted/g).length, 2);
  for (let look = 0; look < 300 && !(await broker.said()).includes("deleted"); look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const said = await broker.said();
  assert.equal(said.match(/the alarm fails/g)?.length, 2, said);
  assert.ok(said.includes("everything is deleted"), said);
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 201);
});

test("an object still knows the mints that version 0.1.0 has written", async () => {
  const broker = await durableBroker({ limits: { mints: 4, window: "1h", live: 7 } });
  assert.equal((await broker.ask("ada", "DELETE", "/keys/given")).status, 204);
  assert.equal((await broker.ask("ada", "DELETE", "/keys/held")).status, 204, "the service has no such key");
  assert.equal((await broker.ask("ada", "DELETE", "/keys/other")).status, 404);
  assert.equal((await broker.ask("ada", "DELETE", "/keys/held")).status, 204, "again");
  // Three of four mints are counted already.
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 201);
  assert.equal((await broker.ask("ada", "POST", "/keys")).body.code, "mint-limit");
});
