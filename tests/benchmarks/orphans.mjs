// Counts the orphans that remain when answers are lost, with this package, a fetch by hand and the official
// Python SDK, each against the same emulator with the same fault rule.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createApiKey } from "fireworks-keys";
import { startEmulator } from "../emulator/server.mjs";
import { calm, fault, reset, storedKeys } from "../suite/service.mjs";

const CREATES = 1_000;
const AT_ONCE = 20;
const LOST = 0.3;
const SEED = 7;

/** A row for each peer: how many keys it returned, and how many live keys it did not return. */
export async function orphans(python) {
  const emulator = await startEmulator({ args: ["--faults"] });
  const url = emulator.url;
  const peers = [
    ["fireworks-keys", (told) => inTurns(() => ours(url, told))],
    ["fetch by hand, three tries", () => inTurns(() => byHand(url))],
    ["fireworks-ai (Python)", () => withPython(python, url)],
  ];
  const rows = [];
  for (const [peer, run] of peers) {
    await reset(url);
    await fault(url, { kind: "drop", when: "after" }, { share: LOST, seed: SEED });
    const told = { unknown: 0 };
    const held = new Set((await run(told)).filter(Boolean));
    await calm(url);
    const left = (await storedKeys(url)).filter(({ keyId }) => !held.has(keyId)).length;
    rows.push({ peer, creates: CREATES, returned: held.size, orphans: left, told: told.unknown });
  }
  await emulator.stop();
  return { rows, lost: LOST };
}

async function ours(url, told) {
  const onEvent = ({ type }) => (told.unknown += type === "orphans-unknown" ? 1 : 0);
  const at = { token: "fw_local_admin", accountId: "local", userId: "ci-bot", baseUrl: url };
  const created = await createApiKey({ ...at, onEvent }).catch(() => undefined);
  return created?.keyId;
}

async function byHand(url) {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const response = await fetch(`${url}/v1/accounts/local/users/ci-bot/apiKeys`, {
        method: "POST",
        headers: { authorization: "Bearer fw_local_admin", "content-type": "application/json" },
        body: JSON.stringify({ apiKey: {} }),
      });
      if (response.ok) return (await response.json()).keyId;
    } catch {
      // The answer was lost: try again, as most code does.
    }
  }
  return undefined;
}

async function inTurns(run) {
  const results = [];
  const worker = async () => {
    while (results.length < CREATES) {
      const at = results.push(undefined) - 1;
      results[at] = await run();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function withPython(python, url) {
  const script = join(import.meta.dirname, "orphans.py");
  const child = spawn(python, [script, url, CREATES, AT_ONCE], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
  return JSON.parse(output);
}
