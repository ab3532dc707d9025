// How the global fetch is called: the platform's own with a request, everything else with a URL's text.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

/** Runs a script in a process of its own, over a server on this machine. Returns what arrived there. */
async function requestsOf(t, script) {
  const seen = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    seen.push([method, url, headers.authorization, Buffer.concat(await request.toArray()).toString()]);
    response.end(JSON.stringify({ keyId: "k", key: "fw_k", apiKeys: [] }));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const options = { baseUrl: `http://127.0.0.1:${server.address().port}`, token: "fw_x", accountId: "acme" };
  const lines = `
    import assert from "node:assert/strict";
    const at = ${JSON.stringify({ ...options, userId: "ci-bot" })};
    const address = at.baseUrl + "/v1/accounts/acme/users/ci-bot/apiKeys";
    const native = globalThis.fetch;
    ${script}
    const { createApiKey, listApiKeys } = await import("fireworks-keys");
    await createApiKey({ ...at, displayName: "x", orphanProtection: false, maxRetries: 0 });
    await listApiKeys({ ...at, maxRetries: 0 });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", lines], {
    cwd: import.meta.dirname,
    stdio: "inherit",
  });
  assert.deepEqual(await once(child, "exit"), [0, null]);
  return seen;
}

const PATH = "/v1/accounts/acme/users/ci-bot/apiKeys";
const BEARER = "Bearer fw_x";
const EXPECTED = [
  ["POST", PATH, BEARER, JSON.stringify({ apiKey: { displayName: "x" } })],
  ["GET", PATH, BEARER, ""],
];

/** What test tools and tracers put in the place of the global fetch before the package is imported. */
const MOCKS = {
  "that looks for a part of the URL": `(url, init) => url.includes("/apiKeys") && native(url, init)`,
  "that compares the URL": `(url, init) => url === address && native(url, init)`,
  "that has its answers by URL": `(url, init) => new Map([[address, native]]).get(url)(url, init)`,
  "that looks at how the URL begins": `(url, init) => url.startsWith("http") && native(url, init)`,
  "that switches by the URL": `(url, init) => {
    switch (url) { case address: return native(url, init); default: throw new Error("unmocked"); }
  }`,
  "that writes down what it is given": `(url, init) => {
    const { written } = JSON.parse(JSON.stringify({ written: url }));
    return native(written, init);
  }`,
  "that copies what it is given": `(url, init) => native(structuredClone(url), init)`,
  "that is called fetch": `function fetch(url, init) { return url.at(0) && native(url, init); }`,
  "that is named as Node's": `function fetch(input, init = undefined) {
    return input.at(0) && native(input, init);
  }`,
  "that is bound": `function fetch(url, init) { return url.at(0) && native(url, init); }.bind(undefined)`,
  "that is a proxy": `new Proxy(native, {
    apply: (fetch, self, [url, init]) => url.at(0) && Reflect.apply(fetch, self, [url, init]),
  })`,
};

for (const [name, mock] of Object.entries(MOCKS)) {
  test(`before the import the global fetch may be one ${name}`, async (t) => {
    assert.deepEqual(await requestsOf(t, `globalThis.fetch = ${mock};`), EXPECTED);
  });
}

test("a request is built for the platform's own fetch", async (t) => {
  // Node's own fetch makes a request of what it is given: nothing else sees whether it is one already.
  const script = `
    const made = [];
    globalThis.Request = new Proxy(Request, {
      construct(target, [resource, init], self) {
        const request = Reflect.construct(target, [resource, init], self);
        if (resource === address && init?.method) made.push([request.method, request.cache]);
        return request;
      },
    });
    process.on("exit", () => {
      assert.deepEqual(made, [["POST", "no-store"], ["GET", "no-store"]]);
    });
  `;
  assert.deepEqual(await requestsOf(t, script), EXPECTED);
});
