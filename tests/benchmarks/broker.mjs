// Measures mints per second through the key broker and with a plain `fetch` in the same worker, and the
// memory of its process. Runs in workerd, with the objects on disk.

import { durableBroker, prepareWorker, stopAll } from "../broker/brokers.mjs";
import { rounds, timed } from "./measure.mjs";

const ROUNDS = 15;

/** How many mints a round has, and how many of them are under way at once. */
const MINTS = 200;
const AT_ONCE = 10;
const MEMBERS = 50;

/**
 * The example's worker. At `/plain` it mints by hand, without authenticating the caller or storing
 * anything.
 */
const SCRIPT = `
  import example, { KeyLedger } from "./example.js";
  export { KeyLedger };
  export default {
    ...example,
    async fetch(request, env, ctx) {
      if (new URL(request.url).pathname !== "/plain") return example.fetch(request, env, ctx);
      const expireTime = new Date(Date.now() + 300_000).toISOString();
      const response = await fetch(\`\${env.FIREWORKS_BASE_URL}/v1/accounts/acme/users/broker/apiKeys\`, {
        method: "POST",
        headers: { authorization: \`Bearer \${env.FIREWORKS_API_KEY}\`, "content-type": "application/json" },
        body: JSON.stringify({ apiKey: { displayName: "plain", expireTime } }),
        signal: AbortSignal.timeout(30_000),
      });
      const { key, keyId } = await response.json();
      return Response.json({ key, keyId, expireTime }, { status: 201 });
    },
  };`;

/** The names of the two ways to mint. */
export const BROKER = "the key broker";
export const PLAIN = "`fetch` by hand in the same worker";

/** Measures the milliseconds per round of each way, and the process's memory before and after all rounds. */
export async function broker() {
  await prepareWorker({ script: SCRIPT });
  const { ask, memory } = await durableBroker();
  const mint = (path) => async (index) => {
    const { status } = await ask(`member-${index % MEMBERS}`, "POST", path);
    if (status !== 201) throw new Error(`${path} answered ${status}`);
  };
  const ways = { [PLAIN]: mint("/plain"), [BROKER]: mint("/keys") };
  const many = (way) => {
    let sent = 0;
    const one = async () => {
      while (sent < MINTS) await way((sent += 1));
    };
    return Promise.all(Array.from({ length: AT_ONCE }, one));
  };
  try {
    for (const way of Object.values(ways)) await many(way);
    const before = await memory();
    const taken = await rounds(ways, ROUNDS, (way) => timed(() => many(way)));
    return {
      taken,
      mints: MINTS,
      members: MEMBERS,
      memory: { before, after: await memory(), mints: ROUNDS * MINTS },
    };
  } finally {
    await stopAll();
  }
}
