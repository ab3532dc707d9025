// The service in memory, from the packed tarball, in the runtimes that a product's tests may run in.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { inChromium, inFirefox, serve } from "../matrix/browsers.mjs";
import { bun, folder, prepare, program, run, write } from "../matrix/fixture.mjs";
import { bundleWorker, startWorkerd } from "../matrix/workerd.mjs";

/** Uses it with the package, and resolves to what came of it. */
const CASE = `
export async function use({ createApiKey, listApiKeys }, { fakeFireworks }) {
  const service = fakeFireworks();
  const connection = { token: "fw_local_admin", accountId: "local", userId: "ci-bot", fetch: service.fetch };
  service.addFault({ operation: "create", fault: { kind: "drop", when: "after" } });
  service.addFault({ operation: "create", fault: { kind: "cut", bytes: 9 } });
  service.addFault({ operation: "list", fault: { kind: "delay", ms: 1 } });
  const { keyId, displayName } = await createApiKey({ ...connection, displayName: "ü", expiresIn: "1h" });
  const listed = [];
  for await (const key of listApiKeys({ ...connection, filter: 'displayName = "ü"' })) listed.push(key.keyId);
  const aborted = await service.fetch("https://api.fireworks.ai/", { signal: AbortSignal.abort(7) })
    .catch((reason) => reason);
  const kept = service.keys().map((key) => key.keyId === keyId);
  const hits = service.faults().map(({ hits }) => hits);
  return JSON.stringify([displayName, listed.length, kept, hits, aborted]);
}
`;
const EXPECTED = '["ü",1,[true],[1,1,1],7]';

const IMPORTS = `import * as keys from "fireworks-keys";
import * as testing from "fireworks-keys/testing";
import { use } from "./case.mjs";
`;

before(async () => {
  await prepare();
  await rm(join(folder, "fake"), { recursive: true, force: true });
  await write("fake/case.mjs", CASE);
  await write("fake/program.mjs", `${IMPORTS}console.log(await use(keys, testing));`);
  await write(
    "fake/worker.mjs",
    `${IMPORTS}export default { fetch: async () => new Response(await use(keys, testing)) };`,
  );
  await write("fake/page.html", '<!doctype html><script type="module" src="page.mjs"></script>');
  const dist = "/node_modules/fireworks-keys/dist";
  const bare = IMPORTS.replace('"fireworks-keys"', `"${dist}/default.js"`);
  await write(
    "fake/page.mjs",
    `${bare.replace('"fireworks-keys/testing"', `"${dist}/testing.js"`)}
globalThis.report = [await use(keys, testing)];`,
  );
});

const printed = async (command, ...args) => (await run(command, [...args, "fake/program.mjs"])).trim();

async function inWorkerd() {
  const worker = await startWorkerd("fake/out", await bundleWorker("fake/worker.mjs", "fake/out"));
  try {
    return await (await fetch(worker.url)).text();
  } finally {
    worker.stop();
  }
}

async function onPage(browser) {
  const server = await serve(folder);
  try {
    return (await browser(`${server.url}/fake/page.html`)).join("\n");
  } finally {
    server.close();
  }
}

for (const [runtime, runs] of Object.entries({
  "Node": () => printed(process.execPath),
  "Deno, without a permission": () =>
    printed(program("deno/bin.cjs"), "run", "--quiet", "--no-prompt", "--node-modules-dir=manual"),
  "Bun": () => printed(bun),
  "workerd": inWorkerd,
  "Chromium": () => onPage(inChromium),
  "Firefox": () => onPage(inFirefox),
})) {
  test(`the service in memory in ${runtime}`, async () => assert.equal(await runs(), EXPECTED));
}
