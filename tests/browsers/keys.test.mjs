// The table of keys: loaded, sorted, filtered, walked through by keyboard.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Inventory } from "../../www/inventory.js";
import { accessible, connect, connected, hold, ofThePage, open, rowOf, rows, until } from "./console.mjs";
import { someKeys } from "./service.mjs";
import { browser, host, over, service, share, signIn } from "./session.mjs";

share();

test("a key that is created while the list is still loading is listed", async () => {
  for (let made = 0; made < 510; made += 30) {
    await Promise.all(Array.from({ length: 30 }, (_, index) => service.create(`early ${made + index}`)));
  }
  const { page } = await open(browser, service.url);
  const secondPage = (url) => url.pathname.endsWith("/apiKeys") && url.searchParams.get("pageToken");
  // The service answers it before the key is created; the page gets the answer afterwards.
  const held = await hold(page, "GET", secondPage, { answered: true });
  await connect(page);
  await held.asked();
  await page.getByText(/^Loading 500 keys of 510/).waitFor();
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("meanwhile");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  assert.ok(await page.locator("#loading").isVisible(), "the list is still loading");
  held.release();
  await page.locator("#loading").waitFor({ state: "hidden" });
  await page.getByText("511 keys", { exact: true }).waitFor();
  await rowOf(page, "meanwhile").waitFor();
});

const names = async (page) => (await rows(page).locator(".name").allTextContents()).slice(0, 4);

test("keys are listed with the audit's findings and relative times; exact ones are in tips", async () => {
  const { page, problems } = await over(someKeys(10));
  const row = rowOf(page, "deploy");
  assert.equal(await row.getByRole("gridcell").nth(5).textContent(), "Never");
  assert.deepEqual(await row.locator(".badge").allTextContents(), ["No end", "Never used"]);
  await accessible(page, "list");
  const created = row.locator("time").first();
  await created.focus();
  await page.getByRole("tooltip").getByText(`${new Date().getFullYear()}`).waitFor();
  assert.equal(await created.getAttribute("aria-describedby"), "tip");
  await accessible(page, "tip");
  await page.keyboard.press("Escape");
  await page.getByRole("tooltip").waitFor({ state: "hidden" });
  await row.locator("time").nth(0).hover();
  await page.getByRole("tooltip").waitFor();
  await page.getByRole("button", { name: "deploy, details" }).click();
  const details = page.getByRole("dialog", { name: "deploy" });
  await details.getByText("ada@acme.example").waitFor();
  await accessible(page, "details");
  await page.keyboard.press("Escape");
  await details.waitFor({ state: "detached" });
  assert.ok(
    await page
      .getByRole("button", { name: "deploy, details" })
      .evaluate((button) => button === document.activeElement),
  );
  assert.deepEqual(ofThePage(problems), []);
});

test("keys that are not what they should be are shown as they are", async () => {
  const { page, problems } = await over([
    {
      keyId: "1",
      displayName: "<b>bold</b>",
      createTime: "nonsense",
      expireTime: "2026-13-45",
      lastUsed: 7,
      prefix: `fw_${"x".repeat(200)}`,
      email: 5,
    },
    {
      keyId: "2",
      displayName: "nulls",
      createTime: null,
      expireTime: null,
      lastUsed: null,
      annotations: null,
      prefix: null,
    },
    null,
    { displayName: "without an id" },
  ]);
  assert.equal(await rows(page).count(), 2);
  const cells = (name) => rowOf(page, name).getByRole("gridcell").allTextContents();
  assert.deepEqual((await cells("<b>bold</b>")).slice(3, 6), ["Unreadable", "Unreadable", "Unreadable"]);
  assert.deepEqual((await cells("nulls")).slice(3, 6), ["Not said", "Never", "Never"]);
  const prefix = await rowOf(page, "<b>bold</b>").locator("code").boundingBox();
  const owner = await rowOf(page, "<b>bold</b>").locator(".owner").boundingBox();
  assert.ok(prefix.x + prefix.width <= owner.x, "what is too long stays in its column");
  await page.getByRole("button", { name: "nulls, details" }).click();
  const details = page.getByRole("dialog", { name: "nulls" });
  assert.equal(
    await details.getByRole("definition").filter({ hasText: /null/ }).count(),
    1,
    "its name alone",
  );
  assert.deepEqual(ofThePage(problems), []);
});

