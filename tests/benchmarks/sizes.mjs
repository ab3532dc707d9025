// Measures how many bytes a product ships with each peer.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { bundle, PEERS } from "./peers.mjs";

/**
 * The limits in CI: bytes (brotli 11), and pages of memory. The goals are 42 and 48 KB. What builds
 * requests, warms the module up, redacts encodings and judges lists has moved them away; until we reach
 * them, nothing else may grow.
 */
export const BUDGETS = { worker: 61_500, page: 65_500, pages: 2 };

const CONDITIONS = { worker: ["workerd", "worker", "browser"], page: ["browser"] };

// All functions of this package that a product may use.
const OPERATIONS = ["createApiKey", "listApiKeys", "deleteApiKey", "rotateApiKey", "auditApiKeys"];
const ALL = `export { ${OPERATIONS.join(", ")} } from "fireworks-keys";`;

/** The bytes (brotli 11) of a worker and of a page that create a key with each peer. */
export async function sizes() {
  const table = {};
  for (const [name, file] of Object.entries(PEERS)) {
    const script = file === "fireworks-keys" ? ALL : `export { connect } from "./${file}.mjs";`;
    table[name] = {};
    for (const [where, conditions] of Object.entries(CONDITIONS)) {
      const path = await bundle(script, `sizes/${where}/${file}.js`, conditions);
      table[name][where] = brotli(await readFile(path));
      if (where === "worker" && file === "fireworks-keys") {
        table[name][where] += brotli(await readFile(join(dirname(path), "fireworks_keys.wasm")));
      }
    }
  }
  return table;
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}
