// What the tests of a file share: Chromium, an emulator that serves the console, and a service whose keys a
// test chooses.

import { after, afterEach, before, beforeEach } from "node:test";
import { closePages, connect, open, startBrowser, startConsole, www } from "./console.mjs";
import { startService } from "./service.mjs";

/** Chromium, once the tests run. */
export let browser;

/** The emulator: see `startConsole`. Each test finds it as it started. */
export let service;

/** The service whose keys a test chooses: see `startService`. */
export let host;

/** Starts what is shared before the tests of a file, and stops it after them. */
export function share() {
  before(async () => {
    service = await startConsole();
    host = await startService({ www, keys: [] });
    browser = await startBrowser();
  });
  beforeEach(() => service.reset());
  afterEach(() => closePages(browser));
  after(async () => {
    await browser?.close();
    host?.stop();
    await service?.stop();
  });
}

/** Connects a page to the service whose keys the test has chosen. */
export async function signIn(page) {
  await page.getByLabel("Token").fill("fw_somebody");
  await page.getByLabel("Account", { exact: true }).fill("acme");
  await page.getByLabel("Service address").fill(host.url);
  await connect(page);
}

/** Waits until the page has the whole list. */
export const loaded = (page) => page.locator("#loading").waitFor({ state: "hidden" });

/** The page over these keys, as soon as it has them all. */
export async function over(keys, { fragment = "", ...options } = {}) {
  host.keys = keys;
  const opened = await open(browser, `${host.page}${fragment}`, options);
  await signIn(opened.page);
  await loaded(opened.page);
  return opened;
}
