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

test("a member signs in, gets a key, the next one, and revokes it", () =>
  withPage("", async (page, problems) => {
    const minted = [];
    page.on("response", async (response) => {
      if (response.request().method() === "POST" && response.url().endsWith("/keys"))
        minted.push(await response.json());
    });
    await page.goto(address);
    // Of one's own: the demo keeps its state from one run to the next, and with it what counts.
    const member = `grace-${Date.now()}`;
    await page.getByLabel("Member").fill(member);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: `The key of ${member}` }).waitFor();
    const shown = page.locator("#key-id");
    const first = await shown.textContent();
    await page.getByRole("button", { name: "Fetch the next" }).click();
    await page.locator("#count", { hasText: "2" }).waitFor();
    assert.notEqual(await shown.textContent(), first);
    assert.match(await page.locator("#ends").textContent(), /^[45] min \d+ s$/);
    assert.deepEqual(minted.map(({ keyId }) => keyId).length, 2);
    const text = await page.content();
    for (const { key } of minted)
      assert.ok(!text.includes(key), "a key is shown no further than its beginning");
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Revoked.").waitFor();
    assert.ok(await page.getByLabel("Member").isVisible());
    assert.deepEqual(problems, []);
  }));

test("a key is fetched anew before it ends, by itself", () =>
  withPage("", async (page, problems) => {
    await page.clock.install();
    await page.goto(address);
    await page.getByLabel("Member").fill(`waiting-${Date.now()}`);
    await page.getByRole("button", { name: "Sign in" }).click();
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
