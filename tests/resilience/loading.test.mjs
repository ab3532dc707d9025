// How the module is loaded, each time by a package that is fresh.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { pending } from "./calls.mjs";

const dist = new URL("../../dist/", import.meta.url);
const bytes = await readFile(new URL("fireworks_keys.wasm", dist));
const never = () => new Promise(() => {});
const requests = [];
const at = {
  token: "fw_token",
  accountId: "acme",
  userId: "ci-bot",
  fetch: async (url, { body }) => {
    requests.push({ url, body });
    return Response.json({ keyId: "k", key: "fw_k" });
  },
};

let packages = 0;
const fresh = () => import(new URL(`default.js?${(packages += 1)}`, dist));

test("the first call takes its options as they are when it is made", async () => {
  const { createApiKey } = await fresh();
  const options = { ...at, displayName: "then", annotations: { when: "then" } };
  const creating = createApiKey(options);
  options.displayName = "later";
  options.annotations.when = "later";
  options.userId = "nobody";
  await creating;
  const { url, body } = requests.at(-1);
  assert.match(url, /users\/ci-bot/);
  assert.ok(body.includes("then") && !body.includes("later"), body);
});

test("a first call with options that cannot be copied is refused like any other", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const options of [proxy, null, undefined, 7, [], () => {}]) {
    const { createApiKey } = await fresh();
    await assert.rejects(createApiKey(options), { name: "ValidationError", path: "options" });
  }
});

test("the module can be handed over: compiled, as bytes, as an answer, later", async () => {
  const answer = (type) => new Response(bytes, { headers: { "content-type": type } });
  for (const module of [
    await WebAssembly.compile(bytes),
    bytes,
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    answer("application/wasm"),
    answer("application/octet-stream"),
    Promise.resolve(bytes),
    WebAssembly.compile(bytes),
  ]) {
    const { init, createApiKey } = await fresh();
    await init({ module });
    assert.equal((await createApiKey(at)).keyId, "k");
  }
});

test("a module that cannot be used is told, and forgotten", async () => {
  const foreign = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  for (const module of [
    () => new Uint8Array([1, 2, 3]),
    () => foreign,
    () => new WebAssembly.Module(foreign),
    () => new Response("no", { status: 404 }),
    () => Promise.reject(new Error("mine")),
    () => Promise.resolve({}),
    () => Promise.resolve("fw_secret"),
  ]) {
    const { init, createApiKey } = await fresh();
    const failed = await init({ module: module() }).catch((error) => error);
    assert.deepEqual([failed.name, failed.operation], ["ModuleLoadError", "init"]);
    assert.ok(!failed.message.includes("fw_secret"), failed.message);
    assert.equal((await createApiKey(at)).keyId, "k");
  }
});

test("a promise of what cannot be a module is told what it must be", async () => {
  for (const module of [{}, "fw_secret", undefined]) {
    const { init } = await fresh();
    const message = /must be a WebAssembly\.Module, its bytes or a Response$/;
    await assert.rejects(init({ module: Promise.resolve(module) }), { name: "ModuleLoadError", message });
  }
});

test("in Node, the entry for pages says what it is, and what to import", async () => {
  const { init } = await import(new URL("url.js?node", dist));
  const message = /fireworks-keys\/url is for pages.* here import "fireworks-keys"$/;
  await assert.rejects(init(), { name: "ModuleLoadError", message });
});

test("what cannot be a module is refused at once", async () => {
  // As bundlers make it of an import: it has every method, and never settles.
  const lazy = new Proxy(() => {}, { get: () => () => never() });
  const namespace = await import("./calls.mjs");
  for (const module of [7, "fw_secret", null, {}, [], () => {}, lazy, namespace, { then() {} }, new Blob()]) {
    const { init, createApiKey } = await fresh();
    const refused = await init({ module }).catch((error) => error);
    assert.deepEqual([refused.name, refused.path], ["ValidationError", "module"]);
    assert.match(refused.message, /must be a WebAssembly\.Module, its bytes or a Response/);
    assert.equal((await createApiKey(at)).keyId, "k");
  }
});

test("a module that cannot be used is nobody else's affair", async () => {
  const bad = new Uint8Array([1, 2, 3]);
  // Ended with the test, which would wait for its time limit otherwise.
  let end;
  const pending = new Promise((_, reject) => (end = reject));
  const loads = [
    [bad, bad],
    [bad, bytes],
    [bytes, bad],
    [pending, bytes],
  ];
  for (const modules of loads) {
    const { init, createApiKey } = await fresh();
    const loading = modules.map((module) => init({ module }));
    for (const load of loading) load.catch(() => {});
    await (loading[modules.indexOf(bytes)] ?? Promise.allSettled(loading));
    assert.equal((await createApiKey(at)).keyId, "k");
  }
  end(new Error("over"));
});

