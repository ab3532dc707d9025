// Runs an entry of the package in a realm that has ECMAScript's own globals and the named ones. Needs Node's
// flag `--experimental-vm-modules`. Prints `ready` after the import, and then how the first call ends.

import { readFile } from "node:fs/promises";
import { createContext, runInContext, SourceTextModule, SyntheticModule } from "node:vm";

const dist = new URL("../../dist/", import.meta.url);
const [entry, ...names] = process.argv.slice(2);

const context = createContext({});
// These are V8's, not ECMAScript's.
runInContext("for (const name of ['WebAssembly', 'console']) delete globalThis[name]", context);
const given = (name) => (name === "process" ? ofNode : globalThis[name]);
const ofNode = { getBuiltinModule: process.getBuiltinModule?.bind(process) };
context.given = Object.fromEntries(names.map((name) => [name, given(name)]));
runInContext("Object.assign(globalThis, given); delete globalThis.given", context);

/** What the entries import from their platform. */
const PLATFORM = {
  "cloudflare:workers": { DurableObject: class {} },
  "jose": { createLocalJWKSet() {}, createRemoteJWKSet() {}, jwtVerify() {}, errors: {} },
};

async function moduleOf(file) {
  const source = await readFile(new URL(file, dist), "utf8");
  const module = new SourceTextModule(source, { context, identifier: file });
  await module.link(async (name) => {
    if (name === "fireworks-keys") return moduleOf("default.js");
    const exports = PLATFORM[name] ?? {
      default: await WebAssembly.compile(await readFile(new URL("fireworks_keys.wasm", dist))),
    };
    return new SyntheticModule(
      Object.keys(exports),
      function () {
        for (const [name, value] of Object.entries(exports)) this.setExport(name, value);
      },
      { context },
    );
  });
  return module;
}

const module = await moduleOf(entry);
await module.evaluate();
console.log("ready");
if (module.namespace.createApiKey) {
  const fetch = async () => ({
    status: 200,
    headers: new Map(),
    text: async () => '{"keyId":"k","key":"fw_k"}',
  });
  const options = {
    token: "fw_x",
    accountId: "acme",
    userId: "ci-bot",
    ...(!names.includes("fetch") && { fetch }),
  };
  const call = module.namespace.createApiKey({ ...options, maxRetries: 0 });
  console.log(
    await call.then(
      ({ keyId }) => keyId,
      ({ name, message }) => `${name}: ${message}`,
    ),
  );
}
