// What a worker's tools may make of the module's import: workerd runs the packed package as it is.

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startEmulator } from "../emulator/server.mjs";
import { folder, prepare, program, write } from "../matrix/fixture.mjs";
import { COMPILED, startWorkerd } from "../matrix/workerd.mjs";

const WORKERDS = { "workerd": undefined, "the workerd of wrangler, which is older": "wrangler" };

let emulator;

before(async () => {
  await prepare();
  emulator = await startEmulator();
});

after(() => emulator?.stop());

/** A worker that imports the entry without any tool, and creates a key. */
const worker = (given) => `
import { createApiKey, init } from "./edge.js";
export default {
  async fetch() {
    try {
      ${given === undefined ? "" : `await init({ module: ${given} });`}
      const { keyId } = await createApiKey({
        token: "fw_local_admin", accountId: "local", userId: "ci-bot", baseUrl: "${emulator.url}",
      });
      return Response.json({ keyId });
    } catch ({ name, message, path }) {
      return Response.json({ name, message, path });
    }
  },
};`;

/** What the worker answers where its module's import is this expression, or else the module. */
async function answer({ imported, given, from }) {
  const at = "compiled";
  const dist = join(folder, "node_modules/fireworks-keys/dist");
  for (const file of ["edge.js", "fireworks_keys.wasm"]) await cp(join(dist, file), join(folder, at, file));
  await write(`${at}/worker.js`, worker(given));
  if (imported !== undefined) await write(`${at}/imported.js`, `export default ${imported};`);
  const module = imported === undefined ? COMPILED : { name: COMPILED, file: "imported.js" };
  const binary = from === undefined ? undefined : program(`${from}/node_modules/workerd`);
  const running = await startWorkerd(at, ["worker.js", "edge.js", module], { binary });
  try {
    return await (await fetch(running.url)).json();
  } finally {
    running.stop();
  }
}

for (const [name, from] of Object.entries(WORKERDS)) {
  test(`${name}: the entry's own import is compiled ahead of time`, async () => {
    const { keyId, message } = await answer({ from });
    assert.ok(keyId, message);
  });
}

/** As some tools make it: it has every method that is asked for, and so it is awaited for ever. */
const LAZY = "new Proxy(function () {}, { get: () => () => new Promise(() => {}) })";

test("what is imported and is no module is refused at once", async () => {
  for (const [imported, made] of [
    [LAZY, "Function"],
    ["new Promise(() => {})", "Promise"],
    ["new Uint8Array([0, 97, 115, 109])", "Uint8Array"],
    ["{}", "Object"],
    ["undefined", "Undefined"],
    ["'/assets/fireworks_keys.wasm'", "String"],
  ]) {
    const { name, message } = await answer({ imported });
    assert.equal(name, "ModuleLoadError", imported);
    const said = `made ${made} of the import of ./fireworks_keys.wasm?module, and no WebAssembly.Module`;
    assert.ok(message.includes(said), message);
  }
});

test("what is passed to init and is no module is refused at once", async () => {
  for (const given of [LAZY, "{}", "'fw_secret'", "null", "7", "{ then() {} }", "() => {}", "new Blob()"]) {
    const { name, message, path } = await answer({ given });
    assert.deepEqual([name, path], ["ValidationError", "module"], given);
    assert.ok(!message.includes("fw_secret"), message);
  }
  // workerd compiles no bytes, and says so.
  for (const given of ["new Uint8Array(8)", "new Response('no')"]) {
    assert.equal((await answer({ given })).name, "ModuleLoadError", given);
  }
});
