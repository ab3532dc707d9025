// What frameworks and platforms do to a client, a list, a fetch or an address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { createApiKey, FireworksKeys, listApiKeys } from "fireworks-keys";
import { creating, errorOf } from "./calls.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

/** A proxy as frameworks make them for their state: what it hands out is behind a proxy, too. */
function reactive(object) {
  return new Proxy(object, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      return typeof value === "object" && value !== null ? reactive(value) : value;
    },
  });
}

test("a client and a list work behind a proxy, and show nothing of what they hold", async () => {
  const { token, accountId, userId } = at;
  const fetch = async () => Response.json({ apiKeys: [{ keyId: "k" }] });
  class Mine extends FireworksKeys {}
  for (const Client of [FireworksKeys, Mine]) {
    const client = reactive(new Client({ token, accountId, userId, fetch }));
    assert.deepEqual(await client.list(), { apiKeys: [{ keyId: "k" }] });
    assert.equal((await client.audit()).keys.length, 1);
    for (const shown of [inspect(client), JSON.stringify(client), Object.keys(client).join()]) {
      assert.ok(!shown.includes("fw_x"), shown);
    }
  }
  const list = reactive(listApiKeys({ token, accountId, userId, fetch }));
  assert.deepEqual(await list, { apiKeys: [{ keyId: "k" }] });
  const ids = [];
  for await (const { keyId } of list) ids.push(keyId);
  for await (const { apiKeys } of list.pages()) ids.push(apiKeys.length);
  assert.deepEqual(ids, ["k", 1]);
  assert.ok(!inspect(list).includes("fw_x"));
});

test("frameworks are asked to cache nothing, where a platform takes that option", async (t) => {
  const fetch = creating();
  await createApiKey({ ...at, fetch });
  assert.equal(fetch.asked[0].init.cache, "no-store");
  const { Request } = globalThis;
  t.mock.method(globalThis, "Request", (url, init) => {
    if (init && "cache" in init)
      throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
    return new Request(url, init);
  });
  const older = await import(new URL("../../dist/default.js?older", import.meta.url));
  const plain = creating();
  await older.createApiKey({ ...at, fetch: plain });
  assert.ok(!("cache" in plain.asked[0].init));
});

test("a path is relative to the origin of the page that a worker's blob came from", async (t) => {
  const page = "https://page.example";
  t.after(() => delete globalThis.location);
  for (const href of [`${page}/some/where?x`, `blob:${page}/0b5a3c1e`]) {
    globalThis.location = { href, origin: page };
    const fetch = creating();
    await createApiKey({ ...at, baseUrl: "/fireworks", fetch });
    assert.equal(fetch.asked[0].url, `${page}/fireworks/v1/accounts/acme/users/ci-bot/apiKeys`);
  }
});

test("a path is relative to the page that made a frame without a file", async (t) => {
  const page = "https://page.example";
  t.after(() => ["location", "origin", "document"].map((name) => delete globalThis[name]));
  for (const [frame, origin, baseURI, expected] of [
    ["about:srcdoc", page, `${page}/some/where`, page],
    ["about:blank", page, `${page}/some/where`, page],
    // In a sandbox.
    ["about:srcdoc", "null", `${page}/some/where`, page],
    ["about:blank", "null", "about:blank", undefined],
    // A page has an address of its own, whatever its document takes for its base.
    [`${page}/index.html`, page, "https://other.example", page],
  ]) {
    // The location of such a frame has no origin.
    const own = frame.startsWith("https") ? page : "null";
    Object.assign(globalThis, { location: { href: frame, origin: own }, origin, document: { baseURI } });
    const fetch = creating();
    const call = createApiKey({ ...at, baseUrl: "/fireworks", fetch });
    if (expected) await call;
    else assert.equal((await errorOf(call)).path, "baseUrl");
    const address = expected && `${expected}/fireworks/v1/accounts/acme/users/ci-bot/apiKeys`;
    assert.equal(fetch.asked[0]?.url, address);
  }
});

test("a page that a test tool has made up is not taken for a browser", async (t) => {
  class Document {}
  class Navigator {
    get userAgent() {
      return "Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/27.0.0";
    }
  }
  const page = { Document, Navigator, document: new Document(), navigator: new Navigator() };
  for (const [name, value] of Object.entries({ ...page, window: globalThis })) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  const { createApiKey } = await import(new URL("../../dist/default.js?page", import.meta.url));
  const { token, accountId, userId } = at;
  const fetch = creating();
  t.mock.method(globalThis, "fetch", (_, init) => fetch(_, init));
  await createApiKey({ token, accountId, userId });
  assert.equal(fetch.asked.length, 1, "one create, and no list");
});
