// Measures the processor time of a create without a network in workerd and in Chromium, from outside: the
// clock of a worker stands still while it works.

import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGUMENTS, serve } from "../matrix/browsers.mjs";
import { folder } from "../matrix/fixture.mjs";
import { COMPILED, startWorkerd } from "../matrix/workerd.mjs";
import { processorTime, rounds } from "./measure.mjs";
import { bundle, OURS, PEERS } from "./peers.mjs";

const CALLS = 1_000;
const ROUNDS = 15;
/** How often each peer makes its calls before they count, so that the engine has compiled what is hot. */
const WARM_UPS = 3;

/** Microseconds of workerd's processor time per create. One request to a warm worker makes all creates. */
export async function inWorkerd() {
  const workers = {};
  try {
    for (const [name, file] of Object.entries(PEERS)) {
      const script = `import "./stubbed.mjs";
        import { connect } from "./${file}.mjs";
        const create = connect("https://service.example");
        export default {
          async fetch() {
            for (let call = 0; call < ${CALLS}; call += 1) await create();
            return new Response("done");
          },
        };`;
      const at = `creates/${file}`;
      const path = await bundle(script, `${at}/worker.js`, ["workerd", "worker", "browser"]);
      const modules = [basename(path), ...(name === OURS ? [COMPILED] : [])];
      workers[name] = await startWorkerd(at, modules, { flags: [] });
    }
    const work = async ({ url }) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
    };
    return await measured(workers, work, ({ pid }) => processorTime(pid));
  } finally {
    for (const worker of Object.values(workers)) worker.stop();
  }
}

/**
 * Microseconds of processor time per create of a page's main thread, which is busy with nothing else: the
 * renderer's other threads are told of in steps of 10 ms only. A browser may send a request again by
 * itself, so that here each create of the package lists the keys once it has its answer, to see whether there
 * is a second one of its tag. The figure holds both requests, and the reading of a list of one key; every
 * other peer sends one request.
 */
export async function inChromium() {
  const at = join(folder, "creates/page");
  await mkdir(at, { recursive: true });
  await writeFile(join(at, "index.html"), "<!doctype html>");
  const server = await serve(at);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: CHROMIUM_ARGUMENTS });
  try {
    const pages = {};
    for (const [name, file] of Object.entries(PEERS)) {
      const script = `import "./stubbed.mjs"; export { connect } from "./${file}.mjs";`;
      await bundle(script, `creates/page/${file}.js`, ["browser"]);
      // In a context of its own each page has a renderer of its own.
      const page = await (await browser.newContext()).newPage();
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable");
      await page.goto(`${server.url}/index.html`);
      await page.evaluate(async (path) => {
        const { connect } = await import(path);
        globalThis.create = connect("https://service.example");
      }, `/${file}.js`);
      pages[name] = { page, session };
    }
    const work = ({ page }) =>
      page.evaluate(async (calls) => {
        for (let call = 0; call < calls; call += 1) await globalThis.create();
      }, CALLS);
    return await measured(pages, work, async ({ session }) => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "ThreadTime").value * 1_000;
    });
  } finally {
    await browser.close();
    server.close();
  }
}

/** Microseconds per create, by a clock that tells the milliseconds of a place so far. */
async function measured(places, work, clock) {
  for (const place of Object.values(places)) for (let time = 0; time < WARM_UPS; time += 1) await work(place);
  return rounds(places, ROUNDS, async (place) => {
    const before = await clock(place);
    await work(place);
    return (((await clock(place)) - before) * 1_000) / CALLS;
  });
}
