// Where a list is not whole, nothing that the page says of it claims to be of all keys.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, connected, fits, open, rowOf, rows, TOKEN, until } from "./console.mjs";
import { someKeys } from "./service.mjs";
import { browser, host, loaded, service, share, signIn } from "./session.mjs";

share();

const reload = (page) => page.getByRole("button", { name: "Reload" }).click();

/** A page that has loaded the first 500 of so many keys, and was stopped then. */
async function stopped(number, options) {
  let goOn;
  host.gate = new Promise((resolve) => (goOn = resolve));
  host.keys = someKeys(number);
  const { page } = await open(browser, host.page, options);
  await signIn(page);
  await page.getByText(/^Loading 500 keys of/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await loaded(page);
  host.gate = undefined;
  goOn();
  return page;
}

const HERE = /keys that are here \(500 of 2.000\)/;

test("of a part of a list, nothing is told as of all", async () => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    const page = await stopped(2_000, { viewport });
    await page.locator("#summary").getByText(HERE).waitFor();
    await page.getByRole("button", { name: /^Never expires/ }).click();
    await page.getByRole("button", { name: /^Tick the \d+ that never expire$/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export JSON" }).first().click(),
    ]);
    const { length } = JSON.parse(await readFile(await download.path(), "utf8"));
    await page
      .locator("#status")
      .getByText(new RegExp(`^${length} keys exported, of the ${HERE.source}`))
      .waitFor();
    await page.getByLabel("Filter", { exact: true }).fill("staging 1999");
    await page.locator("#keys-none").getByText(HERE).waitFor();
    await fits(page, "no match in a part");
    await accessible(page, "no match in a part");
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.locator("#timeline").getByText(HERE).waitFor();
    await fits(page, "timeline of a part");
    await accessible(page, "timeline of a part");
    await page.getByRole("tab", { name: "Keys" }).click();
    await reload(page);
    await page.getByText(/^2.000 keys$/).waitFor();
    await loaded(page);
    assert.ok(await page.locator("#more").isHidden(), "a whole list has no more");
    assert.doesNotMatch(await page.locator("#summary").textContent(), /here/);
    assert.ok(!(await page.locator("#timeline").textContent()).includes("that are here"));
  }
});

test("a session that begins with a part of the list says so", async () => {
  let goOn;
  host.gate = new Promise((resolve) => (goOn = resolve));
  host.keys = someKeys(1_000);
  const { page } = await open(browser, host.page);
  await signIn(page);
  await page.locator("#quiet-status").getByText("Connected. 500 keys so far.").waitFor({ state: "attached" });
  host.gate = undefined;
  goOn();
});

test("a list that breaks off is told to be a part, and not only to be old", async () => {
  host.keys = someKeys(1_200);
  const { page } = await open(browser, host.page);
  await page.route(
    (url) => url.pathname.endsWith("/apiKeys") && url.searchParams.get("pageToken") === "1000",
    (route) =>
      route.fulfill({ status: 403, contentType: "application/json", body: '{"code":7,"message":"no"}' }),
  );
  await signIn(page);
  const alert = page.locator("#keys-problem").getByRole("alert");
  await alert.getByText(/Only the keys that are here \(1.000 of 1.200\) are shown/).waitFor();
  await page.locator("#summary").getByText("that are here").waitFor();
});

test("a service that tells of more keys than it shows is told; none shown is not none", async () => {
  const { page } = await open(browser, host.page);
  host.keys = [];
  const told = (totalSize) =>
    page.route(
      (url) => url.pathname.endsWith("/apiKeys"),
      (route) => route.fulfill({ json: { apiKeys: host.keys, totalSize } }),
    );
  await told(3);
  await signIn(page);
  await loaded(page);
  await page.locator("#more").getByText("0 keys of 3 are here.").waitFor();
  assert.ok(await page.getByText("No keys yet").isHidden());
  assert.ok(await page.getByRole("button", { name: "Load more" }).isHidden());
  host.keys = someKeys(2);
  await reload(page);
  await page.locator("#more").getByText("2 keys of 3 are here.").waitFor();
  // A text is no number.
  await told("2000");
  await reload(page);
  await page.locator("#more").waitFor({ state: "hidden" });
  await page.getByText("2 keys", { exact: true }).waitFor();
});

