// `fireworks-keys rotate` and `delete`: the exit code of --exec decides what happens to the new key.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { heard, startService } from "./program.mjs";

let service;

before(async () => {
  service = await startService();
});

afterEach(() => service.client.reset());

after(() => service?.stop());

const ids = async () => (await service.stored()).map(({ keyId }) => keyId).sort();

/** A key that is to be rotated. */
async function first() {
  const { body } = await service.client.create("ci-bot", {
    expireTime: new Date(Date.now() + 864e5).toISOString(),
  });
  return body.keyId;
}

const rotate = (keyId, command, ...args) => ["rotate", keyId, "--exec", command, ...args];

test("exit code 0 means stored: the generation before the last is deleted", async () => {
  const one = await first();
  const file = service.path("key");
  const command = `cat > ${file}; test "$FIREWORKS_ROTATED_KEY_ID" = ${one} && test -z "$FIREWORKS_API_KEY"`;
  const { code, out, err } = await service.run(rotate(one, command, "--json"));
  assert.equal(code, 0, err);
  const { created, revoked, pending } = JSON.parse(out);
  assert.deepEqual([created.key, revoked, pending], [undefined, [], []]);
  const key = await readFile(file, "utf8");
  assert.equal((await service.client.as(key).account()).status, 200);
  assert.ok(!`${out}${err}`.includes(key));
  assert.deepEqual(await ids(), [one, created.keyId].sort());

  const again = await service.run(rotate(created.keyId, "cat > /dev/null"));
  assert.equal(again.code, 0, again.err);
  const [two] = /stored\t(.+)/.exec(again.out).slice(1);
  assert.match(again.out, new RegExp(`^deleted\t${one}$`, "m"));
  assert.deepEqual(await ids(), [created.keyId, two].sort());
});

test("exit code 75 means not stored: the new key is deleted", async () => {
  const one = await first();
  const { code, err } = await service.run(rotate(one, "exit 75"));
  assert.equal(code, 3, err);
  assert.deepEqual(await ids(), [one]);
});

test("after any other end it is not known: both keys stay and are named", async () => {
  for (const command of ["exit 1", "exit 74", "exit 127", "kill -9 $$", "kill -INT $$"]) {
    const one = await first();
    const { code, err } = await service.run(rotate(one, command));
    assert.equal(code, 4, command);
    const left = await ids();
    assert.equal(left.length, 2, command);
    assert.match(err, /not known whether \S+ is stored: both keys stay/);
    for (const keyId of left) assert.ok(err.includes(keyId), err);
    await service.client.reset();
  }
});

/** A command that stores the key when a file is there, and the function that makes the file. */
function gated(name) {
  const gate = service.path(name);
  const command = `echo begun >&2; until test -e ${gate}; do sleep 0.01; done; cat > /dev/null`;
  return { command, open: () => writeFile(gate, "") };
}

test("a command that takes longer than the rotation may is waited for, and believed", async () => {
  const one = await first();
  const { command, open } = gated("late");
  const running = service.start(rotate(one, command, "--total-timeout-ms", "3000"));
  await heard(running, "may be stored");
  await open();
  const { code, err } = await running.ended;
  assert.equal(code, 4, err);
  assert.match(err, /\S+ is stored, and no earlier key is deleted: rotate again/);
  assert.equal((await ids()).length, 2);
});

test("Ctrl-C while the command stores the key waits for its end", async () => {
  const one = await first();
  const { command, open } = gated("interrupted");
  const running = service.start(rotate(one, command));
  await heard(running, "begun");
  running.child.kill("SIGINT");
  await heard(running, "looked after first");
  await open();
  const { code, err } = await running.ended;
  assert.equal(code, 4, err);
  assert.match(err, /\S+ is stored, and no earlier key is deleted: rotate again/);
  assert.equal((await ids()).length, 2);
});

test("without a command that stores the key, or with a key that is not there, nothing is made", async () => {
  const one = await first();
  assert.equal((await service.run(["rotate", one])).code, 2);
  assert.equal((await service.run(["rotate", "--exec", "cat"])).code, 2);
  assert.equal((await service.run(rotate("no-such-key", "cat"))).code, 3);
  assert.deepEqual(await ids(), [one]);
});

test("a key that could not be deleted is named, and the code says that it is not known", async () => {
  const one = await first();
  const refusal = { kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' };
  await service.client.fault(refusal, { operation: "delete", times: 9 });
  const { code, err } = await service.run(rotate(one, "cat > /dev/null", "--keep", "0"));
  assert.equal(code, 4);
  assert.ok(err.includes(`${one} may be alive`), err);
});

test("delete says what it has deleted; a key that is not there needs --missing-ok", async () => {
  const one = await first();
  const deleted = await service.run(["delete", one]);
  assert.deepEqual([deleted.code, deleted.out], [0, `${one}\n`]);
  assert.deepEqual(await ids(), []);
  assert.equal((await service.run(["delete", "--key-id", one])).code, 3);
  for (const keyId of [one, "no-such-key"]) {
    const json = await service.run(["delete", keyId, "--missing-ok", "--json"]);
    assert.deepEqual([json.code, JSON.parse(json.out)], [0, { deleted: [], missing: [keyId] }]);
    const missing = await service.run(["delete", "--key-id", keyId, "--missing-ok"]);
    assert.deepEqual([missing.code, missing.out], [0, ""]);
    assert.match(missing.err, new RegExp(`no key ${keyId}`));
  }
});

test("--missing-ok says deleted of a key that was there, and not known of a lost answer's", async () => {
  const one = await first();
  const there = await service.run(["delete", one, "--missing-ok", "--json"]);
  assert.deepEqual([there.code, JSON.parse(there.out)], [0, { deleted: [one], missing: [] }]);
  const two = await first();
  await service.client.fault({ kind: "drop", when: "after" }, { operation: "delete" });
  const { code, out, err } = await service.run(["delete", two, "--missing-ok", "--json"]);
  assert.deepEqual([code, JSON.parse(out)], [0, { deleted: [], missing: [two] }]);
  assert.match(err, /may have deleted it/);
  const env = { FIREWORKS_USER_ID: "nobody-here" };
  assert.notEqual((await service.run(["delete", two, "--missing-ok"], { env })).code, 0);
});

test("a deletion whose answer was lost is not called refused", async () => {
  const one = await first();
  await service.client.fault({ kind: "drop", when: "after" }, { operation: "delete" });
  const { code, err } = await service.run(["delete", one]);
  assert.equal(code, 4, err);
  assert.match(err, /not known whether it is deleted/);
});

test("delete needs one key or one tag", async () => {
  const one = await first();
  for (const args of [
    [],
    [one, "--attempt-tag", "t"],
    [one, one],
    [one, "--key-id", one],
    [one, "--keep-key-id", "k"],
  ])
    assert.equal((await service.run(["delete", ...args])).code, 2, args.join(" "));
  assert.deepEqual(await ids(), [one]);
});
