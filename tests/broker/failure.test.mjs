// Tests a broker whose ledger or service fails, or whose member leaves, in the middle of a request.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, options, stopAll } from "./brokers.mjs";

let createKeyBroker;
let memoryLedger;

before(async () => {
  await prepare();
  ({ createKeyBroker, memoryLedger } = await tool("fireworks-keys/broker"));
});

afterEach(stopAll);

test("the broker gives up on an authenticate or a ledger that never answers", async (context) => {
  const never = () => new Promise(() => {});
  for (const change of [
    { authenticate: never },
    { authenticate: () => "ada", ledger: { ...memoryLedger(), reserve: never } },
  ]) {
    const broker = await memoryBroker(change);
    const token = await broker.issuer.tokenFor("ada");
    const { status } = await whilePassing(context, () =>
      broker.ask("ada", "POST", "/keys", { headers: { authorization: `Bearer ${token}` } }),
    );
    assert.equal(status, 503);
    assert.deepEqual(await broker.stored(), []);
  }
});

test("a ledger that cannot answer mints nothing", async () => {
  const down = async () => {
    throw new Error("no ledger at fw_secret_place");
  };
  for (const [name, change] of [
    ["reserve", { reserve: down }],
    ["settle", { settle: down }],
    ["settle, of nothing", { settle: async () => false }],
    [
      "settle, in its own way",
      {
        settle: () => {
          throw "down";
        },
      },
    ],
  ]) {
    const broker = await memoryBroker({ ledger: { ...memoryLedger(), ...change } });
    const { status, text } = await broker.ask("ada", "POST", "/keys");
    assert.ok(status === 502 || status === 503, `${name}: ${status}`);
    assert.ok(!text.includes("fw_"));
    assert.deepEqual(await broker.stored(), [], name);
  }
});

test("a member who leaves in the middle of a mint leaves no key", async () => {
  const controller = new AbortController();
  let minted;
  const broker = await memoryBroker({
    authenticate: () => "ada",
    fetch: async (url, init) => {
      if (minted || !url.endsWith("/apiKeys") || init.method !== "POST") return fetch(url, init);
      // The service creates the key, and the member leaves before the answer arrives.
      const { signal: _, ...rest } = init;
      const response = await fetch(url, rest);
      minted = await broker.stored();
      controller.abort();
      return response;
    },
  });
  const late = [];
  const request = new Request("https://keys.example/keys", { method: "POST", signal: controller.signal });
  const { status } = await broker.handler.fetch(request, { waitUntil: (work) => late.push(work) });
  assert.equal(status, 400);
  assert.equal(minted.length, 1);
  assert.ok(late.length > 0, "the runtime is kept alive");
  await Promise.allSettled(late);
  assert.deepEqual(await broker.stored(), []);
});

test("the broker hands out no key that lives longer than was asked", async () => {
  for (const expireTime of [undefined, "2999-01-01T00:00:00Z", "some day", null, 7]) {
    const broker = await memoryBroker({
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (!url.endsWith("/apiKeys") || init.method !== "POST") return response;
        return Response.json({ ...(await response.json()), expireTime });
      },
    });
    const { status } = await broker.ask("ada", "POST", "/keys");
    assert.equal(status, 502, `${expireTime}`);
    assert.deepEqual(await broker.stored(), []);
  }
});

test("a mint that was never sent, or that the service refused, does not count", async () => {
  let token = () => {
    throw new Error("the vault is sealed");
  };
  const broker = await memoryBroker({
    limits: { mints: 2, window: "1h", live: 2 },
    token: () => token(),
    maxRetries: 0,
  });
  for (let count = 0; count < 3; count += 1) {
    const { status } = await broker.ask("ada", "POST", "/keys");
    assert.ok(status >= 500, `${status}`);
  }
  token = () => broker.token.key;
  for (let count = 0; count < 3; count += 1) {
    await broker.fault({ kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' });
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 502);
  }
  for (const expected of [201, 201, 429])
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, expected);
});

test("a mint whose member has left before it began does not count", async () => {
  const broker = await memoryBroker();
  const minting = createKeyBroker(
    options(memoryLedger(), {
      token: broker.token.key,
      baseUrl: broker.emulator.url,
      limits: { mints: 1, live: 1 },
    }),
  );
  const mint = async (signal) =>
    (await minting.fetch(new Request("https://keys.example/keys", { method: "POST", signal }))).status;
  assert.equal(await mint(AbortSignal.abort()), 400);
  assert.equal(await mint(), 201);
});

test("a revocation goes on although its member does not wait for it", async () => {
  const controller = new AbortController();
  const late = [];
  const broker = await memoryBroker({
    fetch: (url, init) => {
      if (url.endsWith(":delete")) controller.abort();
      return fetch(url, init);
    },
    authenticate: () => "ada",
  });
  const { body } = await broker.ask("ada", "POST", "/keys");
  const request = new Request(`https://keys.example/keys/${body.keyId}`, {
    method: "DELETE",
    signal: controller.signal,
  });
  const { status } = await broker.handler.fetch(
    request,
    { env: 1 },
    { waitUntil: (work) => late.push(work) },
  );
  assert.deepEqual([status, late.length, await broker.works(body.key)], [204, 1, false]);
});