test("init builds a request, as for the platform's own fetch", async (t) => {
  const { Request } = globalThis;
  const built = [];
  t.after(() => Object.assign(globalThis, { Request }));
  globalThis.Request = class extends Request {
    constructor(...given) {
      super(...given);
      built.push(this.method);
    }
  };
  const { init } = await fresh();
  await init({ module: await WebAssembly.compile(bytes) });
  assert.ok(built.includes("POST"), built.join());
});

test("init warms the module up without a timer, chance, a request or a word", async (t) => {
  const module = await WebAssembly.compile(bytes);
  const used = [];
  const forbid = (object, name) =>
    t.mock.method(object, name, () => {
      used.push(name);
      throw new Error(name);
    });
  const { init, createApiKey } = await fresh();
  const forbidden = [
    ...["fetch", "setTimeout", "setInterval", "setImmediate"].map((name) => forbid(globalThis, name)),
    forbid(crypto, "getRandomValues"),
    forbid(Math, "random"),
    // As at the module scope of a Worker.
    t.mock.method(Date, "now", () => 0),
  ];
  const described = [];
  const { parse } = JSON;
  t.mock.method(JSON, "parse", (text) => {
    described.push(text);
    return parse(text);
  });
  await init({ module });
  for (const { mock } of forbidden) mock.restore();
  assert.deepEqual(used, []);
  assert.ok(
    described.some((text) => text.includes('"key":')),
    "a create went through",
  );
  assert.ok(
    described.some((text) => text.includes('"apiKeys":')),
    "a sweep went through",
  );
  const before = described.length;
  await init();
  assert.equal(described.length, before, "once is enough");
  assert.equal((await createApiKey(at)).keyId, "k");
});

test("a module that fails as it is warmed up is replaced, and init resolves", async (t) => {
  const { init, createApiKey } = await fresh();
  const module = await WebAssembly.compile(bytes);
  const { Instance } = WebAssembly;
  t.after(() => Object.assign(WebAssembly, { Instance }));
  let made = 0;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, given) {
      made += 1;
      const instance = Reflect.construct(target, given);
      if (made > 1) return instance;
      const run = () => {
        throw new WebAssembly.RuntimeError("unreachable");
      };
      return { exports: { ...instance.exports, run } };
    },
  });
  assert.equal(await init({ module }), undefined);
  assert.equal((await createApiKey(at)).keyId, "k");
  assert.equal(made, 2);
});

test("what is wrong with the options of init is told", async () => {
  const { init } = await fresh();
  const throwing = {
    get module() {
      throw new Error("mine");
    },
  };
  for (const [options, path] of [
    [{ modul: bytes }, "modul"],
    [throwing, "module"],
    [5, "options"],
    [null, "options"],
  ]) {
    await assert.rejects(init(options), { name: "ValidationError", path });
  }
});

test("the first call reads options as any later one does", async () => {
  class Options {
    #token = "fw_private";
    get token() {
      return this.#token;
    }
    accountId = "acme";
    userId = "ci-bot";
    fetch = at.fetch;
  }
  const hidden = Object.defineProperty({ ...at }, "token", { value: "fw_hidden", enumerable: false });
  const proxied = new Proxy({}, { get: (_, name) => at[name], has: (_, name) => name in at });
  const getting = {
    ...at,
    get token() {
      return "fw_got";
    },
  };
  for (const options of [new Options(), hidden, proxied, getting]) {
    const cold = await fresh();
    assert.equal((await cold.createApiKey(options)).keyId, "k");
    assert.equal((await cold.createApiKey(options)).keyId, "k");
    assert.equal((await new cold.FireworksKeys(options).create()).keyId, "k");
  }
});