test("by a list that lags, no revoked key comes back, and no new one goes", async () => {
  for (const name of ["stays", "goes", "cleaned"]) await service.create(name);
  const { page } = await connected(browser, service.url);
  // The service lists what it has had for longer: nothing, here.
  const before = await page.evaluate(async () => {
    const response = await fetch("/v1/accounts/local/users/-/apiKeys", {
      headers: { authorization: "Bearer fw_local_admin" },
    });
    return response.json();
  });
  await page.route(
    (url) => url.pathname.endsWith("/-/apiKeys"),
    (route) => (route.request().method() === "GET" ? route.fulfill({ json: before }) : route.fallback()),
  );
  await page.getByRole("button", { name: "Revoke goes" }).click();
  await page.getByRole("button", { name: "Revoke “goes”" }).click();
  await page.locator("#status").getByText("is revoked.").waitFor();
  await loaded(page);
  await until(async () => (await rows(page).count()) === 2, "it is gone");
  await reload(page);
  await loaded(page);
  assert.equal(await rowOf(page, "goes").count(), 0);
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("new");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await loaded(page);
  await reload(page);
  await loaded(page);
  await rowOf(page, "new").waitFor();
  await page.getByRole("checkbox", { name: "Tick cleaned", exact: true }).check();
  await page.getByRole("button", { name: "Revoke 1…" }).click();
  await page.getByRole("button", { name: "Revoke 1 key" }).click();
  await page.getByRole("heading", { name: "1 key revoked." }).waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await loaded(page);
  assert.deepEqual((await rows(page).locator(".name").allTextContents()).sort(), ["new", "stays"]);
});

async function cleanUp(page) {
  await page.getByRole("button", { name: /^Tick all \d+$/ }).click();
  await page.getByRole("button", { name: /^Revoke \d+…$/ }).click();
  await page.locator("dialog .victims").waitFor();
  return page.getByRole("dialog");
}

test("only by a whole list a clean-up tells that keys are not there any more", async () => {
  const { keyId } = await service.create("elsewhere");
  await service.create("here");
  const { page } = await connected(browser, service.url);
  await fetch(`${service.url}/v1/accounts/local/users/ci-bot/apiKeys:delete`, {
    method: "POST",
    headers: { "authorization": `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ keyId }),
  });
  const dialog = await cleanUp(page);
  await dialog.getByText("1 ticked key is not on the list any more.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Untick all" }).click();
  await page.route(
    (url) => url.pathname.endsWith("/-/apiKeys"),
    async (route) => {
      const list = await (await route.fetch()).json();
      await route.fulfill({ json: { ...list, totalSize: 3 } });
    },
  );
  await cleanUp(page);
  await dialog.getByText("The service tells of 3 keys, and shows 1.").waitFor();
  await dialog.getByText("1 ticked key is not on what was read.").waitFor();
});

test("where the users cannot be read again, an older list calls nobody gone", async () => {
  const ofAda = { keyId: "a", displayName: "first", email: "ada@acme.example", secure: true };
  const ofNew = { keyId: "b", displayName: "second", email: "new@acme.example", secure: true };
  host.keys = [ofAda];
  const { page } = await open(browser, host.page);
  await signIn(page);
  await loaded(page);
  await page.route(
    (url) => url.pathname.endsWith("/users"),
    (route) => route.fulfill({ status: 403, json: { code: 7, message: "no" } }),
  );
  host.keys = [ofAda, ofNew];
  await reload(page);
  await rowOf(page, "second").waitFor();
  await loaded(page);
  assert.equal(await page.getByText("Owner gone").count(), 0);
  await page.getByRole("button", { name: "Revoke second" }).click();
  await page.getByRole("dialog").getByText("The user list could not be read whole").first().waitFor();
});
