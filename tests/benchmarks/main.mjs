// Runs the benchmarks, and writes BENCHMARKS.md and BENCHMARKS.json. With `--budget` it measures only sizes
// and memory, and fails if they exceed their budgets. With `--only creates` or `--only starts`, or both, it
// measures just these, and writes nothing; ROUNDS in the environment says how often.

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { folder, root } from "../matrix/fixture.mjs";
import { alone } from "./alone.mjs";
import { broker, PLAIN } from "./broker.mjs";
import { consoleTimes } from "./console.mjs";
import { inFlight, overLoopback } from "./creates.mjs";
import * as growth from "./growth.mjs";
import { lists } from "./lists.mjs";
import { part, ratios, slope } from "./measure.mjs";
import { orphans } from "./orphans.mjs";
import { BY_HAND, install, OPENAI, OURS } from "./peers.mjs";
import { inChromium, inWorkerd } from "./platforms.mjs";
import { creates, report, starts } from "./report.mjs";
import { BUDGETS, sizes } from "./sizes.mjs";
import { delays, inPages, inWorkers } from "./starts.mjs";

const [argument, ...names] = process.argv.slice(2);

const step = async (name, work) => {
  console.log(name);
  return work();
};

/** The processor time of a create, where nothing is sent. */
const measureCreates = async () => {
  const beside = (taken) => ({ byHand: ratios(taken, BY_HAND), openai: ratios(taken, OPENAI) });
  return {
    crossings: await step("calls into JavaScript", () => alone("crossings")),
    node: beside(await step("creates, stub fetch, Node", () => alone("creates"))),
    workerd: beside(await step("creates, stub fetch, workerd", inWorkerd)),
    chromium: beside(await step("creates, stub fetch, Chromium", inChromium)),
  };
};

/** A worker's first request, and a page's first call. */
const measureStarts = async () => {
  const taken = await step("first request in workerd", inWorkers);
  const page = await step("first call in Chromium", inPages);
  const beside = (name) => ratios(part(taken, name), OPENAI);
  return {
    worker: { wall: beside("wall"), cpu: beside("cpu"), init: delays(taken) },
    page: { openai: ratios(page.taken, OPENAI) },
    chromium: page.version,
  };
};

await install();

if (argument === "--only") {
  if (names.includes("creates")) console.log(creates(await measureCreates()));
  if (names.includes("starts")) console.log(starts(await measureStarts()));
  process.exit();
}

const shipped = await sizes();

if (argument === "--budget") {
  const memory = await growth.memory(10_000);
  const { worker, page } = shipped[OURS];
  const checks = [
    ["what a worker ships, bytes", worker, BUDGETS.worker],
    ["what a page ships, bytes", page, BUDGETS.page],
    ["memory at the start, pages", memory.start, BUDGETS.pages],
    [`memory after ${memory.calls} calls, pages`, memory.end, BUDGETS.pages],
  ];
  for (const [what, is, budget] of checks) console.log(`${what}: ${is} of ${budget}`);
  process.exit(checks.some(([, is, budget]) => is > budget) ? 1 : 0);
}

// Measured before anything else, because the module's memory never shrinks.
const memory = await step("memory", () => growth.memory());
const grown = { inFlight: {}, annotations: {} };
for (const count of [0, 10, 100, 1_000]) grown.annotations[count] = await growth.annotations(count);
for (const count of [1, 10, 100, 1_000]) grown.inFlight[count] = await growth.inFlight(count);
const stub = await measureCreates();
const loopback = await step("creates, loopback", overLoopback);
const flight = await step("creates at once", inFlight);
const { chromium, ...first } = await measureStarts();
const read = {};
for (const count of [1_000, 10_000, 100_000]) {
  const { taken, memory } = await step(`${count} keys`, () => lists(count));
  read[count] = { ways: ratios(taken, Object.keys(taken)[0]), memory };
}
const page10k = await step("10 000 keys in the console", () => consoleTimes(10_000));
const brokered = await step("the key broker", broker);
const left = await step("orphans", () => orphans(argument));

const version = async (path) => JSON.parse(await readFile(path, "utf8")).version;
const installed = (name) => version(join(folder, "node_modules", name, "package.json"));
const sdk = (await readFile(join(import.meta.dirname, "requirements.txt"), "utf8")).trim();
const slopes = (table, cost) =>
  slope(Object.entries(table).map(([size, value]) => [Number(size), cost(value)]));
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0].model}`,
  versions: {
    "fireworks-keys": await version(join(root, "package.json")),
    node: process.version,
    chromium,
    ...Object.fromEntries(
      await Promise.all(
        ["workerd", "ky", "openai", "@anthropic-ai/sdk"].map(async (name) => [name, await installed(name)]),
      ),
    ),
    python: sdk,
  },
  sizes: shipped,
  budgets: BUDGETS,
  stub,
  loopback: { byHand: ratios(loopback, BY_HAND) },
  flight: { byHand: ratios(flight.taken, "`fetch` by hand"), requests: flight.requests },
  ...first,
  lists: read,
  memory,
  growth: {
    ...grown,
    slopes: {
      listed: slopes(read, ({ ways }) => ways["`listApiKeys`, `for await`"].median),
      audited: slopes(read, ({ ways }) => ways["`auditApiKeys`"].median),
      // The slope of the cost per call: 0 means that the number of calls does not matter.
      inFlight: slopes(grown.inFlight, ({ us }) => us),
    },
  },
  broker: { ...brokered, taken: undefined, plain: ratios(brokered.taken, PLAIN) },
  console: page10k,
  orphans: left,
};
await writeFile(join(root, "BENCHMARKS.json"), `${JSON.stringify(results, undefined, 2)}\n`);
const text = report(results);
await writeFile(join(root, "BENCHMARKS.md"), text);
console.log(text);
