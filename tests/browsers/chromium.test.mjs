// The suite and the demo page in a real Chromium, whose path is in CHROMIUM.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startEmulator } from "../emulator/server.mjs";
import { cases, emulatorArguments } from "../suite/index.mjs";

const root = join(import.meta.dirname, "../..");
const www = process.env.FIREWORKS_WWW;

const ARGUMENTS = [
  ...["--no-sandbox", "--disable-quic", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--no-first-run"],
];

let browser;
let emulator;

before(async () => {
  emulator = await startEmulator({ args: [...emulatorArguments, "--www", www] });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
});

after(async () => {
  await browser?.close();
  await emulator?.stop();
});

test("Chromium: the suite, from a page of another origin", async (t) => {
  const server = createServer((request, response) => {
    const [, folder, file] = /^\/(dist|suite)\/(\w+\.m?js)$/.exec(request.url) ?? [];
    if (!file) return response.setHeader("content-type", "text/html").end("<!doctype html>");
    response.setHeader("content-type", "text/javascript");
    createReadStream(join(root, folder === "suite" ? "tests/suite" : "dist", file)).pipe(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  for (const name of Object.keys(cases)) {
    await t.test(name, async () => {
      const failure = await page.evaluate(
        async ([name, api]) => {
          const fireworksKeys = await import("/dist/default.js");
          const { cases } = await import("/suite/index.mjs");
          return cases[name](fireworksKeys, api).catch((error) => String(error.stack));
        },
        [name, emulator.url],
      );
      assert.equal(failure, undefined);
    });
  }
  server.close();
});

test("Chromium: the page creates a key, shows it once, and forgets it", async () => {
  const { page, problems } = await open();
  await page.getByLabel("Name").fill("from the page");
  await page.getByRole("button", { name: "Create the key" }).click();
  const created = page.getByRole("region", { name: "Your new key" });
  const key = await created.locator("output").textContent();
  assert.match(key, /^fw_/);
  const { keys } = await (await fetch(`${emulator.url}/_emulator/keys`)).json();
  assert.ok(keys.some(({ displayName }) => displayName === "from the page"));
  await created.getByRole("button", { name: "I have stored it" }).click();
  assert.ok(!(await page.content()).includes(key));
  assert.deepEqual(problems, []);
});

test("Chromium: the page shows why a call was rejected", async () => {
  const { page, problems } = await open();
  await page.getByLabel("User or service account").fill("a/b");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("alert").getByText("userId must be the bare id").waitFor();
  await page.getByLabel("User or service account").fill("nobody");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("alert").getByText("404 NOT_FOUND").waitFor();
  assert.ok(await page.getByRole("region", { name: "Your new key" }).isHidden());
  // The browser itself reports the 404 that it was asked to fetch.
  assert.deepEqual(problems.filter((problem) => !problem.includes("404")), []);
});

/** The demo page, with everything that its console and its policy complain of. */
async function open() {
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(`${emulator.url}/`);
  return { page, problems };
}
