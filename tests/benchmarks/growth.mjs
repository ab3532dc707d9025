// Measures how cost grows with calls in flight and with annotations, and how large the module's memory gets.

import fireworksKeys, { footprint, pagesAtStart } from "../resilience/instance.mjs";
import { spread, timed } from "./measure.mjs";
import { ANSWER } from "./peers.mjs";

const at = { token: "fw_token", accountId: "acme", userId: "ci-bot" };
const ROUNDS = 9;

/** The module's memory in pages of 64 KiB, at the start and after `calls` creates. */
export async function memory(calls = 100_000) {
  const fetch = async () => Response.json(ANSWER);
  for (let call = 0; call < calls; call += 1) await fireworksKeys.createApiKey({ ...at, fetch });
  return { start: pagesAtStart, calls, end: footprint().pages };
}

/** Microseconds per create with `count` under way, and the module's memory in pages afterwards. */
export async function inFlight(count) {
  const answers = [];
  const fetch = () => new Promise((resolve) => answers.push(resolve));
  const burst = async () => {
    const calls = Array.from({ length: count }, () => fireworksKeys.createApiKey({ ...at, fetch }));
    while (answers.length < count) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of answers.splice(0)) answer(Response.json(ANSWER));
    await Promise.all(calls);
  };
  return { us: await perItem(burst, count), pages: footprint().pages };
}

/** Microseconds per create with `count` annotations, and the module's memory in pages afterwards. */
export async function annotations(count) {
  const fetch = async () => Response.json(ANSWER);
  const annotations = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`name-${index}`, "a value"]),
  );
  const call = async () => {
    for (let turn = 0; turn < 50; turn += 1) await fireworksKeys.createApiKey({ ...at, fetch, annotations });
  };
  return { us: await perItem(call, 50), pages: footprint().pages };
}

async function perItem(work, items) {
  await work();
  const figures = [];
  for (let round = 0; round < ROUNDS; round += 1) figures.push(((await timed(work)) * 1_000) / items);
  return spread(figures).median;
}
