// A broker in Deno, whose requests have a signal that is aborted after every answer.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startEmulator } from "../emulator/server.mjs";
import { folder, prepare, program, write } from "../matrix/fixture.mjs";
import { options } from "./brokers.mjs";

let emulator;

before(async () => {
  await prepare();
  emulator = await startEmulator();
});

after(() => emulator?.stop());

test("in Deno, a member's key is minted and revoked without a warning", async () => {
  const fixed = options(undefined, {
    token: "fw_local_admin",
    accountId: "local",
    userId: "ci-bot",
    baseUrl: emulator.url,
  });
  const script = await write(
    "broker-deno/server.mjs",
    `import { createKeyBroker, memoryLedger } from "fireworks-keys/broker";
     const broker = createKeyBroker({
       ...${JSON.stringify(fixed)}, ledger: memoryLedger(), authenticate: () => "ada",
     });
     const server = Deno.serve(
       { port: 0, hostname: "127.0.0.1", onListen() {} },
       (request, info) => broker.fetch(request, info),
     );
     const url = "http://127.0.0.1:" + server.addr.port + "/keys";
     const minted = await fetch(url, { method: "POST" });
     const { keyId } = await minted.json();
     const revoked = await fetch(url + "/" + keyId, { method: "DELETE" });
     await server.shutdown();
     console.log(minted.status, revoked.status);`,
  );
  const args = [
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--node-modules-dir=manual",
    script,
  ];
  const deno = promisify(execFile)(program("deno/bin.cjs"), args, { cwd: folder });
  assert.deepEqual(await deno, { stdout: "201 204\n", stderr: "" });
});
