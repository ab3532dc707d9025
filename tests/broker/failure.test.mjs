// A broker whose surroundings fail: its ledger, whoever says who asks, the service, the member who leaves.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { prepare, tool } from "../matrix/fixture.mjs";
import { memoryBroker, options, SECRET, stopAll } from "./brokers.mjs";

let createKeyBroker;
let memoryLedger;

before(async () => {
  await prepare();
  ({ createKeyBroker, memoryLedger } = await tool("fireworks-keys/broker"));
});

afterEach(stopAll);

test("where nobody can say who asks, nothing is minted", async () => {
  for (const authenticate of [
    () => {
      throw new Error("the session store is down");
    },
    () => Promise.reject("down"),
    () => ({ id: "ada" }),
    () => 7,
    () => "\ud800",
    () => true,
  ]) {
    const broker = await memoryBroker({ authenticate });
    const { status, body } = await broker.ask("ada", "POST", "/keys");
    assert.equal(status, 503, `${authenticate}`);
    assert.ok(!JSON.stringify(body).includes("session store"));
    assert.equal(broker.errors.length, 1);
    assert.deepEqual(await broker.stored(), []);
  }
  for (const nobody of [undefined, null, false, ""]) {
    const broker = await memoryBroker({ authenticate: async () => nobody });
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 401);
  }
});

test("a page that is not allowed is refused before anybody is asked who it is", async () => {
  let asked = 0;
  const broker = await memoryBroker({ authenticate: () => `${(asked += 1)}` });
  await broker.ask("ada", "POST", "/keys", { headers: { origin: "https://evil.example" } });
  assert.equal(asked, 0);
});

test("what never answers is given up", async (context) => {
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
  const broker = await memoryBroker({ timeoutMs: 10_000 });
  const token = await broker.issuer.tokenFor("ada");
  const controller = new AbortController();
  const minting = createKeyBroker(
    options(memoryLedger(), {
      token: broker.token.key,
      baseUrl: broker.emulator.url,
      onError: () => undefined,
    }),
  );
  const late = [];
  await broker.fault({ kind: "delay", ms: 300, when: "after" });
  const answer = minting.fetch(
    new Request("https://keys.example/keys", {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: controller.signal,
    }),
    { waitUntil: (work) => late.push(work) },
  );
  while ((await broker.stored()).length === 0) await setTimeout(10);
  controller.abort();
  assert.equal((await answer).status, 400);
  assert.ok(late.length > 0, "the runtime is kept alive");
  await Promise.allSettled(late);
  assert.deepEqual(await broker.stored(), []);
});

test("a key that lives longer than it should is none", async () => {
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

test("a mint that was never sent, or that the service has refused, counts for nothing", async () => {
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
    await broker.fault({ kind: "answer", status: 403, body: "{}" });
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, 502);
  }
  for (const expected of [201, 201, 429])
    assert.equal((await broker.ask("ada", "POST", "/keys")).status, expected);
});

