// How much an uncaught error prints, and that a program can read all of it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createApiKey, init, rotateApiKey } from "fireworks-keys";
import { errorOf, refusal } from "./calls.mjs";

/** Calls that end with an error of which something is long. Each is the last line of a program. */
const CALLS = {
  "the message of a refusal": `refused({ message: "x".repeat(50_000) })`,
  "the details of a refusal": `refused({ message: "no", details: many((odd) => ({ odd: "o" + odd })) })`,
  "one field of a refusal": `refused({ message: "no", detail: "odd ".repeat(5_000) })`,
  "the id of a request": `refused({ message: "no" }, { "x-request-id": "r".repeat(5_000) })`,
  "the successors of a key": `rotateApiKey({ ...at, keyId: "k", persist() {}, fetch: async () =>
    Response.json({ apiKeys: [{ keyId: "k" }, ...many((n) => ({ keyId: "s" + n, annotations }))] }) })`,
  "a refusal within a rotation": `rotateApiKey({ ...at, keyId: "k", persist() {}, fetch: async () =>
    Response.json({ message: "x".repeat(50_000), details: many((n) => n) }, { status: 403 }) })`,
  "the causes of a failure": `createApiKey({ ...at, fetch() { throw chain(20); } })`,
  "the name of a failure": `createApiKey({ ...at, fetch() {
    throw Object.assign(chain(0), { name: "N".repeat(9_000), code: "C".repeat(9_000) }); } })`,
  "the name of an option": `createApiKey({ ...at, ["x".repeat(200_000)]: 1 })`,
  "the name of an annotation": `createApiKey({ ...at, annotations: { ["x".repeat(100_000)]: 1 } })`,
  "the name of an option of init": `init({ ["x".repeat(200_000)]: 1 })`,
  "the error of a store": `rotateApiKey({ ...at, keyId: "k", persist() { throw chain(9); }, fetch: made })`,
};

const PROGRAM = `
const at = { token: "fw_x", accountId: "acme", userId: "ci-bot" };
const annotations = { "fireworks-keys-rotates": "k" };
const many = (make) => Array.from({ length: 300 }, (_, index) => make(index));
const refused = (body, headers) => createApiKey({ ...at, fetch: async () =>
  Response.json(body, { status: 400, headers }) });
const chain = (depth) => new Error("w".repeat(9_000), depth ? { cause: chain(depth - 1) } : {});
const made = async (url, { method }) => Response.json(method === "GET" && url.endsWith("apiKeys")
  ? { apiKeys: [{ keyId: "k" }] } : { name: "accounts/acme", keyId: "new", key: "fw_new" });
`;

test("an uncaught error is short, whatever a server, a caller or a store has made long", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "fireworks-keys-"));
  t.after(() => rm(folder, { recursive: true }));
  const dist = JSON.stringify(new URL("../../dist/default.js", import.meta.url));
  const outputs = Object.entries(CALLS).map(async ([name, call], index) => {
    const file = join(folder, `${index}.mjs`);
    const imported = `import { createApiKey, init, rotateApiKey } from ${dist};`;
    // The line that throws is printed as well.
    const lines = [imported, PROGRAM, `const call = () => ${call};`, "await call();"];
    await writeFile(file, lines.join("\n"));
    const output = await new Promise((resolve) => {
      execFile(process.execPath, [file], (_error, _stdout, stderr) => resolve(stderr));
    });
    return [name, output];
  });
  for (const [name, output] of await Promise.all(outputs)) {
    assert.ok(output.length < 3_000, `${name}: ${output.length} characters: ${output}`);
    assert.match(output, /fireworks|Error: (create|rotate|init)/, `${name}: ${output}`);
  }
});

test("a program reads all that a console does not show, and a console shows what is short", async () => {
  const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };
  const refused = (body) => errorOf(createApiKey({ ...at, fetch: refusal(400, body) }));
  const long = { message: "x".repeat(50_000), details: Array.from({ length: 300 }, (_, odd) => ({ odd })) };
  const { body, message } = await refused(long);
  assert.deepEqual(body, long);
  assert.ok(message.length < 1_100, message);
  const short = await refused({ message: "no", details: [{ odd: 1 }] });
  assert.deepEqual(Object.entries(short).find(([name]) => name === "body")[1].details, [{ odd: 1 }]);
  const name = "x".repeat(200_000);
  for (const wrong of [createApiKey({ ...at, [name]: 1 }), init({ [name]: 1 })]) {
    const error = await errorOf(wrong);
    assert.equal(error.path, name);
    assert.ok(error.message.includes("xx… is not an option"), error.message.slice(0, 500));
  }
  const successors = Array.from({ length: 60 }, (_, index) => ({
    keyId: `s${index}`,
    annotations: { "fireworks-keys-rotates": "k" },
  }));
  const fetch = async () => Response.json({ apiKeys: [{ keyId: "k" }, ...successors] });
  const { token, accountId, userId } = at;
  const unfinished = await errorOf(
    rotateApiKey({ token, accountId, userId, keyId: "k", fetch, persist() {} }),
  );
  assert.equal(unfinished.successors.length, 60);
  assert.equal(unfinished.liveKeyIds.length, 61);
});
