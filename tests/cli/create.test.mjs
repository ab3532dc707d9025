// `fireworks-keys create`: a key is made only for somebody who will hold it.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { startService } from "./program.mjs";

let service;

before(async () => {
  service = await startService();
});

afterEach(() => service.client.reset());

after(() => service?.stop());

const EXPIRY = ["--expires-in", "1h"];

/** Whether the emulator accepts a key. */
const works = async (key) => (await service.client.as(key).account()).status === 200;

test("nothing is sent where nobody is to hold the key, or more than one", async () => {
  for (const args of [
    [],
    ["--print", "--output", "key"],
    ["--print", "--exec", "cat"],
    ["--output", "key", "--exec", "cat"],
    ["--exec", " "],
    ["--output", "no/such/folder"],
    ["--output", ""],
  ]) {
    const { code, err } = await service.run(["create", ...EXPIRY, ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, /--print, --output FILE and --exec|--exec needs|--output must/);
    assert.deepEqual(await service.stored(), []);
    assert.equal(existsSync(service.path("key")), false);
  }
});

test("--print writes the key, and nothing else, to standard output", async () => {
  const { code, out, err } = await service.run(["create", "--print", ...EXPIRY, "--display-name", "x"]);
  assert.equal(code, 0, err);
  assert.match(out, /^fw_\S+\n$/);
  assert.ok(await works(out.trim()));
  const [{ keyId, displayName }, ...others] = await service.stored();
  assert.deepEqual([displayName, others], ["x", []]);
  assert.ok(err.includes(keyId) && !err.includes(out.trim()), err);
});

test("--print --json writes what the service answered", async () => {
  const labels = ["--annotation", "team=infra", "--annotation", "note=a=b"];
  const { code, out } = await service.run(["create", "--print", "--json", ...EXPIRY, ...labels]);
  assert.equal(code, 0);
  const { key, keyId, annotations } = JSON.parse(out);
  assert.ok(await works(key));
  assert.equal(keyId, (await service.stored())[0].keyId);
  assert.deepEqual([annotations.team, annotations.note], ["infra", "a=b"]);
});

test("--output writes the key into a new file that only its owner may read", async () => {
  const file = service.path("new");
  const { code, out, err } = await service.run(["create", "--output", file, "--json", ...EXPIRY]);
  assert.equal(code, 0, err);
  const key = await readFile(file, "utf8");
  assert.ok(await works(key), "the key alone, without a newline");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(JSON.parse(out).key, undefined);
  assert.ok(!`${out}${err}`.includes(key));
});

test("--output takes no file that is there", async () => {
  const file = service.path("old");
  await writeFile(file, "mine");
  const { code, err } = await service.run(["create", "--output", file, ...EXPIRY]);
  assert.equal(code, 2);
  assert.match(err, /EEXIST/);
  assert.equal(await readFile(file, "utf8"), "mine");
  assert.deepEqual(await service.stored(), []);
});

test("where no key is made, --output leaves no file", async () => {
  const file = service.path("none");
  const env = { FIREWORKS_API_KEY: "fw_wrong_token_1" };
  const { code, err } = await service.run(["create", "--output", file, ...EXPIRY], { env });
  assert.equal(code, 3, err);
  assert.equal(existsSync(file), false);
});

test("--exec gives the key to a command, and the ids, and not the token", async () => {
  const [key, env] = [service.path("exec-key"), service.path("exec-env")];
  const { code, out, err } = await service.run([
    "create",
    ...EXPIRY,
    "--exec",
    `cat > ${key}; env > ${env}; echo hi`,
  ]);
  assert.equal(code, 0, err);
  assert.ok(await works(await readFile(key, "utf8")));
  const [{ keyId }] = await service.stored();
  assert.equal(out, `${keyId}\n`, "what the command prints goes elsewhere");
  assert.match(err, /^hi$/m);
  const lines = (await readFile(env, "utf8")).split("\n");
  for (const line of [`FIREWORKS_KEY_ID=${keyId}`, "FIREWORKS_USER_ID=ci-bot", "FIREWORKS_ACCOUNT_ID=local"])
    assert.ok(lines.includes(line), line);
  assert.ok(!lines.some((line) => line.startsWith("FIREWORKS_API_KEY")));
});

test("a command that says that it has not stored the key has it deleted", async () => {
  const { code, err } = await service.run(["create", ...EXPIRY, "--exec", "exit 75"]);
  assert.equal(code, 3);
  assert.match(err, /is deleted/);
  assert.deepEqual(await service.stored(), []);
});

test("after a command that ends in another way the key stays, and is named", async () => {
  for (const command of ["cat > /dev/null; exit 1", "kill -9 $$", "no-such-program-at-all"]) {
    const { code, err } = await service.run(["create", ...EXPIRY, "--exec", command]);
    assert.equal(code, 4, command);
    const [{ keyId }] = await service.stored();
    assert.ok(err.includes(`not known whether the key is stored: ${keyId} is alive`), err);
    await service.client.reset();
  }
});

test("where standard output is closed or thrown away, --print sends nothing", async () => {
  for (const shell of [
    '"$0" "$@" >&-',
    '"$0" "$@" > /dev/null',
    '"$0" "$@" >&- <&-',
    '"$0" "$@" 1< /dev/zero',
  ]) {
    for (const json of [[], ["--json"]]) {
      const { code, err } = await service.run(["create", "--print", ...EXPIRY, ...json], { shell });
      assert.equal(code, 2, `${shell}: ${err}`);
      assert.match(err, /--print: standard output/);
    }
  }
  const running = service.start(["create", "--print", ...EXPIRY]);
  running.child.stdout.destroy();
  assert.equal((await running.ended).code, 2);
  const full = await open("/dev/full", "w");
  assert.equal((await service.run(["create", "--print", ...EXPIRY], { stdout: full.fd })).code, 2);
  await full.close();
  const { operations } = (await service.client.request("GET", "/_emulator/stats")).body;
  assert.equal(operations.create, undefined);
  // A key that goes elsewhere needs no standard output.
  for (const [at, where] of ["--output", "--exec"].entries()) {
    const file = service.path(`closed-${at}`);
    const to = where === "--output" ? file : `cat > ${file}`;
    const { code } = await service.run(["create", where, to, ...EXPIRY], { shell: '"$0" "$@" >&- <&-' });
    assert.equal(code, 0);
    assert.ok(await works(await readFile(file, "utf8")));
  }
});

test("a key that a full disk does not take is deleted", async () => {
  // No file may grow.
  const limited = 'ulimit -f 0; exec "$0" "$@"';
  const printed = await service.run(["create", "--print", ...EXPIRY], { shell: `${limited} > printed` });
  assert.equal(printed.code, 3, printed.err);
  assert.match(printed.err, /EFBIG.*is deleted/s);
  assert.deepEqual(await service.stored(), []);

  const file = service.path("full");
  const written = await service.run(["create", "--output", file, ...EXPIRY], { shell: limited });
  assert.equal(written.code, 3, written.err);
  assert.match(written.err, /EFBIG.*is deleted/s);
  assert.equal(existsSync(file), false);
  assert.deepEqual(await service.stored(), []);
});

test("a key that can neither be handed over nor deleted is named as one that may be alive", async () => {
  const refusal = { kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' };
  await service.client.fault(refusal, { operation: "delete", times: 9 });
  const { code, err } = await service.run(["create", ...EXPIRY, "--exec", "exit 75"]);
  assert.equal(code, 4);
  const [{ keyId }] = await service.stored();
  assert.ok(err.includes(`${keyId} may be alive`), err);
});

test("a lost answer leaves no key but the one that is printed", async () => {
  await service.client.fault({ kind: "drop", when: "after" }, { operation: "create", times: 1 });
  const { code, out, err } = await service.run(["create", "--print", ...EXPIRY]);
  assert.equal(code, 0, err);
  assert.match(err, /retrying.*secret nobody received/s);
  assert.equal((await service.stored()).length, 1);
  assert.ok(await works(out.trim()));
});

test("where every answer is lost, the keys are deleted and the command says that it made none", async () => {
  await service.client.fault({ kind: "drop", when: "after" }, { operation: "create", times: 9 });
  const { code, out } = await service.run(["create", "--print", ...EXPIRY, "--max-retries", "1"]);
  assert.equal(code, 3);
  assert.equal(out, "");
  assert.deepEqual(await service.stored(), []);
});

test("where nobody can look for lost keys, that is said with what to run", async () => {
  const refusal = { kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' };
  await service.client.fault({ kind: "drop", when: "after" }, { operation: "create", times: 9 });
  await service.client.fault(refusal, { operation: "list", times: 9 });
  const { code, err } = await service.run(["create", "--print", ...EXPIRY, "--max-retries", "0"]);
  assert.equal(code, 4);
  const [, tag] = /run: fireworks-keys delete --attempt-tag (\S+)\n$/.exec(err) ?? [];
  assert.ok(tag, err);
  await service.client.calm();
  const deleted = await service.run(["delete", "--attempt-tag", tag]);
  assert.equal(deleted.code, 0, deleted.err);
  assert.deepEqual(await service.stored(), []);
});

test("a lifetime that is empty, misspelt or given twice makes no key", async () => {
  for (const args of [
    ["--expires-in", ""],
    ["--expires-in"],
    ["--expires-in", "1h", "--expires-in", "never"],
    ["--expires-in", "1h", "--expire-time", "2099-01-01T00:00:00Z"],
    ["--expires-in", "soon"],
    ["--expires", "1h"],
    ["--expire-tme", "2099-01-01T00:00:00Z"],
    ["--expiresIn", "1h"],
    ["1h"],
  ]) {
    const { code, err } = await service.run(["create", "--print", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, /--expire|argument too many/, args.join(" "));
    assert.deepEqual(await service.stored(), []);
  }
  const { code } = await service.run(["create", "--print", "--expires-in", "90"]);
  assert.equal(code, 0);
  const [{ createTime, expireTime }] = await service.stored();
  assert.ok(Math.abs(Date.parse(expireTime) - Date.parse(createTime) - 90_000) < 2_000);
});
