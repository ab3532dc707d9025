// Tests what every ledger has to do with Durable Objects, in the real workerd.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { before } from "node:test";
import { folder, prepare, write } from "../matrix/fixture.mjs";
import { bundleWorker, startWorkerd } from "../matrix/workerd.mjs";
import { contract } from "./ledger.mjs";

/** A worker that passes calls on to its ledger. They bring the time along that its clock shows. */
const SCRIPT = `import { durableLedger } from "fireworks-keys/broker/cloudflare";
export { KeyLedger } from "fireworks-keys/broker/cloudflare";
const { now } = Date;
let time;
Date.now = () => time ?? now();
export default {
  async fetch(request, env) {
    const { name, args, ...set } = await request.json();
    time = set.time;
    return Response.json((await durableLedger(env.LEDGER)[name](...args)) ?? null);
  },
};
`;

/** The folder of the worker. */
const AT = "broker-ledger";

const CALLS = ["reserve", "draw", "settle", "release", "revoke", "standings"];

before(async () => {
  await prepare();
  await rm(join(folder, AT), { recursive: true, force: true });
  await write(`${AT}/src/worker.js`, SCRIPT);
  await bundleWorker(`${AT}/src/worker.js`, AT);
});

contract(
  "Durable Objects",
  async () => {
    const worker = await startWorkerd(AT, ["worker.js"], { durable: { LEDGER: "KeyLedger" } });
    let time;
    const call = async (name, args) => {
      const init = { method: "POST", body: JSON.stringify({ name, args, time }) };
      return (await fetch(worker.url, init)).json();
    };
    return {
      ledger: Object.fromEntries(CALLS.map((name) => [name, (...args) => call(name, args)])),
      setTime(ms) {
        time = ms;
      },
      stop: worker.stop,
    };
  },
  { steps: 1_000 },
);
