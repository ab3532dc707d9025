// Measures how long the first call takes when nothing is loaded yet: in a fresh worker, and in a fresh page.

import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGUMENTS, serve } from "../matrix/browsers.mjs";
import { folder } from "../matrix/fixture.mjs";
import { startWorkerd } from "../matrix/workerd.mjs";
import { rounds, timed } from "./measure.mjs";
import { bundle, OURS, PEERS, startStub } from "./peers.mjs";

const ROUNDS = 15;

/** Milliseconds of the first request to a worker whose process has just started to listen. */
export async function inWorkers() {
  const stub = await startStub();
  const workers = {};
  for (const [name, file] of Object.entries(PEERS)) {
    const script = `import { connect } from "./${file}.mjs";
      export default { async fetch() { return Response.json(await connect("${stub.url}")()); } };`;
    const path = await bundle(script, `starts/${file}/worker.js`, ["workerd", "worker", "browser"]);
    const modules = [basename(path), ...(name === OURS ? ["fireworks_keys.wasm"] : [])];
    workers[name] = { at: `starts/${file}`, modules };
  }
  try {
    return await rounds(workers, ROUNDS, async ({ at, modules }) => {
      const worker = await startWorkerd(at, modules, { outbound: stub.url, flags: [] });
      try {
        return await timed(async () => {
          const response = await fetch(worker.url);
          if (!response.ok) throw new Error(await response.text());
          await response.arrayBuffer();
        });
      } finally {
        worker.stop();
      }
    });
  } finally {
    stub.stop();
  }
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
