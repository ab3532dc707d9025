// Tests many members at once in the real workerd, with its objects on disk, and kills the process in the
// middle: no member exceeds a limit, no row is lost, and no key remains that the ledger does not know.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { durableBroker, prepareWorker, SECRET, stopAll } from "./brokers.mjs";

const exec = promisify(execFile);

/** How many requests the test sends in all. */
const REQUESTS = Number(process.env.BROKER_REQUESTS ?? 20_000);
const MEMBERS = Array.from({ length: 50 }, (_, index) => `member-${index}@example.com`);

/** How many requests a member has under way at once. */
const AT_ONCE = 3;
const LIMITS = { mints: 90, window: "1h", live: 4 };

/** After this time no mint is under way: 10 s for the ledger, 30 s for the create, 30 s for its sweep. */
const SETTLED_MS = 70_000;

before(prepareWorker);
after(stopAll);

test(`${REQUESTS} requests of 50 members, and a kill -9 in the middle`, async (context) => {
  const broker = await durableBroker({ limits: LIMITS });
  const held = new Map(MEMBERS.map((member) => [member, new Map()]));
  const handedOut = new Map();
  const statuses = {};
  let sent = 0;
  let killed;
  let highest = 0;

  /** Mints a key three times out of four, and otherwise revokes the member's oldest key. */
  async function request(member) {
    const own = held.get(member);
    const [oldest] = own.keys();
    const revokes = oldest !== undefined && Math.random() < 0.25;
    if (revokes) own.delete(oldest);
    const [method, path] = revokes ? ["DELETE", `/keys/${oldest}`] : ["POST", "/keys"];
    try {
      const { status, body } = await broker.ask(member, method, path);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 201) {
        own.set(body.keyId, body.key);
        handedOut.set(member, (handedOut.get(member) ?? 0) + 1);
      } else if (status !== 204 && status !== 429) assert.equal(status, 503);
    } catch (error) {
      if (error instanceof assert.AssertionError || !killed) throw error;
      statuses.lost = (statuses.lost ?? 0) + 1;
      await killed;
    }
  }

  async function member(name) {
    while (sent < REQUESTS) {
      sent += 1;
      if (sent === Math.floor(REQUESTS / 2)) killed = broker.kill9();
      await request(name);
    }
  }

  /** Counts the members' keys at the service again and again. */
  let looking = true;
  const look = (async () => {
    while (looking) {
      const live = countBy((await broker.stored()).map(ownerOf));
      highest = Math.max(highest, ...live.values());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();

  const started = Date.now();
  await Promise.all(MEMBERS.flatMap((name) => Array.from({ length: AT_ONCE }, () => member(name))));
  const seconds = (Date.now() - started) / 1_000;
  looking = false;
  await look;
  await killed;
  context.diagnostic(
    `${JSON.stringify(statuses)} in ${seconds.toFixed(1)} s, ${highest} alive of one member at the most`,
  );

  assert.ok(statuses.lost > 0 && statuses[429] > 0, "the limits and the kill were met");
  assert.ok(highest <= LIMITS.live, `${highest} keys of one member were alive`);
  for (const [name, count] of handedOut) assert.ok(count <= LIMITS.mints, `${name} was given ${count} keys`);
  const { mints, open } = await storedRows(broker.folder);
  assert.ok(open > 0, "the kill has cut mints off");
  assert.equal(mints.size, MEMBERS.length, "one object a member");
  for (const [, count] of mints) assert.ok(count <= LIMITS.mints, `${count} mints`);
  const minted = [...mints.values()].reduce((sum, mints) => sum + mints, 0);
  assert.ok(minted >= statuses[201], `${minted} rows, ${statuses[201]} keys handed out`);

  // The kill interrupted some mints. Until their time is up, reconcile has to leave their keys alone.
  await broker.setAhead(SETTLED_MS);
  assert.equal(await broker.reconcile(), "ok");
  const stored = new Set((await broker.stored()).map(({ keyId }) => keyId));
  const known = MEMBERS.flatMap((name) => [...held.get(name).keys()]);
  for (const keyId of known) assert.ok(stored.has(keyId), `${keyId} was handed out, and is gone`);
  // An interrupted revocation may or may not have happened: a real member would ask again.
  assert.ok(stored.size - known.length <= statuses.lost, `${stored.size} stored, ${known.length} known`);
  for (const name of MEMBERS) {
    assert.ok((await broker.ask(name, "DELETE", "/keys/another")).status === 404);
  }
  await nothingSecret(broker, held);
});

test("500 mints of which 30 % lose their answer leave no orphan", async () => {
  const broker = await durableBroker();
  await broker.fault({ kind: "drop", when: "after" }, { share: 0.3, seed: 1 });
  const handedOut = new Set();
  let failed = 0;
  let sent = 0;
  const member = async (name) => {
    while (sent < 500) {
      sent += 1;
      const { status, body } = await broker.ask(name, "POST", "/keys");
      if (status === 201) handedOut.add(body.keyId);
      else failed += 1;
    }
  };
  await Promise.all(MEMBERS.slice(0, 10).map(member));
  assert.ok(handedOut.size > 400 && handedOut.size + failed === 500);
  const hits = await broker.hits();
  assert.ok(hits > 100, `${hits} answers were lost`);
  await broker.calm();
  const orphans = async () => (await broker.stored()).filter(({ keyId }) => !handedOut.has(keyId));
  for (let wait = 0; wait < 20 && (await orphans()).length > 0; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.deepEqual(await orphans(), []);
});

test("an alarm drops the rows that are no longer needed, and the storage with the last of them", async () => {
  // Long enough to look at the row first, on a slow machine, too.
  const broker = await durableBroker({
    limits: { mints: 9, window: "5s", live: 9 },
    lifetime: { min: "1s", default: "1s" },
  });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 201);
  const left = async () => [...(await storedRows(broker.folder)).rows.values()];
  assert.deepEqual(await left(), [1]);
  await broker.kill9();
  for (let wait = 0; wait < 150 && (await left()).length > 0; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.deepEqual(await left(), [], "after a restart, too");
});

test("runs of reconcile that overlap under load revoke no key that a member holds", async () => {
  const broker = await durableBroker();
  const held = new Map();
  const names = MEMBERS.slice(0, 10);
  let sent = 0;
  let runs = 0;
  const ask = async (name) => {
    const own = held.get(name) ?? new Map();
    held.set(name, own);
    const [oldest] = own.keys();
    if (own.size < 3) {
      const { status, body } = await broker.ask(name, "POST", "/keys");
      assert.equal(status, 201);
      own.set(body.keyId, body.key);
    } else {
      own.delete(oldest);
      assert.equal((await broker.ask(name, "DELETE", `/keys/${oldest}`)).status, 204);
    }
  };
  const isOver = () => sent >= 600 && runs >= 6;
  const member = async (name) => {
    while (!isOver()) {
      sent += 1;
      await ask(name);
    }
  };
  const cleaner = async () => {
    while (!isOver()) {
      assert.equal(await broker.reconcile(), "ok");
      runs += 1;
    }
  };
  const attacker = async () => {
    for (let byHand = 0; byHand < 100; byHand += 1) {
      const [some] = await broker.stored();
      await broker.mintByHand(broker.admin, some && { annotations: some.annotations });
    }
  };
  await Promise.all([...names.map(member), cleaner(), cleaner(), cleaner(), attacker()]);
  assert.equal(await broker.reconcile(), "ok");
  const known = [...held.values()].flatMap((own) => [...own.keys()]).sort();
  assert.deepEqual((await broker.stored()).map(({ keyId }) => keyId).sort(), known);
  for (const own of held.values()) for (const key of own.values()) assert.ok(await broker.works(key));
  assert.ok(!(await broker.said()).includes("left: failed"), await broker.said());
});

/** The member that a key's tag names. */
function ownerOf({ annotations }) {
  return annotations["fireworks-keys-attempt"].split(".")[0];
}

function countBy(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Checks that neither the objects' files nor the worker's output contain a key, a token or a member's id. */
async function nothingSecret(broker, held) {
  const secrets = [broker.token.key, SECRET, "eyJhbGci", "fw_", ...MEMBERS];
  for (const own of held.values()) secrets.push(...own.values());
  const texts = new Map([["the console", Buffer.from(await broker.said())]]);
  for (const file of await objectFiles(broker.folder)) texts.set(file, await readFile(file));
  assert.ok(texts.size > MEMBERS.length);
  for (const [where, text] of texts) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${where} holds a secret`);
  }
}

/** The files of all objects. */
async function objectFiles(folder) {
  const at = join(folder, "durable");
  const files = await readdir(at, { recursive: true, withFileTypes: true });
  return files.filter((entry) => entry.isFile()).map(({ path, name }) => join(path, name));
}

/**
 * Counts the mints and the rows of each object on disk that has any, and how many of all these mints are not
 * settled. Uses Python, because it includes SQLite.
 */
async function storedRows(folder) {
  const files = (await objectFiles(folder)).filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file));
  const { stdout } = await exec("python3", ["-c", COUNT, ...files]);
  const counts = JSON.parse(stdout);
  const counted = (which) =>
    new Map(files.map((file, index) => [file, counts[index][which]]).filter(([, count]) => count > 0));
  return {
    mints: counted(0),
    rows: counted(2),
    open: counts.reduce((sum, [, open]) => sum + open, 0),
  };
}

const COUNT = `
import json, sqlite3, sys
def count(file):
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    (there,) = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'ledger'").fetchone()
    if not there: return [0, 0, 0]
    rows = [json.loads(body) for (body,) in database.execute("SELECT body FROM ledger WHERE tag <> ''")]
    states = [row["state"] for row in rows]
    mints = sum(state in ("open", "live", "gone") for state in states)
    return [mints, states.count("open"), len(rows)]
print(json.dumps([count(file) for file in sys.argv[1:]]))`;
