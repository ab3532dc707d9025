// The keys that `--seed` puts into a database for a demo.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { clientOf } from "./client.mjs";
import { startEmulator } from "./server.mjs";

const DAY = 86_400_000;

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fireworks-emulator-seed-"));
});

after(() => rm(folder, { recursive: true }));

/** The keys of an emulator with these options. */
async function keysOf(args, work = async () => {}) {
  const emulator = await startEmulator({ args: ["--faults", ...args] });
  const admin = clientOf(emulator.url);
  try {
    await work(admin);
    const { apiKeys } = (await admin.list("-")).body;
    const { users } = (await admin.users()).body;
    return { keys: apiKeys, users };
  } finally {
    await emulator.stop();
  }
}

test("they differ in age, owner, end and use, and make sense", async () => {
  const { keys, users } = await keysOf(["--seed"]);
  assert.equal(keys.length, 25);
  const now = Date.now();
  const emails = users.map(({ email }) => email);
  for (const key of keys) {
    const created = Date.parse(key.createTime);
    assert.ok(created < now, key.displayName);
    if (key.lastUsed) assert.ok(Date.parse(key.lastUsed) > created && Date.parse(key.lastUsed) < now);
    if (key.expireTime) {
      const end = Date.parse(key.expireTime);
      assert.ok(end > created, key.displayName);
      if (key.lastUsed)
        assert.ok(Date.parse(key.lastUsed) < end, `${key.displayName} was used when it had ended`);
    }
    assert.match(key.prefix, /^fw_\w{4}$/);
  }
  const some = (holds) => assert.ok(keys.filter(holds).length >= 2, String(holds));
  some(({ expireTime }) => !expireTime);
  some(({ expireTime }) => Date.parse(expireTime) < now);
  some(({ expireTime }) => Date.parse(expireTime) > now && Date.parse(expireTime) < now + 3 * DAY);
  some(({ expireTime }) => Date.parse(expireTime) > now + 90 * DAY);
  some(({ lastUsed }) => !lastUsed);
  some(({ lastUsed }) => Date.parse(lastUsed) > now - DAY);
  some(({ lastUsed }) => Date.parse(lastUsed) < now - 90 * DAY);
  some(({ createTime }) => Date.parse(createTime) > now - 2 * DAY);
  some(({ createTime }) => Date.parse(createTime) < now - 365 * DAY);
  some(({ email }) => !emails.includes(email));
  for (const email of emails) some((key) => key.email === email);
  assert.equal(new Set(keys.map(({ prefix }) => prefix)).size, 25);
});

test("without service accounts or without people there are as many", async () => {
  for (const user of ["ann:admin", "bot:admin:service-account", "grace"]) {
    const { keys } = await keysOf(["--seed", "--user", user]);
    assert.equal(keys.length, 25, user);
  }
});

test("they are put into a database in which no key was ever created", async () => {
  const args = ["--db", join(folder, "keys.sqlite")];
  assert.equal((await keysOf(args)).keys.length, 0, "only if they are asked for");
  const { keyId } = (await keysOf([...args, "--seed"])).keys[0];
  const again = await keysOf([...args, "--seed"]);
  assert.deepEqual([again.keys.length, again.keys[0].keyId], [25, keyId]);

  const used = ["--db", join(folder, "used.sqlite")];
  await keysOf(used, async (admin) => {
    const { keyId } = (await admin.create("me")).body;
    await admin.delete("me", keyId);
  });
  assert.equal((await keysOf([...used, "--seed"])).keys.length, 0, "its key was deleted");
  const emptied = await keysOf([...args, "--seed"], (admin) => admin.reset());
  assert.equal(emptied.keys.length, 0);
  assert.equal((await keysOf([...args, "--seed"])).keys.length, 0, "emptied on purpose");
});
