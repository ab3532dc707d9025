// It is careful with somebody's account: what it sends, where, and what it leaves and prints.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEYS } from "../../tools/conform/run.mjs";
import { conform, ENVIRONMENT, start } from "./check.mjs";
import { ACCOUNT, serve, TOKEN, USER } from "./service.mjs";

/** After so many creates, of which all but the first are to be refused, comes one that is to make a key. */
const REFUSED = 4;

const ADMIN_TOKEN = "fw_another_administrator";

test("no output holds a token, an id or an e-mail, whatever the service answers", async () => {
  let key;
  const server = await serve({
    answer: async (response) => {
      const body = await response.text();
      key ??= /"key":"(fw_\w+)"/.exec(body)?.[1];
      const echo = `${TOKEN} ${ADMIN_TOKEN} ${ACCOUNT} ${USER} ann@example.com ${key}`;
      const headers = new Headers(response.headers);
      for (const name of ["content-type", "access-control-expose-headers"]) headers.set(name, echo);
      // A name that the service makes up, in the answer to a create and in a list.
      const named = body.replaceAll('"displayName":"default"', `"displayName":${JSON.stringify(echo)}`);
      return new Response(named, { status: response.status, headers });
    },
  });
  const environment = { ...ENVIRONMENT, FIREWORKS_ADMIN_API_KEY: ADMIN_TOKEN };
  for (const args of [["--long"], ["--long", "--json"]]) {
    const { all, code } = await start([...args, "--base-url", server.url], environment).ended;
    assert.equal(code, 1);
    const secrets = [TOKEN, ADMIN_TOKEN, ACCOUNT, USER, "ann@example.com", "@", ...server.noted.secrets];
    for (const secret of secrets) assert.ok(!all.includes(secret), `${secret} in ${all}`);
    assert.match(all, /<the account> <the user> <e-mail>/);
  }
  server.stop();
});

test("an error of its own prints no secret either, and the keys are deleted", async () => {
  const server = await serve({
    answer: async (response, { method, url }) => {
      const isList = method === "GET" && url.endsWith("/apiKeys");
      return isList ? Response.json({ apiKeys: { [TOKEN]: ACCOUNT }, nextPageToken: "" }) : response;
    },
  });
  const { code, all } = await start(["--base-url", server.url]).ended;
  server.stop();
  assert.equal(code, 1);
  assert.deepEqual(server.service.keys(), []);
  assert.ok(server.noted.creates.length > 0);
  for (const secret of [TOKEN, ACCOUNT, USER, ...server.noted.secrets]) assert.ok(!all.includes(secret), all);
});

test("it says first what it will do, and makes no more keys than that; one request at a time", async () => {
  for (const [args, most] of [
    [[], KEYS.usual],
    [["--long"], KEYS.long],
  ]) {
    const server = await serve();
    const { all } = await start(["--base-url", server.url, ...args]).ended;
    server.stop();
    assert.match(all, new RegExp(`^This asks .* up to ${KEYS.usual} keys `));
    assert.equal(/ 2 more, made last/.test(all), args.length > 0);
    assert.ok(server.noted.creates.length <= most, `${server.noted.creates.length}`);
    assert.equal(server.noted.most, 1);
    assert.ok(server.noted.count < 120, `${server.noted.count} requests`);
  }
});

test("every key carries the run's tag and ends within ten minutes, but for the two of --long", async () => {
  const server = await serve();
  await start(["--base-url", server.url, "--long"]).ended;
  server.stop();
  const [, tag] = /^conform (\w{24}) /.exec(server.noted.creates[0].displayName);
  const { creates } = server.noted;
  for (const { displayName, annotations, expireTime } of creates.slice(0, -2)) {
    const lives = Date.parse(expireTime) - Date.now();
    assert.ok(expireTime === "soon" || lives <= 600_000, expireTime);
    assert.ok(displayName.includes(tag));
    // The one for a user who does not exist is refused, or deleted by its name.
    assert.ok(annotations === undefined || annotations["conform-run"] === tag);
  }
  const [byDefault, decade] = creates.slice(-2);
  assert.deepEqual(byDefault, {});
  assert.ok(Date.parse(decade.expireTime) > Date.now() + 9 * 365 * 86_400_000);
  const [last, one] = server.noted.deletes.slice(-20).reverse();
  assert.ok(last && one);
});

test("only keys of the run are deleted, whatever others are called", async () => {
  const server = await serve();
  const create = (apiKey) =>
    server.service.fetch(`http://x/v1/accounts/${ACCOUNT}/users/${USER}/apiKeys`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ apiKey }),
    });
  await create({ displayName: "conform 0123456789abcdef01234567 1" });
  await create({ displayName: "theirs", annotations: { "conform-run": "0123456789abcdef01234567" } });
  await create({});
  const theirs = server.service.keys().map(({ keyId }) => keyId);
  await start(["--base-url", server.url, "--long"]).ended;
  server.stop();
  assert.deepEqual(
    server.service.keys().map(({ keyId }) => keyId),
    theirs,
  );
  assert.ok(server.noted.deletes.every((keyId) => !theirs.includes(keyId)));
});

test("after Ctrl-C every key is deleted", async () => {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    let reached;
    const isUnderWay = new Promise((done) => (reached = done));
    const server = await serve({
      ask: (_, service) => {
        if (service.keys().length === 4) reached();
      },
    });
    const { child, ended } = start(["--base-url", server.url]);
    await isUnderWay;
    child.kill(signal);
    const { code, all } = await ended;
    server.stop();
    assert.equal(code, 130, all);
    assert.deepEqual(server.service.keys(), []);
    assert.match(all, /Interrupted: deleting the keys\.\n/);
    assert.match(all, /^\? delete\.answer +not asked: interrupted$/m);
    assert.match(all, /Every key of this run is deleted\./);
  }
});