test("columns sort in both directions, and say so", async () => {
  const { page } = await over(someKeys(10));
  await page.getByRole("button", { name: "Name", exact: true }).click();
  assert.deepEqual(await names(page), ["billing export", "data pipeline", "deploy", "experiments"]);
  const header = page.getByRole("columnheader", { name: "Name" });
  assert.equal(await header.getAttribute("aria-sort"), "ascending");
  await page.getByRole("button", { name: "Name", exact: true }).click();
  assert.deepEqual(await names(page), ["support bot", "staging", "search", "on-call"]);
  assert.equal(await header.getAttribute("aria-sort"), "descending");
  await page.getByRole("button", { name: "Expires", exact: true }).click();
  assert.match(await rows(page).first().textContent(), /Expired/);
});

test("the first rows come with what stands above them, which moves them no more", async () => {
  const script = `addEventListener("DOMContentLoaded", () =>
    new MutationObserver((_, observer) => {
      observer.disconnect();
      globalThis.withFirst = document.querySelectorAll("#chips .chip, #summary button").length;
    }).observe(document.querySelector("#keys-body"), { childList: true }));`;
  const { page } = await over(someKeys(30), { script });
  const above = await page.locator("#chips .chip, #summary button").count();
  assert.ok(above > 5);
  assert.equal(await page.evaluate(() => globalThis.withFirst), above);
});

test("another order changes the rows, and nothing around them", async () => {
  const { page } = await over(someKeys(30));
  const around = "#chips .chip, #summary button, #owner option";
  const before = await page.locator(around).elementHandles();
  assert.ok(before.length > 5);
  await page.getByRole("button", { name: "Name", exact: true }).click();
  await page.locator("[aria-sort=ascending]").waitFor();
  await page.waitForFunction(() => location.hash.includes("sort=name"));
  for (const element of before) assert.ok(await element.evaluate(({ isConnected }) => isConnected));
});

test("text and findings filter, and say how many are left", async () => {
  const { page } = await over(someKeys(500));
  await page.getByLabel("Filter", { exact: true }).fill("support ada");
  await page.getByText(/^\d+ of 500 keys$/).waitFor();
  const shown = Number((await page.locator("#shown").textContent()).split(" ")[0]);
  assert.ok(shown > 5 && shown < 100);
  await page.locator("#quiet-status").getByText("shown").waitFor({ state: "attached" });
  const chip = page.getByRole("button", { name: /^Never expires/ });
  await chip.click();
  assert.equal(await chip.getAttribute("aria-pressed"), "true");
  assert.ok(await chip.evaluate((button) => button === document.activeElement));
  await page.getByLabel("Filter", { exact: true }).fill("nothing like it");
  await page.getByRole("heading", { name: "No key matches" }).waitFor();
  await accessible(page, "no match");
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await page.getByText("500 keys", { exact: true }).waitFor();
});

test("ten thousand keys are listed, sorted and filtered with few rows in the document", async () => {
  const { page, problems } = await over(someKeys(10_000));
  await page
    .locator("#shown")
    .getByText(/^10.000 keys$/)
    .waitFor({ timeout: 30_000 });
  await page.locator("#loading").waitFor({ state: "hidden" });
  const bounded = async (state) => {
    const count = await rows(page).count();
    assert.ok(count > 5 && count < 40, `${state}: ${count} rows`);
  };
  await bounded("loaded");
  assert.equal(await page.getByRole("grid").getAttribute("aria-rowcount"), "10001");
  await page.getByRole("button", { name: "Expires", exact: true }).click();
  await bounded("sorted");
  await rows(page).first().locator(".name").focus();
  await page.keyboard.press("Control+End");
  await bounded("at the end");
  assert.equal(
    await page.locator(":focus").evaluate((element) => element.closest("tr").getAttribute("aria-rowindex")),
    "10001",
  );
  await page.getByRole("button", { name: "Expires", exact: true }).click();
  await page.locator("#viewport").evaluate((viewport) => viewport.scrollTo(0, 200_000));
  await until(async () => (await rows(page).first().getAttribute("aria-rowindex")) > 4_000, "scrolled");
  await bounded("scrolled");
  await page.getByLabel("Filter", { exact: true }).fill("search 95");
  await page
    .locator("#shown")
    .getByText(/^\d+ of 10.000 keys$/)
    .waitFor();
  await bounded("filtered");
  await accessible(page, "ten thousand");
  assert.deepEqual(ofThePage(problems), []);
});

