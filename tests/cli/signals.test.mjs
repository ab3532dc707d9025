// What Ctrl-C does: nothing that was begun is left without somebody who holds it, or without a word.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { heard, startService } from "./program.mjs";

let service;

before(async () => {
  service = await startService();
});

afterEach(() => service.client.reset());

after(() => service?.stop());

/** So long that no test waits for it. */
const LONG_MS = 600_000;

const CREATE = ["create", "--expires-in", "1h"];

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${signal} while an answer is awaited: its key is found and deleted before the end`, async () => {
    await service.client.fault({ kind: "delay", ms: LONG_MS, when: "after" }, { operation: "create" });
    const file = service.path("key");
    const running = service.start([...CREATE, "--output", file]);
    await service.until(1);
    running.child.kill(signal);
    const { code, out, err } = await running.ended;
    assert.equal(code, 3, err);
    assert.match(err, /there is no new key/);
    assert.equal(out, "");
    assert.equal(existsSync(file), false);
    assert.deepEqual(await service.stored(), []);
  });
}

test("where the key cannot be looked for after Ctrl-C, the tag to find it by is named", async () => {
  const refusal = { kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' };
  await service.client.fault({ kind: "delay", ms: LONG_MS, when: "after" }, { operation: "create" });
  await service.client.fault(refusal, { operation: "list", times: 99 });
  const running = service.start([...CREATE, "--print"]);
  await service.until(1);
  running.child.kill("SIGINT");
  const { code, err } = await running.ended;
  assert.equal(code, 4, err);
  const [{ annotations }] = await service.stored();
  assert.ok(err.includes(`--attempt-tag ${annotations["fireworks-keys-attempt"]}`), err);
});

test("a second Ctrl-C ends at once, and says that something may be left", async () => {
  await service.client.fault({ kind: "delay", ms: LONG_MS, when: "after" }, { operation: "create" });
  await service.client.fault({ kind: "delay", ms: LONG_MS }, { operation: "list", times: 99 });
  const running = service.start([...CREATE, "--print"]);
  await service.until(1);
  running.child.kill("SIGINT");
  await heard(running, "looking for its key");
  running.child.kill("SIGINT");
  const { code, err } = await running.ended;
  assert.equal(code, 4);
  const [{ annotations }] = await service.stored();
  assert.ok(err.includes(`--attempt-tag ${annotations["fireworks-keys-attempt"]}`), err);
});

test("a command that stores the key is waited for, whatever comes meanwhile", async () => {
  const [file, go] = [service.path("stored"), service.path("go")];
  const command = `cat > ${file}; echo begun >&2; until test -e ${go}; do sleep 0.01; done`;
  const running = service.start([...CREATE, "--exec", command]);
  await heard(running, "begun");
  running.child.kill("SIGINT");
  await heard(running, "looked after first");
  await writeFile(go, "");
  const { code, err } = await running.ended;
  assert.equal(code, 0, err);
  assert.equal((await service.stored()).length, 1);
  assert.equal((await service.client.as(await readFile(file, "utf8")).account()).status, 200);
});

test("a second Ctrl-C while a command stores the key names the key", async () => {
  const end = service.path("end");
  const command = `cat > /dev/null; echo begun >&2; until test -e ${end}; do sleep 0.01; done`;
  const running = service.start([...CREATE, "--exec", command]);
  await heard(running, "begun");
  running.child.kill("SIGINT");
  await heard(running, "looked after first");
  running.child.kill("SIGINT");
  await heard(running, "not known whether it is stored");
  const [{ keyId }] = await service.stored();
  assert.ok(running.said.err.includes(`${keyId} is alive`), running.said.err);
  await writeFile(end, "");
  assert.equal((await running.ended).code, 4);
});

for (const [signal, args] of [
  ["SIGINT", [...CREATE, "--print"]],
  ["SIGTERM", [...CREATE, "--output", "interrupted"]],
  ["SIGINT", ["rotate", "k", "--exec", "cat"]],
  ["SIGHUP", ["delete", "k"]],
  ["SIGINT", ["delete", "k", "--missing-ok"]],
  ["SIGINT", ["delete", "--attempt-tag", "t"]],
  ["SIGINT", ["list"]],
  ["SIGINT", ["audit"]],
  ["SIGTERM", ["users"]],
  ["SIGINT", ["accounts"]],
]) {
  test(`${signal} while ${args.slice(0, 2).join(" ")} reads the token: nothing is sent`, async () => {
    const running = service.start(args, { env: { FIREWORKS_API_KEY: "" }, input: null });
    await heard(running, "standard input");
    running.child.kill(signal);
    await endsUnsent(running);
  });
}

/** Sends the program a signal when it loads the module: it has the token then, and has sent nothing. */
const WHILE_LOADING = `
const { compile, instantiate } = WebAssembly;
const first = (load) => async (...given) => {
  const come = new Promise((resolve) => process.once("SIGINT", resolve));
  process.kill(process.pid, "SIGINT");
  await come;
  return load(...given);
};
Object.assign(WebAssembly, { compile: first(compile), instantiate: first(instantiate) });
`;

for (const args of [
  [...CREATE, "--print"],
  [...CREATE, "--output", "interrupted"],
  ["rotate", "k", "--exec", "cat"],
  ["delete", "k"],
  ["delete", "k", "--missing-ok"],
  ["delete", "--attempt-tag", "t"],
  ["list"],
  ["audit"],
  ["users"],
  ["accounts"],
]) {
  test(`Ctrl-C when ${args.slice(0, 3).join(" ")} has its token: nothing is sent`, async () => {
    const preload = `data:text/javascript,${encodeURIComponent(WHILE_LOADING)}`;
    const running = service.start(args, { env: { NODE_OPTIONS: `--import ${preload}` } });
    await endsUnsent(running);
  });
}

test("Ctrl-C ends a list", async () => {
  await service.client.fault({ kind: "delay", ms: LONG_MS }, { operation: "list", times: 99 });
  const running = service.start(["list"]);
  while (!(await service.client.request("GET", "/_emulator/stats")).body.operations.list);
  running.child.kill("SIGINT");
  const { code, out } = await running.ended;
  assert.equal(code, 3);
  assert.equal(out, "");
});

/** Waits for the end of an interrupted command, and fails if it has sent anything or does not say so. */
async function endsUnsent(running) {
  const { code, out, err } = await running.ended;
  assert.deepEqual([code, out], [130, ""], err);
  assert.match(err, /nothing was sent/);
  assert.equal(existsSync(service.path("interrupted")), false);
  const { operations } = (await service.client.request("GET", "/_emulator/stats")).body;
  assert.deepEqual(Object.keys(operations), []);
}