test("a member who has left before anything was done costs nothing", async () => {
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

test("a revocation goes on where the member does not wait for it", async () => {
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

test("a member who leaves while the ledger writes the key down leaves none", async () => {
  const controller = new AbortController();
  const ledger = memoryLedger();
  const settle = async (...row) => {
    controller.abort();
    return ledger.settle(...row);
  };
  const broker = await memoryBroker({
    ledger: { ...ledger, settle },
    limits: { mints: 1, window: "1h", live: 1 },
    authenticate: () => "ada",
  });
  const request = (signal) => new Request("https://keys.example/keys", { method: "POST", signal });
  assert.equal((await broker.handler.fetch(request(controller.signal))).status, 400);
  assert.deepEqual(await broker.stored(), []);
  assert.equal((await broker.handler.fetch(request())).status, 201, "and counts for nothing");
});

test("what a runtime hands over may throw, and need not be there", async () => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  const request = () => new Request("https://keys.example/keys", { method: "POST" });
  const throws = () => {
    throw new Error("too late");
  };
  for (const context of [
    [],
    [undefined],
    [null, 7],
    [{}],
    [{ waitUntil: 7 }],
    [{ waitUntil: throws }],
    [{}, { waitUntil: () => {} }],
  ]) {
    assert.equal((await broker.handler.fetch(request(), ...context)).status, 201, JSON.stringify(context));
  }
});

test("a method that objects have is none of a path", async () => {
  const broker = await memoryBroker({ authenticate: () => "ada" });
  for (const method of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const request = { method, url: "https://keys.example/keys", headers: new Headers() };
    assert.equal((await broker.handler.fetch(request)).status, 405, method);
  }
  assert.deepEqual(broker.errors, []);
});

test("a body that never ends is given up", async (context) => {
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

test("what the ledger takes is not taken from the key", async () => {
  const ledger = memoryLedger();
  const reserve = async (...mint) => {
    await setTimeout(1_100);
    return ledger.reserve(...mint);
  };
  const broker = await memoryBroker({
    ledger: { ...ledger, reserve },
    lifetime: { min: "1s", max: "2s", default: "1s" },
  });
  const { status, body } = await broker.ask("ada", "POST", "/keys");
  assert.equal(status, 201);
  assert.ok(await broker.works(body.key));
});

test("a mint counts for the whole window, and a key for its whole life, whichever is longer", async () => {
  const { now } = Date;
  const cases = [
    {
      limits: { mints: 1, window: "1h", live: 9 },
      times: [
        [300_000, 429],
        [3_599_000, 429],
        [3_601_000, 201],
      ],
    },
    {
      limits: { mints: 9, window: "1s", live: 1 },
      times: [
        [300_000, 429],
        [599_000, 429],
        [611_000, 201],
      ],
    },
  ];
  for (const { limits, times } of cases) {
    const broker = await memoryBroker({ limits });
    const mint = async () =>
      (await broker.ask("ada", "POST", "/keys", { body: '{"expiresIn": "10m"}' })).status;
    assert.equal(await mint(), 201);
    try {
      for (const [later, expected] of times) {
        Date.now = () => now() + later;
        // The token's own life is not what is looked at.
        const authorization = `Bearer ${await broker.issuer.tokenFor("ada")}`;
        const { status } = await broker.ask("ada", "POST", "/keys", { headers: { authorization } });
        assert.equal(status, expected, `${JSON.stringify(limits)} ${later}`);
      }
    } finally {
      Date.now = now;
    }
  }
});

test("what the ledger takes is not taken from the key", async () => {
  const ledger = memoryLedger();
  let reserved;
  const reserve = async (...mint) => {
    const refusal = await ledger.reserve(...mint);
    await setTimeout(50);
    reserved = Date.now();
    return refusal;
  };
  const broker = await memoryBroker({ ledger: { ...ledger, reserve } });
  const { body } = await broker.ask("ada", "POST", "/keys", { body: '{"expiresIn": "5m"}' });
  assert.ok(
    Date.parse(body.expireTime) >= reserved + 300_000,
    `${body.expireTime} is less than 5 minutes later`,
  );
});

test("a key without its tag is none: nobody could tell whose it is", async () => {
  const broker = await memoryBroker();
  await broker.fault({ kind: "strip-annotations" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 502);
  assert.deepEqual(await broker.stored(), []);
});

test("how long the service asks to wait is handed on", async () => {
  const broker = await memoryBroker();
  await broker.fault({ kind: "answer", status: 429, headers: { "retry-after": "120" }, body: "{}" });
  const { status, headers } = await broker.ask("ada", "POST", "/keys");
  assert.deepEqual([status, headers.get("retry-after")], [503, "120"]);
});

test("a member is known by a hash that the secret makes", async () => {
  const members = new Set();
  for (const memberSecret of [SECRET, SECRET, `another ${SECRET}`]) {
    const broker = await memoryBroker({ memberSecret, authenticate: () => "ada" });
    await broker.ask("ada", "POST", "/keys");
    const [{ annotations }] = await broker.stored();
    members.add(annotations["fireworks-keys-attempt"].split(".")[0]);
  }
  assert.equal(members.size, 2);
});

test("a page may send further headers where the configuration says so", async () => {
  const broker = await memoryBroker({ allowedHeaders: ["x-session"] });
  const { headers } = await broker.ask(undefined, "OPTIONS", "/keys");
  assert.equal(headers.get("access-control-allow-headers"), "authorization, content-type, x-session");
});

test("cookies are taken where the configuration says so, and paths begin where it says", async () => {
  const broker = await memoryBroker({ allowCredentials: true, basePath: "/api" });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 404);
  assert.equal((await broker.ask("ada", "POST", "/apikeys")).status, 404);
  const { status, headers } = await broker.ask("ada", "POST", "/api/keys");
  assert.equal(status, 201);
  assert.equal(headers.get("access-control-allow-credentials"), "true");
});

test("an operator whose onError throws is no reason not to answer", async () => {
  const onError = () => {
    throw new Error("no log");
  };
  const broker = await memoryBroker({ onError, authenticate: onError });
  assert.equal((await broker.ask("ada", "POST", "/keys")).status, 503);
});

test("without onError the console is told what went wrong, by name and message alone", async (context) => {
  const said = context.mock.method(console, "error", () => undefined);
  const error = Object.assign(new Error("the session store is down"), { session: "s3cret" });
  const broker = createKeyBroker(options(memoryLedger(), { authenticate: () => Promise.reject(error) }));
  const ask = () => broker.fetch(new Request("https://keys.example/keys", { method: "POST" }));
  await ask();
  error.message =
    "no Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln at https://u:fw_tokenvalue1234@x, eyJhbGciOi";
  await ask();
  assert.deepEqual(
    said.mock.calls.map((call) => call.arguments),
    [
      ["key broker: Error: the session store is down"],
      ["key broker: Error: no [redacted] at https://u:[redacted]@x, [redacted]"],
    ],
  );
});

test("an onError that rejects is no unhandled rejection", async () => {
  const broker = createKeyBroker(
    options(memoryLedger(), {
      authenticate: () => 7,
      onError: async () => {
        throw new Error("no log");
      },
    }),
  );
  assert.equal(
    (await broker.fetch(new Request("https://keys.example/keys", { method: "POST" }))).status,
    503,
  );
  await new Promise(setImmediate);
});

/** What work comes to while time passes quickly; an error where it goes on for ever. */
async function whilePassing(context, work) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let result;
    work().then((value) => (result = value));
    for (let turn = 0; turn < 10_000 && !result; turn += 1) {
      await new Promise(setImmediate);
      context.mock.timers.tick(100);
    }
    assert.ok(result, "it has an end");
    return result;
  } finally {
    context.mock.timers.reset();
  }
}