test("after ten thousand keys the page asks before it loads more, and shows no key twice", async () => {
  const keys = someKeys(11_000);
  keys[600] = keys[3];
  const { page } = await over(keys);
  await page
    .locator("#more-text")
    .getByText(/^10.499 keys of 11.000 are here/)
    .waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "Load more" }).click();
  await page
    .locator("#shown")
    .getByText(/^10.999 keys$/)
    .waitFor();
});

test("the next page is asked for before one is judged", async () => {
  const asked = [];
  let atFirst;
  const service = {
    userId: "ada",
    accountId: "acme",
    async *pages() {
      for (const page of [1, 2, 3]) {
        asked.push(page);
        yield { apiKeys: [{ keyId: `key-${page}`, createTime: "2026-11-01T00:00:00Z" }], totalSize: 3 };
      }
    },
    async audit() {
      atFirst ??= [...asked];
      return new Map();
    },
  };
  const inventory = new Inventory(service, () => {});
  await inventory.load();
  assert.deepEqual([atFirst, inventory.records.length], [[1, 2], 3]);
});

test("a long list tells its progress, can be stopped, and goes on from there", async () => {
  let goOn;
  host.gate = new Promise((resolve) => (goOn = resolve));
  try {
    host.keys = someKeys(2_000);
    const { page } = await open(browser, host.page);
    await signIn(page);
    await page.getByText(/^Loading 500 keys of 2.000…$/).waitFor();
    assert.equal(await page.locator("#loading-bar").evaluate((bar) => bar.value / bar.max), 0.25);
    await accessible(page, "loading");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText(/500 keys of 2.000 are here/).waitFor();
    await accessible(page, "stopped");
    goOn();
    await page.getByRole("button", { name: "Load more" }).click();
    await page.getByText(/^2.000 keys$/).waitFor();
  } finally {
    host.gate = undefined;
    goOn();
  }
});

test("one control is in the tab order; arrow keys walk, and what they reach scrolls into view", async () => {
  const { page } = await over(someKeys(60));
  await page.getByRole("columnheader").last().waitFor();
  assert.equal(await page.locator("#keys-body [tabindex='0']").count(), 1);
  await page.getByRole("button", { name: "Findings" }).focus();
  await page.keyboard.press("Tab");
  const at = () =>
    page.evaluate(() => [
      document.activeElement.closest("tr")?.getAttribute("aria-rowindex"),
      document.activeElement.className || document.activeElement.dataset.action,
    ]);
  assert.deepEqual(await at(), ["2", "name"]);
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
  assert.deepEqual(await at(), ["4", "when"]);
  await page.keyboard.press("PageDown");
  await page.keyboard.press("PageDown");
  await page.keyboard.press("End");
  const [row] = await at();
  assert.ok(Number(row) > 15);
  assert.ok(
    await page.locator(":focus").evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      const view = document.querySelector("#viewport").getBoundingClientRect();
      return top >= view.top && bottom <= view.bottom;
    }),
  );
  const first = page.locator("#keys-body [aria-rowindex='2']");
  assert.equal(await first.count(), 0, "the first row has been scrolled out of the document");
  await page.locator("#viewport").evaluate((viewport) => viewport.scrollTo(0, 0));
  await first.waitFor();
  assert.equal((await at())[0], row, "what has the focus stays in the document");
  assert.equal(await page.locator("#keys-body [tabindex='0']").count(), 1);
});

