// What a person sees of an error: their own line in the stack, no screen full of code, and why no answer
// arrived.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createApiKey } from "fireworks-keys";
import { errorOf, refusal } from "./calls.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

/** Calls that fail, as a program makes them. Each stands on the line that its stack must name. */
const CALLS = {
  "a function": "await createApiKey(options);",
  "a function within a function": "const mine = async () => { await createApiKey(options); }; await mine();",
  "a client's method": "await new FireworksKeys(options).create();",
  "a list's first page": "await listApiKeys(options);",
  "a list's keys": "for await (const key of listApiKeys(options)) console.log(key);",
  "a list's pages": "for await (const page of listApiKeys(options).pages()) console.log(page);",
  "a client's list": "for await (const key of new FireworksKeys(options).list()) console.log(key);",
  "a wrong option": "await createApiKey({ ...options, accountId: undefined });",
};

for (const entry of ["default", "inline"]) {
  test(`an uncaught error of ./${entry} is short, and names the caller's line`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "fireworks-keys-"));
    t.after(() => rm(folder, { recursive: true }));
    const dist = new URL(`../../dist/${entry}.js`, import.meta.url);
    for (const [name, call] of Object.entries(CALLS)) {
      const file = join(folder, "mine.mjs");
      const lines = [
        `import { createApiKey, FireworksKeys, listApiKeys } from ${JSON.stringify(dist)};`,
        "const fetch = async () => new Response('{}', { status: 403 });",
        "const options = { token: 'fw_x', accountId: 'acme', userId: 'ci-bot', fetch };",
        call,
      ];
      await writeFile(file, lines.join("\n"));
      const output = await new Promise((resolve) => {
        execFile(process.execPath, [file], (_error, _stdout, stderr) => resolve(stderr));
      });
      assert.ok(output.length < 3_000, `${name}: ${output.length} characters`);
      assert.match(output, /at .*mine\.mjs:4:/, `${name}: ${output}`);
    }
  });
}

test("an error of the caller's own is handed on as it is", async () => {
  const reason = new Error("mine");
  const { stack } = reason;
  const error = await errorOf(
    createApiKey({ ...at, signal: AbortSignal.abort(reason), fetch: refusal(403, {}) }),
  );
  assert.equal(error, reason);
  assert.equal(error.stack, stack);
});

test("a connection that fails says why, without a secret", async () => {
  const innermost = new Error("getaddrinfo ENOTFOUND api.example for fw_x");
  const fetch = () =>
    Promise.reject(new TypeError("fetch failed", { cause: new Error("x", { cause: innermost }) }));
  const { message } = await errorOf(createApiKey({ ...at, fetch }));
  assert.equal(
    message,
    "createApiKey: no whole answer arrived: getaddrinfo ENOTFOUND api.example for [redacted]",
  );
  // A port that was free a moment ago.
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  const unreachable = await errorOf(createApiKey({ ...at, baseUrl: `http://127.0.0.1:${port}` }));
  assert.ok(unreachable.message.includes(`ECONNREFUSED 127.0.0.1:${port}`), unreachable.message);
});

test("a body keeps fields that happen to be called key, and loses what is a key", async () => {
  const violation = { reason: "TOO_LONG", metadata: { key: "displayName", max: "63" } };
  const made = { keyId: "k", key: "no-prefix-at-all" };
  const fetch = refusal(400, {
    message: "no",
    details: [violation],
    made,
    other: { key: "<fw_secret_0123456789>" },
  });
  const { body } = await errorOf(createApiKey({ ...at, fetch }));
  assert.deepEqual(body.details, [violation]);
  assert.deepEqual(body.made, { keyId: "k", key: "[redacted]" });
  assert.deepEqual(body.other, { key: "<[redacted]>" });
});
