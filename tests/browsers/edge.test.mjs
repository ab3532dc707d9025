// The edge broker's page in Chromium, as `cargo xtask demo --edge` serves it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { withPage } from "../matrix/browsers.mjs";

let demo;
let address;

before(async () => {
  demo = spawn("cargo", ["xtask", "demo", "--edge", "--port", "0"], {
    cwd: join(import.meta.dirname, "../.."),
    stdio: ["ignore", "pipe", "pipe"],
  });
  address = await new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk) => {
      output += chunk;
      const found = /The edge broker's page: (http:\S+)\//.exec(output)?.[1];
      if (found) resolve(found);
    };
    demo.stdout.on("data", read);
    demo.stderr.on("data", read);
    demo.on("exit", () => reject(new Error(output)));
  });
});

after(async () => {
  demo.kill("SIGINT");
  assert.deepEqual(await once(demo, "exit"), [0, null]);
  await assert.rejects(fetch(address), "everything has ended with it");
});

/** Signs a member in, whose limits no earlier run has used up: the demo keeps its state. */
async function signIn(page, name) {
  const member = `${name}-${Date.now()}`;
  await page.goto(address);
  await page.getByLabel("Member").fill(member);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: `The key of ${member}` }).waitFor();
}

test("a member signs in, gets an answer straight from the inference host, and revokes the key", () =>
  withPage("", async (page, problems) => {
    const minted = [];
    const asked = [];
    page.on("response", async (response) => {
      const request = response.request();
      if (request.method() !== "POST") return;
      if (response.url().endsWith("/keys")) minted.push(await response.json());
      if (response.url().endsWith("/chat/completions")) asked.push(request);
    });
    await signIn(page, "grace");
    await page.locator("#count", { hasText: "1" }).waitFor();
    assert.match(await page.locator("#ends").textContent(), /^[45] min \d+ s$/);
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText("That came straight from the inference host.").waitFor();
    const [{ key, keyId }] = minted;
    assert.equal(await page.locator("#key-id").textContent(), keyId);
    assert.ok((await page.locator("#answer").textContent()).includes(`the key ${key.slice(0, 7)}…`));
    assert.equal(asked.length, 1);
    assert.notEqual(new URL(asked[0].url()).origin, address, "not through the broker");
    assert.equal(minted.length, 1);
    assert.ok(!(await page.content()).includes(key), "a key is shown no further than its beginning");
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Revoked.").waitFor();
    assert.ok(await page.getByLabel("Member").isVisible());
    const url = asked[0].url();
    const headers = { authorization: `Bearer ${key}` };
    assert.equal((await fetch(url, { method: "POST", headers })).status, 401, "the key is gone");
    assert.deepEqual(problems, []);
  }));

test("a key is fetched anew before it ends, by itself", () =>
  withPage("", async (page, problems) => {
    await page.clock.install();
    await signIn(page, "waiting");
    await page.locator("#count", { hasText: "1" }).waitFor();
    const first = await page.locator("#key-id").textContent();
    await page.clock.runFor(230_000);
    assert.equal(await page.locator("#key-id").textContent(), first);
    await page.clock.runFor(15_000);
    await page.locator("#count", { hasText: "2" }).waitFor();
    assert.notEqual(await page.locator("#key-id").textContent(), first);
    assert.deepEqual(problems, []);
  }));

test("a page of another origin gets nothing", async () => {
  const { token } = await (await fetch(`${address}/sign-in?member=ada`, { method: "POST" })).json();
  const headers = { authorization: `Bearer ${token}`, origin: "https://evil.example" };
  assert.equal((await fetch(`${address}/keys`, { method: "POST", headers })).status, 403);
});
