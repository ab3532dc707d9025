// The scripts of the README and of docs/, run where it says that they run. Only the way to the service is not
// the reader's: what is meant for Fireworks goes to the emulator.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startEmulator } from "../emulator/server.mjs";
import { root, write } from "../matrix/fixture.mjs";
import { code, command, creates, documents, emulator, shell, start, stop, TOKEN } from "./snippets.mjs";

before(start);
after(stop);

for (const [runtime, beginning, adapted] of [
  ["Node", "node create", (line) => line.replace("node", "node --import ./detour.mjs")],
  ["Bun", "bun create", (line) => line.replace("bun", "bun --preload ./detour.mjs")],
  [
    "Deno",
    "deno run",
    (line) =>
      line
        .replace("run", "run --preload=./detour.mjs --node-modules-dir=manual")
        .replace("api.fireworks.ai", "127.0.0.1"),
  ],
]) {
  test(`README: ${runtime}`, async () => {
    await write("readme/create.mjs", code("create.mjs"));
    const { result, key } = await creates(() => shell(adapted(command(beginning))));
    assert.ok(result.startsWith(`${key.keyId} fw_`), result);
    assert.deepEqual([key.displayName, key.user, key.annotations.team], ["deploy", "ci-bot", "infra"]);
  });
}

test("README: the first example says what went wrong", async () => {
  await write("readme/create.mjs", code("create.mjs"));
  const line = "FIREWORKS_API_KEY=fw_wrong node --import ./detour.mjs create.mjs 2>&1 || echo exit $?";
  assert.match(await shell(line), /^UNAUTHENTICATED [\s\S]*\nkeys that nobody has: none \S+\nexit 1\n$/);
});

test("README: a token finds its account and its users", async () => {
  await write("readme/whoami.mjs", code("whoami.mjs"));
  const printed = await shell("node --import ./detour.mjs whoami.mjs");
  assert.match(printed, /^acme me me@example.com$/m);
  assert.match(printed, /^acme ci-bot service account$/m);
});

test("docs: an audit", async () => {
  await write("readme/audit.mjs", code("audit.mjs"));
  const created = await (
    await fetch(`${emulator.url}/v1/accounts/acme/users/me/apiKeys`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: '{"apiKey": {}}',
    })
  ).json();
  const printed = await shell("node --import ./detour.mjs audit.mjs");
  assert.match(printed, /^\d+ keys never expire\n/);
  assert.ok(printed.includes(`${created.keyId} me@example.com never-expires, never-used\n`), printed);
});

test("docs: a rotation in Node", async () => {
  const rotating = `${emulator.url}/v1/accounts/acme/users/rotating/apiKeys`;
  const headers = { authorization: `Bearer ${TOKEN}` };
  const first = await (await fetch(rotating, { method: "POST", headers, body: '{"apiKey": {}}' })).json();
  await write("readme/key.json", JSON.stringify(first));
  await write("readme/rotate.mjs", code("rotate.mjs"));
  const { result, key } = await creates(() => shell("node --import ./detour.mjs rotate.mjs"));
  assert.equal(result, `new: ${key.keyId} deleted: [] left for the next time: []\n`);
  const again = await shell("node --import ./detour.mjs rotate.mjs");
  assert.ok(again.includes(`deleted: [ '${first.keyId}' ] left`), again);
});

test("docs: a create at an emulator as it starts without options", async () => {
  const local = await startEmulator();
  try {
    await write("readme/local.mjs", code("local.mjs").replace("http://127.0.0.1:8787", local.url));
    assert.match(await shell("node local.mjs"), /^fw_\w+\n$/);
  } finally {
    await local.stop();
  }
});

test("docs: an answer of the reader's own", async () => {
  await write("readme/answer.mjs", code("answer.mjs"));
  assert.match(
    await shell("node answer.mjs"),
    /^fw_secret \[\s*\[[\s\S]*users\/ci-bot\/apiKeys[\s\S]*'deploy'/,
  );
});

test("docs: a list in memory that lags", async () => {
  await write("readme/lag.mjs", code("lag.mjs"));
  assert.equal(await shell("node lag.mjs"), "false\ntrue\n");
});

test("docs: a path of the page's own origin forwards what manages keys, and nothing else", async () => {
  await write("readme/forward.js", code("forward.js"));
  await write(
    "readme/forwarded.mjs",
    `import { deleteApiKey, listAccounts, rotateApiKey } from "fireworks-keys";
     import { createApiKey, listUsers } from "fireworks-keys";
     import { forward } from "./forward.js";
     const fetch = (url, init) => forward(new Request(url, init));
     const options = { token: "${TOKEN}", baseUrl: "https://page.example/fireworks", fetch };
     const ofUser = { ...options, accountId: "acme", userId: "ci-bot" };
     const { keyId } = await createApiKey(ofUser);
     const { created } = await rotateApiKey({ ...ofUser, keyId, persist: () => true });
     await deleteApiKey({ ...ofUser, keyId });
     const counts = [];
     for (const list of [listAccounts(options), listUsers({ ...options, accountId: "acme" })])
       for await (const { name } of list) counts.push(name);
     const elsewhere = await forward(new Request("https://page.example/fireworks/v1/accounts/acme/models"));
     console.log(JSON.stringify([counts.length > 3, elsewhere.status, created.keyId]));`,
  );
  const { result, key } = await creates(() => shell("node --import ./detour.mjs forwarded.mjs"));
  assert.deepEqual(JSON.parse(result), [true, 404, key.keyId]);
});

test("every block of code in the documents is run, and every local link leads somewhere", async () => {
  const folders = ["readme", "frameworks"].map((name) => join(root, "tests", name));
  const names = (await Promise.all(folders.map(tests))).flat();
  const source = (await Promise.all(names.map((name) => readFile(name, "utf8")))).join("\n");
  assert.ok(documents.size > 15);
  for (const [path, text] of documents) {
    const blocks = [...text.matchAll(/^```(\w*) ?(\S*)$/gm)].filter((_, index) => index % 2 === 0);
    for (const [head, language, file] of blocks) {
      assert.ok(file || language === "sh", `${path}: ${head} has no name`);
      assert.ok(!file || source.includes(`"${file}"`), `${path}: ${file} is not run`);
    }
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g))
      await readFile(join(root, path, "..", link));
  }
});

/** The files of tests in a folder. */
async function tests(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".test.mjs"));
  return names.map((name) => join(folder, name));
}
