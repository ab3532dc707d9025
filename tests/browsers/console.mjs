// The key console in Chromium, for its tests: opened, connected, watched.

import assert from "node:assert/strict";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { startEmulator } from "../emulator/server.mjs";
import { CHROMIUM_ARGUMENTS } from "../matrix/browsers.mjs";

/** The page and the package, side by side. */
export const www = process.env.FIREWORKS_WWW ?? join(import.meta.dirname, "../../target/www");

/** The emulator's administrator. */
export const TOKEN = "fw_local_admin";

/** How long anything may take before its test fails, in milliseconds. */
const PATIENCE = 60_000;

export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: CHROMIUM_ARGUMENTS });
}

/** An emulator that serves the page, as `cargo xtask demo` starts it. */
export async function startConsole(...args) {
  const emulator = await startEmulator({
    args: [
      ...["--faults", "--account", "local", "--token", TOKEN],
      ...["--user", "me:admin", "--user", "ci-bot:user:service-account"],
      ...args,
      "--www",
      www,
    ],
    readLog: false,
  });
  const ask = async (method, path, body) => {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: { "authorization": `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  };
  return {
    ...emulator,
    reset: () => ask("DELETE", "/_emulator"),
    fault: (order) => ask("POST", "/_emulator/faults", order),
    calm: () => ask("DELETE", "/_emulator/faults"),
    faults: async () => (await ask("GET", "/_emulator/faults")).faults,
    keys: async () => (await ask("GET", "/_emulator/keys")).keys,
    create: (displayName, more = {}, user = "ci-bot") =>
      ask("POST", `/v1/accounts/local/users/${user}/apiKeys`, { apiKey: { displayName, ...more } }),
  };
}

/** The page of an address, ready, and everything that its console and its policy complain of. */
export async function open(
  browser,
  url,
  {
    colorScheme = "light",
    viewport = { width: 1280, height: 800 },
    script = "",
    locale = "en-GB",
    ...more
  } = {},
) {
  const context = await browser.newContext({
    colorScheme,
    viewport,
    locale,
    reducedMotion: "reduce",
    ...more,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.addInitScript(script);
  const problems = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  // An emulator shows something else first.
  await page.goto(url.includes("#") ? url : `${url}#connect`);
  await page.locator("html[data-ready]").waitFor();
  return { page, context, problems };
}

/** The same, connected as the form is filled in. */
export async function connected(browser, url, options) {
  const opened = await open(browser, url, options);
  await connect(opened.page);
  return opened;
}

/** Closes every page, so that none of them works on in the next test. */
export const closePages = (browser) => Promise.all(browser.contexts().map((context) => context.close()));

/** Waits until something holds that no element shows. */
export async function until(holds, what) {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function connect(page) {
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("tab", { name: "Keys" }).waitFor();
}

/**
 * Holds requests of the page: those of this method whose address `of` accepts. `asked` waits until there is
 * one, and returns the first; `release` lets them, and all that come later, go on. With `answered`, the
 * service has answered what is held, and it is the answer that waits.
 */
export async function hold(page, method, of, { answered = false } = {}) {
  const requests = [];
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route(of, async (route) => {
    const request = route.request();
    if (request.method() !== method) return route.fallback();
    const answer = answered ? { response: await route.fetch() } : undefined;
    requests.push(request);
    await released;
    await (answer ? route.fulfill(answer) : route.continue());
  });
  const asked = async () => {
    await until(() => requests.length > 0, `the page sends the ${method} that is held`);
    return requests[0];
  };
  return { asked, release };
}

/** The requests that the page sends to the service's API from now on: method and path of each. */
export function apiRequests(page) {
  const sent = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/v1/")) sent.push(`${request.method()} ${pathname}`);
  });
  return sent;
}

/** The rows that are in the document. */
export const rows = (page) => page.locator("#keys-body > tr");

/** The row of a key. */
export const rowOf = (page, name) =>
  rows(page).filter({ has: page.getByRole("button", { name: `${name}, details`, exact: true }) });

/** Fails where axe finds anything in what is shown now. */
export async function accessible(page, state) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n    ${failureSummary}`).join("\n  ")}`,
  );
  assert.deepEqual(told, [], `${state}: ${told.join("\n")}`);
}

/** Fails where the document is wider than the window. */
export async function fits(page, state) {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(overflow <= 0, `${state}: ${overflow} px too wide`);
}

/** What a browser says of an answer that is no success is not the page's doing. */
export const ofThePage = (problems) =>
  problems.filter((problem) => !problem.startsWith("Failed to load resource"));
