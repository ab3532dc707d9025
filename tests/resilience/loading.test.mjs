// How the module is loaded, each time by a package that is fresh.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

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
    () => ({ then: (_, reject) => reject(1) }),
    () => 7,
  ]) {
    const { init, createApiKey } = await fresh();
    await assert.rejects(init({ module: module() }), { name: "ModuleLoadError", operation: "init" });
    assert.equal((await createApiKey(at)).keyId, "k");
  }
});

test("a misspelt option of init is told", async () => {
  const { init } = await fresh();
  await assert.rejects(init({ modul: bytes }), { name: "ValidationError", path: "modul" });
});

test("a call that waits for the module ends with its abort, or when its time is up", async () => {
  const { init, createApiKey } = await fresh();
  init({ module: never() }).catch(() => {});
  const controller = new AbortController();
  const reason = new Error("mine");
  const aborted = createApiKey({ ...at, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(aborted, (error) => error === reason);
  const late = createApiKey({ ...at, totalTimeoutMs: 20 });
  await assert.rejects(late, { name: "ModuleLoadError", message: /in time/ });
});
