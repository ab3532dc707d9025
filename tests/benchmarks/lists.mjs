// Measures the cost of listing and auditing many keys, compared with reading the same pages by hand.

import { rounds, timed } from "./measure.mjs";
import { ours } from "./peers.mjs";

const PAGE = 1_000;
const ROUNDS = 9;

/** A fetch that serves `count` keys, page by page. */
function service(count) {
  const pages = Array.from({ length: count / PAGE }, (_, page) => {
    const apiKeys = Array.from({ length: PAGE }, (_, index) => key(page * PAGE + index));
    return JSON.stringify({
      apiKeys,
      nextPageToken: page + 1 < count / PAGE ? String(page + 1) : "",
      totalSize: count,
    });
  });
  return async (url) => new Response(pages[Number(new URL(url).searchParams.get("pageToken") ?? 0)]);
}

function key(index) {
  const time = (days) => new Date(1_790_000_000_000 + (days * 86_400 - index) * 1_000).toISOString();
  return {
    keyId: `key${(index * 7_919) % 1_000_003}`,
    displayName: `key number ${index}`,
    createTime: time(0),
    secure: true,
    email: `user${index % 100}@acme.example`,
    prefix: "fw_zgHX",
    ...(index % 3 > 0 && { expireTime: time(index % 400) }),
    ...(index % 2 > 0 && { lastUsed: time(1) }),
    annotations: { team: "infra", "fireworks-keys-attempt": `tag-${index}` },
  };
}

/** Milliseconds to read `count` keys in each way, and the memory that each result uses. */
export async function lists(count) {
  const { listApiKeys, auditApiKeys } = await ours();
  const fetch = service(count);
  const at = { token: "fw_token", accountId: "acme", userId: "-", fetch, totalTimeoutMs: Infinity };
  const ways = {
    "read by hand, `fetch().json()`": async () => {
      let token = "";
      const keys = [];
      do {
        const page = await (await fetch(`https://service.example/?pageToken=${token}`)).json();
        for (const key of page.apiKeys) keys.push(key);
        token = page.nextPageToken;
      } while (token);
      return keys;
    },
    "`listApiKeys`, `for await`": async () => {
      const keys = [];
      for await (const key of listApiKeys(at)) keys.push(key);
      return keys;
    },
    "`listApiKeys().pages()`": async () => {
      const keys = [];
      for await (const page of listApiKeys(at).pages()) for (const key of page.apiKeys) keys.push(key);
      return keys;
    },
    "`auditApiKeys`": async () => (await auditApiKeys(at)).keys,
  };
  const memory = {};
  for (const [name, way] of Object.entries(ways)) memory[name] = await heap(way, count);
  const taken = await rounds(ways, count > 50_000 ? ROUNDS : 3 * ROUNDS, (way) => timed(way));
  return { taken, memory };
}

/** How much of JavaScript's heap the result uses, in MB. */
async function heap(way, count) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const keys = await way();
  globalThis.gc();
  const held = process.memoryUsage().heapUsed - before;
  if (keys.length !== count) throw new Error(`${keys.length} of ${count} keys`);
  return held / 2 ** 20;
}