test("where the owner's id is not known, the buttons say why and ask for it", async () => {
  const { page } = await over(someKeys(3).map((key) => ({ ...key, email: undefined })));
  const revoke = page.getByRole("button", { name: /^Revoke/ }).first();
  await revoke.focus();
  await page.getByRole("tooltip").getByText("does not say whose key this is").waitFor();
  await accessible(page, "owner unknown");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: /^Whose key is/ });
  await dialog.getByText("does not say whose key").first().waitFor();
  // All users together are no owner.
  await dialog.getByLabel("The owner’s id").fill("-");
  await page.keyboard.press("Enter");
  await dialog.locator(".field-error").getByText("Type the user’s id in.").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("a list that fails later keeps what is shown, and says so", async () => {
  await service.create("steady");
  const { page } = await connected(browser, service.url);
  await service.fault({ operation: "list", times: 3, fault: { kind: "answer", status: 503 } });
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("alert").getByText("What is shown may be old.").waitFor();
  await rowOf(page, "steady").waitFor();
  await accessible(page, "list failed");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

test("keys of which no owner is said can be chosen, and the choice says so", async () => {
  const [first, second, third] = someKeys(3);
  const { page } = await over([{ ...first, email: undefined }, second, third]);
  await page.getByRole("button", { name: "By owner" }).click();
  await page.getByRole("region", { name: "Keys by owner" }).getByRole("button", { name: "Not said" }).click();
  await page.getByText("1 of 3 keys", { exact: true }).waitFor();
  const chosen = () => page.locator("#owner option:checked").textContent();
  assert.equal(await chosen(), "Not said");
  await page.getByLabel("Owner", { exact: true }).selectOption("Any owner");
  await page.getByText("3 keys", { exact: true }).waitFor();
  await page.getByLabel("Owner", { exact: true }).selectOption("Not said");
  await page.getByText("1 of 3 keys", { exact: true }).waitFor();
  assert.equal(await chosen(), "Not said");
});

test("what cannot be read is nowhere told as never", async () => {
  const [first, second] = someKeys(2);
  const strange = {
    ...first,
    displayName: "strange",
    expireTime: "soon",
    lastUsed: "lately",
    secure: "false",
  };
  const { page } = await over([
    strange,
    { ...second, annotations: { "fireworks-keys-rotates": first.keyId } },
  ]);
  await rowOf(page, "strange").getByRole("button", { name: "strange, details" }).click();
  await page.getByRole("dialog").getByText("Fireworks may know it").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "By owner" }).click();
  const line = page.getByRole("region", { name: "Keys by owner" }).getByRole("row");
  await line.filter({ hasText: first.email }).getByText("Unreadable", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.locator("#timeline-words").getByText("End unreadable: 1").waitFor();
  await page.locator("#timeline-readout").getByText("its end cannot be read").waitFor();
});

test("users without a name, and ids that look like others, do no harm", async () => {
  host.users = [{}, null, { name: "accounts/acme/users/ad\u200Ba", email: "x@acme.example" }];
  const { page } = await over(someKeys(2));
  await page.getByRole("button", { name: "Create a key" }).click();
  const choices = page.getByRole("dialog").getByLabel("For", { exact: true }).getByRole("option");
  assert.deepEqual((await choices.allTextContents()).slice(3), ["ad[U+200B]a (x@acme.example)"]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByLabel("Token").fill("fw_somebody");
  await page.getByLabel("Account", { exact: true }).fill("acme");
  await page.getByLabel("Service address").fill(host.url);
  await page.getByRole("radio", { name: "One user’s" }).check();
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#user-error").getByText("or choose: ada").waitFor();
  const offered = await page.locator("#users option").evaluateAll((all) => all.map(({ value }) => value));
  host.users = [];
  assert.ok(offered.includes("ada") && !offered.includes("ad\u200Ba"), offered.join());
});
