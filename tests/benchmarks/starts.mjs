// Measures how long the first call takes when nothing is loaded yet: in a fresh worker, and in a fresh page.

import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGUMENTS, serve } from "../matrix/browsers.mjs";
import { folder } from "../matrix/fixture.mjs";
import { COMPILED, startWorkerd } from "../matrix/workerd.mjs";
import { processorTime, rounds, spread, timed } from "./measure.mjs";
import { bundle, OURS, PEERS, startStub, WARM } from "./peers.mjs";

const ROUNDS = 15;

/**
 * Milliseconds of the first request to a worker whose process has just started to listen: by the clock
 * (`wall`), and of processor time (`cpu`). And what passed before it listened, when its module scope ran
 * (`startWall`, `startCpu`).
 */
export async function inWorkers() {
  const stub = await startStub();
  const workers = {};
  for (const [name, file] of Object.entries(PEERS)) workers[name] = await worker(file, stub.url);
  const init = `import { init } from "fireworks-keys"; await init();`;
  workers[WARM] = await worker(PEERS[OURS], stub.url, init, "warm");
  try {
    return await rounds(workers, ROUNDS, async ({ at, modules }) => {
      let worker;
      const startWall = await timed(async () => {
        worker = await startWorkerd(at, modules, { outbound: stub.url, flags: [] });
      });
      try {
        const startCpu = await processorTime(worker.pid);
        const wall = await timed(async () => {
          const response = await fetch(worker.url);
          if (!response.ok) throw new Error(await response.text());
          await response.arrayBuffer();
        });
        return { startWall, startCpu, wall, cpu: (await processorTime(worker.pid)) - startCpu };
      } finally {
        worker.stop();
      }
    });
  } finally {
    stub.stop();
  }
}

/** Bundles a worker that answers each request with a create, and first runs this code. */
async function worker(file, url, first = "", folder = file) {
  const script = `import { connect } from "./${file}.mjs"; ${first}
    export default { async fetch() { return Response.json(await connect("${url}")()); } };`;
  const at = `starts/${folder}`;
  const path = await bundle(script, `${at}/worker.js`, ["workerd", "worker", "browser"]);
  return { at, modules: [basename(path), ...(file === PEERS[OURS] ? [COMPILED] : [])] };
}

/** By how many milliseconds `init()` at module scope delays a worker's start. */
export function delays(taken) {
  const delay = (name) => spread(taken[WARM].map((warm, round) => warm[name] - taken[OURS][round][name]));
  return { wall: delay("startWall"), cpu: delay("startCpu") };
}

/** Milliseconds of an import and a first call in a page of Chromium with an empty cache. */
export async function inPages() {
  const stub = await startStub();
  const pages = {};
  for (const [name, file] of Object.entries(PEERS)) {
    const script = `export { connect } from "./${file}.mjs";`;
    await bundle(script, `starts/page/${file}.js`, ["browser"]);
    pages[name] = `/${file}.js`;
  }
  await writeFile(join(folder, "starts/page/index.html"), "<!doctype html>");
  const server = await serve(join(folder, "starts/page"));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: CHROMIUM_ARGUMENTS });
  try {
    const taken = await rounds(pages, ROUNDS, async (path) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${server.url}/index.html`);
      const ms = await page.evaluate(
        async ([path, url]) => {
          const started = performance.now();
          const { connect } = await import(path);
          await connect(url)();
          return performance.now() - started;
        },
        [path, stub.url],
      );
      await context.close();
      return ms;
    });
    return { taken, version: browser.version() };
  } finally {
    await browser.close();
    server.close();
    stub.stop();
  }
}
