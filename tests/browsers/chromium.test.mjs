// The demo page in a real Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startEmulator } from "../emulator/server.mjs";
import { CHROMIUM_ARGUMENTS } from "../matrix/browsers.mjs";
import { emulatorArguments } from "../suite/index.mjs";

const www = process.env.FIREWORKS_WWW;

let browser;
let emulator;

before(async () => {
  emulator = await startEmulator({ args: [...emulatorArguments, "--www", www] });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: CHROMIUM_ARGUMENTS });
});

after(async () => {
  await browser?.close();
  await emulator?.stop();
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