test("a member who leaves while the ledger writes the key down leaves no key", async () => {
  const controller = new AbortController();
  const ledger = memoryLedger();
  const settle = async (...row) => {
    controller.abort();
    return ledger.settle(...row);
  };
  const broker = await memoryBroker({
    ledger: { ...ledger, settle },
    limits: { mints: 2, window: "1h", live: 1 },
    authenticate: () => "ada",
  });
  const request = (signal) => new Request("https://keys.example/keys", { method: "POST", signal });
  assert.equal((await broker.handler.fetch(request(controller.signal))).status, 400);
  assert.deepEqual(await broker.stored(), []);
  assert.equal((await broker.handler.fetch(request())).status, 201, "and it is not alive");
  assert.equal((await broker.handler.fetch(request())).status, 429, "but was minted");
});

test("the broker gives up on a body that never ends", async (context) => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  const body = new ReadableStream({ pull: () => new Promise(() => {}) });
  const headers = { "content-type": "application/json" };
  const { status } = await whilePassing(context, () =>
    broker.handler.fetch(
      new Request("https://keys.example/keys", { method: "POST", body, headers, duplex: "half" }),
    ),
  );
  assert.equal(status, 400);
  assert.deepEqual(await broker.stored(), []);
});

test("a slow ledger does not shorten the lifetime of a key", async () => {
  const ledger = memoryLedger();
  let broker;
  const reserve = async (...mint) => {
    const refusal = await ledger.reserve(...mint);
    await broker.setAhead(9_000);
    return refusal;
  };
  broker = await memoryBroker({ ledger: { ...ledger, reserve }, lifetime: { default: "10m" } });
  const { status, body } = await broker.ask("ada", "POST", "/keys");
  assert.equal(status, 201);
  const [{ createTime }] = await broker.stored();
  const seconds = (Date.parse(body.expireTime) - Date.parse(createTime)) / 1_000;
  assert.ok(seconds > 595, `${seconds} s`);
});

test("a mint counts for the whole window, and a key for its whole life, whichever is longer", async () => {
  const cases = [
    {
      limits: { mints: 1, window: "1h", live: 9 },
      times: [
        [300_000, 429],
        [3_599_999, 429],
        [3_600_000, 201],
      ],
    },
    {
      limits: { mints: 9, window: "1s", live: 1 },
      times: [
        [300_000, 429],
        [599_999, 429],
        [600_000, 201],
      ],
    },
  ];
  // Keys end at whole seconds.
  const start = Math.floor(Date.now() / 1_000) * 1_000;
  for (const { limits, times } of cases) {
    const broker = await memoryBroker({ limits });
    broker.stopClockAt(start);
    const mint = async () =>
      (await broker.ask("ada", "POST", "/keys", { body: '{"expiresIn": "10m"}' })).status;
    assert.equal(await mint(), 201);
    for (const [later, expected] of times) {
      broker.stopClockAt(start + later);
      // The member's token must not expire before the mint does.
      const authorization = `Bearer ${await broker.issuer.tokenFor("ada")}`;
      const { status } = await broker.ask("ada", "POST", "/keys", { headers: { authorization } });
      assert.equal(status, expected, `${JSON.stringify(limits)} ${later}`);
    }
  }
});

test("the broker hands out no key that the service stored without its tag", async () => {
  const broker = await memoryBroker();
  await broker.fault({ kind: "strip-annotations" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 502);
  assert.deepEqual(await broker.stored(), []);
});

test("the broker passes the service's Retry-After on, up to thirty seconds", async () => {
  const broker = await memoryBroker();
  await broker.fault({ kind: "answer", status: 429, headers: { "retry-after": "120" }, body: "{}" });
  const { status, headers } = await broker.ask("ada", "POST", "/keys");
  assert.deepEqual([status, headers.get("retry-after")], [503, "30"]);
});

/** Runs work while a mocked clock runs fast; throws if the work never ends. */
async function whilePassing(context, work) {
  // Real time has to pass too, because another thread computes the hashes.
  const { setTimeout: turn } = globalThis;
  context.mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let result;
    work().then((value) => (result = value));
    for (let count = 0; count < 10_000 && !result; count += 1) {
      await new Promise((resolve) => turn(resolve, 1));
      context.mock.timers.tick(100);
    }
    assert.ok(result, "it has an end");
    return result;
  } finally {
    context.mock.timers.reset();
  }
}

test("a token of another user may mint, if that user is an administrator", async () => {
  let token;
  const broker = await memoryBroker({ token: () => token });
  token = broker.admin;
  const { status, body } = await broker.ask("ada", "POST", "/keys");
  assert.equal(status, 201);
  assert.ok(await broker.works(body.key));
  const [{ user, keyId }] = await broker.stored();
  assert.deepEqual([user, keyId], ["broker", body.keyId]);
  assert.equal((await broker.ask("ada", "DELETE", `/keys/${keyId}`)).status, 204);
  assert.deepEqual(await broker.stored(), []);
});

test("a token whose user lacks the role mints nothing, and the operator is told what lacks", async () => {
  let token;
  const broker = await memoryBroker({ token: () => token });
  ({ key: token } = await broker.mintByHand(broker.admin, {}, "other"));
  const { status, text } = await broker.ask("ada", "POST", "/keys");
  assert.equal(status, 502);
  assert.ok(!text.includes("role"), "which is none of the member's business");
  assert.match(broker.errors[0].message, /role/);
  assert.equal(broker.errors[0].cause.code, "PERMISSION_DENIED");
  assert.deepEqual(await broker.stored(), []);
});