test("where there are no random numbers, a create is refused and nothing else is touched", async () => {
  const { createApiKey } = await fresh();
  await createApiKey(at);
  const { getRandomValues } = crypto;
  const fetch = pending();
  const bystander = createApiKey({ ...at, fetch });
  await fetch.called;
  crypto.getRandomValues = () => {
    throw new Error("not here");
  };
  try {
    // Some are drawn in advance.
    const creates = async () => {
      for (let call = 0; call < 100; call += 1) await createApiKey(at);
    };
    await assert.rejects(creates(), { name: "ValidationError", path: "attemptTag" });
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
  fetch.resolve(Response.json({ keyId: "k", key: "fw_k" }));
  assert.equal((await bystander).keyId, "k");
});

test("a call that waits for the module ends with its abort, or when its time is up", async () => {
  const { fetch } = globalThis;
  globalThis.fetch = never;
  try {
    const { createApiKey } = await import(new URL("url.js", dist));
    const controller = new AbortController();
    const reason = new Error("mine");
    const aborted = createApiKey({ ...at, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(aborted, (error) => error === reason);
    const late = createApiKey({ ...at, totalTimeoutMs: 20 });
    await assert.rejects(late, { name: "ModuleLoadError", message: /in time/ });
    globalThis.fetch = async () => new Response(bytes);
    assert.equal((await createApiKey(at)).keyId, "k");
  } finally {
    globalThis.fetch = fetch;
  }
});

test("loading and the operation have one total timeout", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { setTimeout, fetch } = globalThis;
  const delays = [];
  t.mock.method(globalThis, "setTimeout", (work, delay, ...args) => {
    delays.push(delay);
    return setTimeout(work, delay, ...args);
  });
  globalThis.fetch = async () => {
    now = 900;
    return new Response(bytes);
  };
  try {
    const { createApiKey } = await import(new URL("url.js?deadline", dist));
    const creating = createApiKey({ ...at, timeoutMs: Infinity, totalTimeoutMs: 1_000 });
    assert.deepEqual(delays, [1_000], "the load may take all of it");
    await creating;
    assert.deepEqual(delays, [1_000, 100], "the operation has what the load has left");
    await createApiKey({ ...at, timeoutMs: Infinity, totalTimeoutMs: 1_000 });
    assert.equal(delays.at(-1), 1_000, "a call that waited for nothing has all of it");

    // Each operation, as the first of its package.
    now = 0;
    let packages = 0;
    const cold = async (call) => {
      now = 0;
      const fireworks = await import(new URL(`url.js?cold${(packages += 1)}`, dist));
      const answer = async () => Response.json({});
      const options = { ...at, fetch: answer, timeoutMs: Infinity, totalTimeoutMs: 1_000 };
      await call(new fireworks.FireworksKeys(options)).catch(() => {});
      assert.equal(delays.at(-1), 100, String(call));
    };
    await cold((client) => client.delete({ keyId: "k" }));
    await cold((client) => client.deleteOrphans({ attemptTag: "t" }));
    await cold((client) => client.audit());
    await cold((client) => client.rotate({ keyId: "k", persist: () => {} }));
    await cold((client) => client.list().then());
    await cold((client) => client.users().then());
  } finally {
    globalThis.fetch = fetch;
  }
});

test("the first call needs no timer, and nothing that Node's streams wait for", async (t) => {
  const answer = async () => ({
    status: 200,
    headers: new Map(),
    text: async () => '{"keyId":"k","key":"fw_k"}',
  });
  const options = { ...at, fetch: answer, orphanProtection: false };
  const timers = () => t.mock.timers.enable();
  const everything = () => {
    for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"])
      t.mock.method(globalThis, name, () => 0);
    t.mock.method(process, "nextTick", () => {});
  };
  for (const entry of ["default.js", "inline.js"]) {
    for (const stop of [timers, everything]) {
      const { createApiKey } = await import(new URL(`${entry}?${stop.name}`, dist));
      stop();
      const created = await createApiKey(options).finally(() => {
        t.mock.timers.reset();
        t.mock.restoreAll();
      });
      assert.equal(created.keyId, "k", `${entry}, ${stop.name}`);
    }
  }
});

test("a signal of another realm ends the wait for the module", async () => {
  const { fetch } = globalThis;
  globalThis.fetch = never;
  try {
    const { createApiKey } = await import(new URL("url.js?realm", dist));
    const signal = new SignalOfAnotherRealm();
    const aborted = createApiKey({ ...at, signal, totalTimeoutMs: 1_000 });
    const reason = new Error("mine");
    signal.abort(reason);
    await assert.rejects(aborted, (error) => error === reason);
  } finally {
    globalThis.fetch = fetch;
  }
});

/** A signal of a class that is not this realm's. */
class SignalOfAnotherRealm {
  aborted = false;
  reason = undefined;
  #listeners = new Set();
  addEventListener(_, listener) {
    this.#listeners.add(listener);
  }
  removeEventListener(_, listener) {
    this.#listeners.delete(listener);
  }
  abort(reason) {
    Object.assign(this, { aborted: true, reason });
    for (const listener of this.#listeners) listener();
  }
}
