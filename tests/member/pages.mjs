// Pages in Chromium that use a keyring, bundled from the packed package as a product would.

import { join } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGUMENTS, serve } from "../matrix/browsers.mjs";
import { folder, tool, write } from "../matrix/fixture.mjs";

/** Bundles a page's script, and serves it on an origin of its own. */
export async function servePage(name, script) {
  const { build } = await tool("esbuild");
  const at = `member/${name}`;
  await build({
    entryPoints: [await write(`${at}/source.js`, script)],
    outfile: join(folder, at, "page/app.js"),
    bundle: true,
    format: "esm",
    logLevel: "warning",
  });
  await write(`${at}/page/index.html`, '<!doctype html><script type="module" src="./app.js"></script>');
  return serve(join(folder, at, "page"));
}

/**
 * Calls `work` with a function that opens pages at this address, as tabs of one browser do, and with what is
 * uncaught in them.
 */
export async function withPages(url, work) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: CHROMIUM_ARGUMENTS,
  });
  try {
    const context = await browser.newContext();
    const problems = [];
    const open = async () => {
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(`uncaught: ${error.stack}`));
      await page.goto(`${url}/index.html`);
      await page.waitForFunction("globalThis.isReady");
      return page;
    };
    return await work(open, problems);
  } finally {
    await browser.close();
  }
}
