// Counts what a Durable Object of the ledger does to its storage, in the real workerd: committed writes are
// most of what a mint costs.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { folder, prepare, write } from "../matrix/fixture.mjs";
import { bundleWorker, startWorkerd } from "../matrix/workerd.mjs";

/** A worker that passes a member's calls on, and tells what the object has done to its storage meanwhile. */
const SCRIPT = `import { KeyLedger as Whole } from "fireworks-keys/broker/cloudflare";
let done;
let alarms;
export class KeyLedger extends Whole {
  constructor(ctx, env) {
    super(ctx, env);
    const { storage } = ctx;
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    sql.exec = (query, ...values) => {
      const cursor = exec(query, ...values);
      done.push({ verb: query.split(" ")[0], cursor });
      return cursor;
    };
    for (const name of ["getAlarm", "setAlarm", "deleteAlarm"]) {
      const call = storage[name].bind(storage);
      storage[name] = (...given) => {
        alarms.push(name);
        return call(...given);
      };
    }
  }
  async told(name, given) {
    done = [];
    alarms = [];
    const answer = await this[name](...given);
    const statements = done.map(({ verb, cursor }) => [verb, cursor.rowsRead, cursor.rowsWritten]);
    return { answer, statements, alarms };
  }
  end() {
    this.ctx.abort("thrown out of memory");
  }
}
export default {
  async fetch(request, { LEDGER }) {
    const { member, name, given } = await request.json();
    const object = LEDGER.get(LEDGER.idFromName(member));
    if (name === "end") return Response.json(await object.end().catch(() => null));
    return Response.json(await object.told(name, given));
  },
};
`;

const AT = "broker-statements";

const limits = { mints: 1_000, windowMs: 3_600_000, live: 1_000, requests: 4_000 };

let worker;

before(async () => {
  await prepare();
  await rm(join(folder, AT), { recursive: true, force: true });
  await write(`${AT}/src/worker.js`, SCRIPT);
  await bundleWorker(`${AT}/src/worker.js`, AT);
  worker = await startWorkerd(AT, ["worker.js"], { durable: { LEDGER: "KeyLedger" } });
});
after(() => worker?.stop());

async function call(member, name, ...given) {
  const response = await fetch(worker.url, { method: "POST", body: JSON.stringify({ member, name, given }) });
  return response.json();
}

const mintOf = (attemptTag) => {
  return { attemptTag, lifetimeMs: 300_000, aheadMs: 0, settleMs: 70_000, requests: 2 };
};

/** What each call of a mint does: it notes the row and the bucket, and reads nothing. */
const NOTED = { statements: [["INSERT", 0, 2]], alarms: [] };
const NOTHING = { statements: [], alarms: [] };

const didOf = ({ statements, alarms }) => ({ statements, alarms });

test("each call of a mint writes one statement, and reads none, however many rows there are", async () => {
  await call("ada", "reserve", mintOf("first"), limits);
  for (let count = 0; count < 200; count += 1) {
    const reserved = await call("ada", "reserve", mintOf(`tag ${count}`), limits);
    assert.ok(reserved.answer.endsAt);
    assert.deepEqual(didOf(reserved), NOTED, `mint ${count}`);
    const settled = await call("ada", "settle", `tag ${count}`, `key ${count}`, 1);
    assert.equal(settled.answer, true);
    assert.deepEqual(didOf(settled), NOTED, `mint ${count}`);
  }
});

test("a repeated call, a question and a refusal touch no storage", async () => {
  const few = { ...limits, live: 1 };
  await call("ben", "reserve", mintOf("one"), few);
  await call("ben", "settle", "one", "key", 1);
  for (const [name, ...given] of [
    ["reserve", mintOf("one"), few],
    ["reserve", mintOf("two"), few],
    ["settle", "one", "key", 1],
    ["draw", "one", 1, few],
    ["draw", "deletion", 9_999, few],
    ["standings", [{ keyId: "key", attemptTag: "one", endsAt: 1 }]],
    ["revoke", "another key"],
    ["release", "one", false, 1],
  ]) {
    assert.deepEqual(didOf(await call("ben", name, ...given)), NOTHING, name);
  }
  assert.deepEqual(didOf(await call("ben", "revoke", "key")), NOTED);
  assert.deepEqual(didOf(await call("ben", "revoke", "key")), NOTHING);
  assert.deepEqual(
    didOf(await call("cat", "standings", [])).statements.length,
    1,
    "a stranger has no storage",
  );
});

test("an object reads its rows once, and sets its alarm once, when it is made again", async () => {
  for (let count = 0; count < 50; count += 1) {
    const first = await call("dan", "reserve", mintOf(`tag ${count}`), limits);
    if (count === 0) {
      assert.deepEqual(
        first.statements.map(([verb]) => verb),
        ["SELECT", "CREATE", "INSERT"],
      );
      assert.deepEqual(first.alarms, ["setAlarm"]);
    }
  }
  await call("dan", "end");
  const again = await call("dan", "reserve", mintOf("after"), limits);
  assert.deepEqual(
    again.statements.map(([verb]) => verb),
    ["SELECT", "SELECT", "INSERT"],
  );
  // Fifty mints and the bucket.
  assert.equal(again.statements[1][1], 51);
  assert.deepEqual(again.alarms, ["setAlarm"]);
  assert.deepEqual(didOf(await call("dan", "reserve", mintOf("then"), limits)), NOTED);
});
