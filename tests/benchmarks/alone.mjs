// Runs a measurement in a process of its own, for those that replace a global before a peer is imported.

import { execFile } from "node:child_process";
import { argv, execPath } from "node:process";
import { promisify } from "node:util";

const MEASUREMENTS = {
  /** How many calls into JavaScript one create makes. */
  async crossings() {
    const { crossings } = await import("../resilience/crossings.mjs");
    const { ours } = await import("./peers.mjs");
    const { createApiKey } = await ours();
    return (await crossings(createApiKey)).length;
  },
  async creates() {
    const { withStubFetch } = await import("./creates.mjs");
    return withStubFetch();
  },
};

/** The result of the measurement of this name. */
export async function alone(name) {
  const { stdout } = await promisify(execFile)(execPath, ["--expose-gc", import.meta.filename, name]);
  return JSON.parse(stdout);
}

if (argv[1] === import.meta.filename) console.log(JSON.stringify(await MEASUREMENTS[argv[2]]()));
