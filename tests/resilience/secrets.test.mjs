// Tokens and new keys stay in JavaScript, and never stand in an error, an event, a log or a client.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { startEmulator } from "../emulator/server.mjs";
import { calm, fault } from "../suite/service.mjs";
import { pending } from "./calls.mjs";
import fireworksKeys, { remembers } from "./instance.mjs";

const TOKEN = "fw_the_token_that_nobody_may_see";
const emulator = await startEmulator({ args: ["--faults", "--token", TOKEN] });
after(() => emulator.stop());

const at = { token: TOKEN, accountId: "local", userId: "ci-bot", baseUrl: emulator.url };
const secrets = [TOKEN];
const said = [];
const onEvent = (event) => said.push(event);

async function create(options) {
  const call = fireworksKeys.createApiKey({ ...at, onEvent, ...options });
  const created = await call.catch((error) => said.push(error) && undefined);
  if (created) secrets.push(created.key);
}

test("no secret that a server echoes is told or copied", async () => {
  await create();
  await create({ token: async () => TOKEN });
  const answer = { kind: "answer", when: "after" };
  for (const body of [
    '{"message": "you sent {{token}} and got {{key}}"}',
    '{"error": {"message": "{{key}}", "token": "{{token}}", "key": "{{key}}"}}',
    '{"error": "{{token}}{{key}}"}',
    '{"{{token}}": "{{key}}"}',
    '{"message": "cut in the middle of {{key}}',
    "{{token}} {{key}}",
  ]) {
    for (const status of [200, 400, 500]) {
      const headers = { "x-request-id": "r", "retry-after-ms": "1" };
      await fault(emulator.url, { ...answer, status, body, headers }, { times: 3 });
      await create();
      await calm(emulator.url);
    }
  }
  for (let bytes = 20; bytes < 200; bytes += 20) {
    await fault(emulator.url, { kind: "cut", bytes });
    await create({ maxRetries: 0 });
  }
  for (const thrown of [
    `a string with Bearer ${TOKEN}`,
    new Error(`Headers.append: "Bearer ${TOKEN}" is an invalid header value`, {
      cause: new TypeError(`cause ${TOKEN}`),
    }),
    Object.assign(new Error("no"), { code: TOKEN, request: { headers: { authorization: TOKEN } } }),
    { authorization: TOKEN },
    [TOKEN],
    Symbol(TOKEN),
  ]) {
    await create({ fetch: () => Promise.reject(thrown), maxRetries: 0, orphanProtection: false });
    await create({
      fetch: () => {
        throw thrown;
      },
      maxRetries: 0,
      orphanProtection: false,
    });
    await create({ token: () => Promise.reject(thrown) });
    const get = () => {
      throw thrown;
    };
    const throwing = Object.defineProperty({ ...at }, "accountId", { enumerable: true, get });
    await fireworksKeys.createApiKey(throwing).catch((error) => said.push(error));
  }
  const echo =
    (status, headers) =>
    async (_, { headers: { authorization } }) => {
      const echoed = headers.map(([name, before]) => [name, before + authorization.replace("Bearer ", "")]);
      return Response.json({ message: "no" }, { status, headers: Object.fromEntries(echoed) });
    };
  for (const header of [
    ["x-request-id", ""],
    ["x-should-retry", ""],
    ["x-should-retry", "true"],
    ["retry-after-ms", "1"],
    ["retry-after", ""],
    ["retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"],
  ]) {
    await create({ fetch: echo(400, [header]) });
    await create({ fetch: echo(500, [header]), maxRetries: 0, orphanProtection: false });
  }
  // One token is a part of the other, and both are echoed. The rest of the longer one is a secret too: it
  // is what stays if the shorter one is taken out first.
  const tokens = ["first_secret", "first_secret.and_second"];
  secrets.push(...tokens, "and_second");
  await create({
    token: () => tokens[said.filter(({ type }) => type === "retry").length % 2],
    fetch: async (_, { method }) =>
      method === "GET"
        ? Response.json({}, { status: 401 })
        : Response.json({ message: tokens.join() }, { status: 500, headers: { "retry-after-ms": "1" } }),
  });
  await create({ fetch: async () => Response.json({ keyId: TOKEN, key: TOKEN }), orphanProtection: false });
  await create({ fetch: async () => Response.json({ message: `${TOKEN}_and_more` }, { status: 400 }) });
  for (const persist of [
    () => {},
    () => false,
    (created) => {
      throw new Error(JSON.stringify(created));
    },
  ]) {
    const { keyId } = await fireworksKeys.createApiKey(at);
    const stores = (created) => {
      secrets.push(created.key);
      return persist(created);
    };
    const options = { ...at, keyId, onEvent, persist: stores, keep: 0 };
    await fireworksKeys.rotateApiKey(options).catch((error) => said.push(error));
  }
  // The new key is echoed where it is tried out, and where it deletes the one before.
  const echoes =
    (list) =>
    async (url, { method, headers: { authorization } }) => {
      if (method === "GET" && url.includes("apiKeys")) return Response.json({ apiKeys: list });
      if (method === "POST" && !url.endsWith(":delete"))
        return Response.json({ keyId: "new", key: "an_odd_key" });
      return Response.json({ message: authorization }, { status: 400 });
    };
  secrets.push("an_odd_key");
  for (const verify of [true, false]) {
    const list = [{ keyId: "k", prefix: TOKEN.slice(0, 5) }];
    const options = { ...at, onEvent, fetch: echoes(list), keyId: "k", keep: 0, verify, persist: () => {} };
    const rotation = await fireworksKeys
      .rotateApiKey(options)
      .catch((error) => said.push(error) && { pending: [] });
    said.push(...rotation.pending);
    assert.equal(rotation.pending.length, verify ? 0 : 1);
  }
  const client = new fireworksKeys.FireworksKeys(at);
  said.push(client);
  for await (const page of client.list().pages()) said.push(page);

  // A call under way, whose name the module must still hold: the scan finds what is there.
  const controller = new AbortController();
  const { signal } = controller;
  const fetch = pending();
  const waiting = create({ displayName: "a name to be found", fetch, signal });
  await fetch.called;
  assert.ok(remembers("a name to be found"));
  controller.abort();
  await waiting;
  for (const secret of secrets) assert.ok(!remembers(secret), "memory");
  // Whatever else looks like a key: those whose answers were lost.
  assert.ok(!remembers("fw_"), "anything like a key in memory");

  // A key that is its own id. What memory held is overwritten first at its ends.
  const middle = "in_the_middle";
  const key = "-".repeat(40) + middle + "-".repeat(40);
  await create({ fetch: async () => Response.json({ keyId: key, key }), orphanProtection: false });
  assert.ok(!remembers(middle), "the new key");

  // What a caller takes for a name or an id is text that the module reads, and is not told either.
  await create({ [TOKEN]: 1 });
  await create({ annotations: { [TOKEN]: 1 } });
  const mistaken = { ...at, onEvent, keyId: TOKEN, persist: () => {} };
  await fireworksKeys.rotateApiKey(mistaken).catch((error) => said.push(error));

  assert.ok(said.length > 50, `${said.length} things were said`);
  assert.ok(secrets.length > 2);
  for (const thing of said) {
    const told = [
      inspect(thing, { depth: 20, showHidden: true }),
      JSON.stringify(thing),
      String(thing?.stack),
    ];
    for (const secret of secrets) {
      assert.ok(!told.join().includes(secret), `${told[0].slice(0, 400)}`);
    }
  }
});
