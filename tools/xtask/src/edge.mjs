// Waits until an edge broker answers, signs in a test member, fetches a key and prints it.

import { setTimeout as sleep } from "node:timers/promises";

const [, , broker] = process.argv;

/** How long wrangler may take to start, in milliseconds. */
const START_MS = 60_000;

try {
  await answered(Date.now() + START_MS);
  // Each run has its own member, so that keys from earlier runs do not count against its limits.
  const { token } = await post(`/sign-in?member=demo-${Date.now()}`);
  console.log(await post("/keys", { authorization: `Bearer ${token}` }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function answered(until) {
  let last;
  do {
    try {
      const { ok, status } = await fetch(`${broker}/health`);
      if (ok) return;
      last = `/health answers ${status}`;
    } catch (error) {
      last = error.cause?.message;
    }
    await sleep(100);
  } while (Date.now() < until);
  throw new Error(`${broker} does not answer: ${last}`);
}

async function post(path, headers = {}) {
  const response = await fetch(`${broker}${path}`, { method: "POST", headers });
  const body = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${body.detail}`);
  return body;
}
