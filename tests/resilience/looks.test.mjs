// The looks that follow a create whose answers are lost, where they take long or outlive their process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { createApiKey } from "fireworks-keys";

const at = { token: "fw_x", accountId: "acme", userId: "u", maxRetries: 0 };

test("what a gateway may have repeated is never accounted for, and its looks end in time", async () => {
  const made = [];
  const fetch = async (url, { method, body }) => {
    if (method === "GET") return Response.json({ apiKeys: made });
    const request = JSON.parse(body);
    if (url.endsWith(":delete")) {
      made.splice(0, 1);
      return Response.json({});
    }
    made.push({ keyId: "k", ...request.apiKey });
    return new Response("<html>504</html>", { status: 504 });
  };
  const events = [];
  let work;
  const creating = createApiKey({
    ...at,
    fetch,
    onEvent: ({ type }) => events.push(type),
    waitUntil: (looks) => {
      work = looks;
    },
  });
  const error = await creating.then(assert.fail, (reason) => reason);
  assert.deepEqual([error.orphans, error.keyIds], ["unaccounted", ["k"]]);
  // Another key of the same attempt.
  made.push({ keyId: "twin", annotations: { "fireworks-keys-attempt": error.attemptTag } });
  await work;
  assert.deepEqual(made, []);
  assert.deepEqual(events, ["orphan-deleted", "orphans-open", "orphan-deleted", "orphans-unaccounted"]);
});

test("looks that are still to come keep no process alive", async () => {
  const script = `
    import { createApiKey } from "fireworks-keys";
    const onEvent = ({ type }) => console.log(type);
    const fetch = async (_, { method }) => {
      if (method === "GET") return Response.json({ apiKeys: [] });
      throw new TypeError("lost");
    };
    const told = ({ orphans }) => console.log(orphans);
    await createApiKey({ ...${JSON.stringify(at)}, fetch, onEvent }).catch(told);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.on("data", (text) => {
    told += text;
  });
  const [code] = await once(child, "close");
  // Had it lived on, the looks would have come to their end.
  assert.deepEqual([code, told.trim().split("\n")], [0, ["orphans-open", "unaccounted"]]);
});
