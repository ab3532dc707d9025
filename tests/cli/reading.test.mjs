// `list`, `audit`, `users` and `accounts`, and what every command does with its arguments and its token.

import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import * as fireworks from "../../dist/default.js";
import { startService, TOKEN } from "./program.mjs";

let service;

before(async () => {
  service = await startService();
});

afterEach(() => service.client.reset());

after(() => service?.stop());

/** Names that would clear a screen, turn the text, hide themselves or start a row of their own. */
const HOSTILE = [
  "\u001b[2J\u001b[31mred",
  "a\u202eb\u2066c",
  "x\u200bz\u00ad",
  "one\ntwo\r\tthree",
  "\u009b5n\u2028",
  "\u007f",
];
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test("a table shows strangers' text, and lets none of it act", async () => {
  for (const displayName of HOSTILE) {
    await service.client.fault(
      {
        kind: "answer",
        status: 200,
        body: JSON.stringify({
          apiKeys: [{ keyId: displayName, displayName, email: displayName, prefix: displayName }],
        }),
      },
      { operation: "list" },
    );
    const { code, out, err } = await service.run(["list"]);
    assert.equal(code, 0, err);
    const lines = out.split("\n");
    assert.equal(lines.length, 3, "titles, one row and the end");
    for (const line of lines) assert.doesNotMatch(line, RAW);
    assert.match(out, /\\u\{/);
  }
});

test("what the service says of a failure is told, and does not act", async () => {
  for (const message of HOSTILE) {
    const body = JSON.stringify({ code: 7, message });
    await service.client.fault({ kind: "answer", status: 403, body }, { operation: "list" });
    const { code, err } = await service.run(["list"]);
    assert.equal(code, 3);
    for (const line of err.split("\n")) assert.doesNotMatch(line, RAW);
  }
});

test("--json reads as what the service sent, with nothing in it that a terminal acts on", async () => {
  for (const displayName of HOSTILE) {
    const body = JSON.stringify({ apiKeys: [{ keyId: "k", displayName, tomorrow: [1] }] });
    await service.client.fault({ kind: "answer", status: 200, body }, { operation: "list" });
    const { code, out } = await service.run(["list", "--json"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), [{ keyId: "k", displayName, tomorrow: [1] }]);
    assert.doesNotMatch(out.replaceAll("\n", ""), RAW);
  }
});

test("list shows every key of every page, users every user", async () => {
  for (let at = 0; at < 5; at += 1) await service.client.create("ci-bot", { displayName: `key ${at}` });
  const listed = await service.run(["list", "--page-size", "2"]);
  assert.equal(listed.code, 0, listed.err);
  assert.match(listed.out, /^KEY ID +NAME +OWNER +PREFIX +CREATED +EXPIRES +LAST USED\n/);
  for (let at = 0; at < 5; at += 1) assert.ok(listed.out.includes(`key ${at}`));
  const users = await service.run(["users"]);
  assert.match(users.out, /^USER ID .*\n(.*\n)*ci-bot .* yes /);
  assert.ok(JSON.parse((await service.run(["users", "--json"])).out).length >= 2);
});

test("accounts lists the token's accounts", {
  skip: !fireworks.listAccounts && "not in this version",
}, async () => {
  const env = { FIREWORKS_ACCOUNT_ID: "", FIREWORKS_USER_ID: "" };
  const { code, out, err } = await service.run(["accounts"], { env });
  assert.equal(code, 0, err);
  assert.match(out, /^ACCOUNT ID .*\nlocal\b/);
});

test("audit fails where it is asked to, and only for what it is asked", async () => {
  await service.client.create("ci-bot", { displayName: "for ever" });
  for (const [args, code] of [
    [[], 0],
    [["--fail-on", "expired"], 0],
    [["--fail-on", "never-expires"], 1],
    [["--fail-on", "expired,never-expires"], 1],
    [["--fail-on", "never-expires", "--json"], 1],
    [["--fail-on", "never-expire"], 2],
    [["--fail-on", ""], 2],
    [["--fail-on"], 2],
    [["--stale-after", "soon"], 2],
  ]) {
    const ended = await service.run(["audit", ...args]);
    assert.equal(ended.code, code, `${args}: ${ended.err}`);
    if (code < 2) assert.match(ended.out, /never-expires/);
  }
});

test("an audit that did not see every key neither passes nor fails", async () => {
  await service.client.fault({ kind: "garbage" }, { operation: "list", times: 9 });
  assert.equal((await service.run(["audit", "--fail-on", "never-expires"])).code, 4);
});

test("the service's no is 3, and no answer is 4", async () => {
  const env = { FIREWORKS_API_KEY: "fw_wrong_token_1" };
  assert.equal((await service.run(["list"], { env })).code, 3);
  await service.client.fault({ kind: "drop" }, { operation: "list", times: 9 });
  assert.equal((await service.run(["list", "--max-retries", "0"])).code, 4);
});

test("a token is never taken from an argument, nor repeated", async () => {
  for (const args of [
    ["--token", "s3cret-token"],
    ["--token=s3cret-token"],
    ["--api-key", "s3cret-token"],
    ["--apikey=s3cret-token"],
    ["s3cret-token"],
    ["--user-id", TOKEN],
    [TOKEN],
    [`--print=${TOKEN}`],
    [`--${TOKEN}`],
    [`--${TOKEN}=x`],
    [`-${TOKEN}`],
    [`--no-${TOKEN}`],
    ["--s3cret-token-9"],
    ["--s3crettoken=1"],
    ["--user-id", "--s3cret-token"],
    ["--page-size", "s3cret-token"],
    ["--filter", `displayName="my ${TOKEN}"`],
    ["--user-id", `x${TOKEN}`],
    ["--base-url", `http://a:${TOKEN}@127.0.0.1/`],
    ["--no-such-option", TOKEN],
    ["--base-url", "s3cret-token"],
    ["--user-id", "s3cret/token"],
    ["--no-such-s3cret"],
  ]) {
    const { code, out, err } = await service.run(["list", ...args]);
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.ok(!err.includes("s3cret") && !err.includes(TOKEN), err);
  }
  for (const args of [
    ["create", "--exec", `store ${TOKEN}`],
    ["create", "--exec", `KEY=${TOKEN} store`],
    ["create", "--print", "--display-name", `my ${TOKEN}`],
    ["create", "--print", "--annotation", `note=the ${TOKEN}`],
    ["create", "--print", "--annotation", `${TOKEN}=note`],
    ["create", "--print", "--expires-in", TOKEN],
    ["create", "--output", `${service.folder}/${TOKEN}`],
    ["delete", "--key-id", `k ${TOKEN}`],
    ["delete", "--attempt-tag", TOKEN],
    ["delete", TOKEN],
    ["rotate", "--key-id", TOKEN, "--exec", "cat"],
    ["rotate", "k", "--exec", `store '${TOKEN}'`],
    ["audit", "--fail-on", TOKEN],
    [TOKEN],
    [`--${TOKEN}`],
  ]) {
    const { code, out, err } = await service.run(args);
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.ok(!err.includes(TOKEN), err);
  }
  assert.deepEqual(await service.stored(), []);
  assert.equal((await service.client.request("GET", "/_emulator/stats")).body.operations.list, undefined);
});

test("the token comes from standard input where the environment has none", async () => {
  for (const input of [TOKEN, `${TOKEN}\n`, `${TOKEN}\r\n`]) {
    const { code, err } = await service.run(["list"], { env: { FIREWORKS_API_KEY: "" }, input });
    assert.equal(code, 0, err);
  }
  for (const input of ["", "\n", "x".repeat(5_000)]) {
    const { code } = await service.run(["list"], { env: { FIREWORKS_API_KEY: "" }, input });
    assert.equal(code, 2);
  }
});

test("what cannot be written is told by the code", async () => {
  const full = await open("/dev/full", "w");
  const { code, err } = await service.run(["list"], { stdout: full.fd });
  await full.close();
  assert.equal(code, 4);
  assert.match(err, /ENOSPC/);
});

test("wrong usage names what is wrong, and what was meant", async () => {
  for (const [args, said] of [
    [["lst"], /create, list, audit, rotate, delete, accounts, users/],
    [["list", "--usr-id", "x"], /--usr-id is not an option; did you mean --user-id\?/],
    [["list", "--userId", "x"], /did you mean --user-id\?/],
    [["list", "-x"], /-x/],
    [["list", "--json=yes"], /--json/],
    [["list", "--page-size", "many"], /--page-size must be a whole number/],
    [["list", "--user-id", "a/b"], /--user-id/],
    [["list", "--user-id"], /--user-id/],
    [["list", "constructor"], /argument too many/],
    [["constructor"], /must be one of/],
  ]) {
    const { code, err } = await service.run(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, said);
  }
});

test("help and the version are there", async () => {
  for (const name of ["create", "list", "audit", "rotate", "delete", "accounts", "users"]) {
    const { code, out } = await service.run([name, "--help"]);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: fireworks-keys ${name}`));
  }
  assert.equal((await service.run([])).code, 2);
  assert.match((await service.run(["--version"])).out, /^\d+\.\d+\.\d+\n$/);
});