test("a key whose create's answer was lost is found by its tag and deleted", async () => {
  for (const fault of [{ kind: "drop", when: "after" }, { kind: "garbage" }]) {
    const server = await serve();
    server.service.addFault({ operation: "create", skip: REFUSED, fault });
    const { left, found, code } = await conform(["--base-url", server.url]);
    server.stop();
    assert.deepEqual([left, server.service.keys(), server.service.faults()[0].hits], [[], [], 1]);
    assert.equal(code, fault.kind === "drop" ? 0 : 1);
    const lost = Object.values(found).filter(({ why }) => why?.startsWith("no answer"));
    assert.equal(lost.length, fault.kind === "drop" ? 1 : 0);
  }
});

test("a key whose create's answer was lost, and that cannot be found, is named", async () => {
  // Neither its name nor its annotations are listed.
  const server = await serve({
    answer: async (response, { method, url }) => {
      if (method !== "GET" || !url.includes("/apiKeys")) return response;
      const body = await response.json();
      for (const key of body.apiKeys ?? [])
        for (const name of ["displayName", "annotations"]) delete key[name];
      return Response.json(body);
    },
  });
  server.service.addFault({ operation: "create", skip: REFUSED, fault: { kind: "drop", when: "after" } });
  const { left, code } = await conform(["--base-url", server.url]);
  server.stop();
  assert.equal(code, 1);
  assert.equal(server.service.keys().length, 1);
  const [{ displayName, expireTime }] = server.service.keys();
  assert.equal(left.length, 1);
  assert.ok(
    [displayName, new Date(expireTime).toISOString(), "may exist"].every((part) => left[0].includes(part)),
    left[0],
  );
});

test("a key that cannot be deleted is named", async () => {
  let refused;
  const server = await serve({
    ask: ({ method, url, body }) => {
      if (method !== "POST" || !url.endsWith(":delete")) return undefined;
      refused ??= JSON.parse(body).keyId;
      if (JSON.parse(body).keyId !== refused) return undefined;
      return Response.json({ code: 13, message: "no", details: [] }, { status: 500 });
    },
  });
  const { left, code } = await conform(["--base-url", server.url]);
  server.stop();
  const [{ keyId, displayName }, ...others] = server.service.keys();
  assert.deepEqual([keyId, others, code], [refused, [], 1]);
  assert.ok(
    left.some((text) => text.includes(displayName) && text.includes("could not be deleted")),
    left,
  );
});

test("it waits as a 429 asks, says so, and asks again", async () => {
  const server = await serve();
  const limited = (seconds) => ({
    ...{ kind: "answer", status: 429, headers: { "retry-after": seconds } },
    body: '{"code": 8, "message": "slow down", "details": []}',
  });
  server.service.addFault({ operation: "create", skip: 1, times: 2, fault: limited("1") });
  const { otherwise, left, all, found: first } = await conform(["--base-url", server.url]);
  assert.deepEqual([otherwise, left, server.service.keys()], [[], [], []]);
  assert.equal(first["headers.retryAfter"].found, "present");
  assert.equal(all.split("The service asks to wait 1 s (429).").length, 3);
  // A wait that would outlast the keys is not begun.
  server.service.addFault({ operation: "create", skip: 1, times: 1, fault: limited("3600") });
  const { found } = await conform(["--base-url", server.url]);
  assert.ok(Object.values(found).some((row) => row.found === "429, code 8"));
  server.stop();
});

test("no token goes to another machine without --live, over http, or by a redirect", async () => {
  for (const [args, message] of [
    [["--base-url", "https://example.com"], /needs --live/],
    [["--base-url", "https://localhost.example.com"], /needs --live/],
    [["--base-url", "https://127.0.0.1.example.com"], /needs --live/],
    [["--base-url", "https://0.0.0.0"], /needs --live/],
    [["--base-url", "http://example.com", "--live"], /must be https/],
    [["--base-url", "https://user:secret@localhost"], /no user, password/],
    [["--base-url", "file:///x"], /http\(s\) URL/],
    [["--base-url", "nonsense"], /http\(s\) URL/],
    [["--lvie"], /--lvie/],
  ]) {
    const { code, all } = await start(args).ended;
    assert.deepEqual([code, message.test(all), /This asks/.test(all)], [2, true, false], `${args}: ${all}`);
    assert.ok(!all.includes(TOKEN) && !all.includes("secret@"));
  }
  const other = await serve();
  const server = await serve({
    ask: ({ url }) => Response.redirect(`${other.url}${new URL(url).pathname}`, 307),
  });
  const { otherwise } = await conform(["--base-url", server.url]);
  assert.ok(otherwise.length > 0);
  assert.equal(other.noted.count, 0);
  for (const each of [server, other]) each.stop();
});

test("--live needs every variable, and bare ids", async () => {
  for (const name of Object.keys(ENVIRONMENT)) {
    const { code, all } = await start(["--live"], { ...ENVIRONMENT, [name]: "" }).ended;
    assert.deepEqual([code, all.trim()], [2, `--live needs the environment variable ${name}`]);
  }
  const { code, all } = await start(["--live"], { ...ENVIRONMENT, FIREWORKS_ACCOUNT_ID: "accounts/acme" })
    .ended;
  assert.deepEqual([code, /bare id/.test(all)], [2, true]);
});
