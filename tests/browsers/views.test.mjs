// The timeline, what happened, and the bad network.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { accessible, connected, ofThePage, TOKEN, until, www } from "./console.mjs";
import { someKeys } from "./service.mjs";
import { browser, over, service, share } from "./session.mjs";

share();

async function timelineOf(keys, options) {
  const opened = await over(keys, options);
  await opened.page.getByRole("tab", { name: "Timeline" }).click();
  return opened;
}

test("each of five keys has a bar, which ends where the key ends or reaches the column Never", async () => {
  const { page, problems } = await timelineOf(someKeys(5));
  const picture = page.getByRole("img", { name: /^Timeline of 5 keys\. never expire: \d/ });
  await picture.waitFor();
  const bars = await picture.locator(".bar").evaluateAll((bars) =>
    bars.map((bar) => {
      const rect = bar.querySelector("rect");
      return {
        name: bar.textContent,
        state: bar.dataset.state,
        end: Number(rect.getAttribute("x")) + Number(rect.getAttribute("width")),
      };
    }),
  );
  const never = Number(await picture.locator(".never-column").getAttribute("x"));
  const today = Number(await picture.locator(".today").getAttribute("x1"));
  assert.equal(bars.length, 5);
  for (const { state, end } of bars) {
    assert.equal(state === "never", end > never);
    assert.equal(state === "expired", end <= today);
  }
  await page.getByRole("heading", { name: "In words" }).waitFor();
  assert.match(await page.locator("#timeline-words").textContent(), /Never expire: 1deploy/);
  await accessible(page, "timeline of 5");
  assert.deepEqual(ofThePage(problems), []);
});

test("each of forty keys can be found by pointer and by keyboard", async () => {
  const { page } = await timelineOf(someKeys(40));
  const picture = page.getByRole("img", { name: /^Timeline of 40 keys/ });
  const slider = page.getByRole("slider", { name: "Key" });
  await slider.focus();
  await page.keyboard.press("End");
  assert.match(await slider.getAttribute("aria-valuetext"), /^40 of 40: .* ended /);
  await picture.hover({ position: { x: 400, y: 60 } });
  assert.match(await page.locator("#timeline-readout").textContent(), /never expires$/);
  await accessible(page, "timeline of 40");
  await page.getByRole("tab", { name: "Keys" }).click();
  await page.getByLabel("Filter", { exact: true }).fill("support");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByRole("img", { name: /^Timeline of \d\d? keys/ }).waitFor();
  await page.getByRole("tab", { name: "Keys" }).click();
  await page.getByLabel("Filter", { exact: true }).fill("no such key");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByText("Nothing to draw").waitFor();
  await accessible(page, "timeline of none");
});

test("in forced colours the legend and the bars keep theirs", async () => {
  const { page } = await timelineOf(someKeys(12), { forcedColors: "active" });
  const colours = (selector, pseudo, property) =>
    page
      .locator(selector)
      .evaluateAll(
        (elements, [pseudo, property]) =>
          Object.fromEntries(
            elements.map((element) => [
              (element.closest("[data-state]") ?? element).dataset.state,
              getComputedStyle(element, pseudo)[property],
            ]),
          ),
        [pseudo, property],
      );
  const legend = await colours(".legend li", "::before", "backgroundColor");
  assert.equal(new Set(Object.values(legend)).size, 4, JSON.stringify(legend));
  assert.deepEqual(await colours("#timeline-picture .bar > rect", null, "fill"), legend);
  await accessible(page, "timeline in forced colours");
});

test("tabs are walked through with arrow keys", async () => {
  const { page } = await connected(browser, service.url);
  await page.getByRole("tab", { name: "Keys" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByRole("tab", { name: "Timeline" }).getAttribute("aria-selected"), "true");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("tabpanel", { name: /^What happened/ }).waitFor();
  await page.keyboard.press("Home");
  await page.getByRole("tabpanel", { name: "Keys" }).waitFor();
});

const entry = (page, title) => page.locator("#journal > li").filter({ hasText: title }).first();

async function create(page, name) {
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByRole("button", { name: "Create the key" }).click();
}

test("each operation is a line with its request as curl, which does the same from a shell", async () => {
  const { page, context } = await connected(browser, service.url);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await create(page, "it's $HOME");
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("tab", { name: /^What happened/ }).click();
  const line = entry(page, "Create “it's $HOME” for me");
  await line.getByText("Done").waitFor();
  await line.getByText("The request as curl").click();
  await line.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied. Set FIREWORKS_API_KEY").waitFor();
  await accessible(page, "what happened");
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!command.includes(TOKEN) && command.includes("$FIREWORKS_API_KEY"));
  const answer = execFileSync("sh", ["-c", `curl() { command curl -sS --max-time 10 "$@"; }\n${command}`], {
    env: { ...process.env, FIREWORKS_API_KEY: TOKEN },
  });
  assert.equal(JSON.parse(answer).displayName, "it's $HOME");
  const keys = await service.keys();
  assert.deepEqual(
    keys.map(({ displayName }) => displayName),
    ["it's $HOME", "it's $HOME"],
  );
  const [byPage, byShell] = keys.map(({ expireTime }) => Date.parse(expireTime));
  assert.ok(Math.abs(byPage - byShell) < 2_000, "both live as long");
});

test("a create survives a bad network, which the page orders, without an orphan", async () => {
  const { page, problems } = await connected(browser, service.url);
  await page.getByRole("tab", { name: /^What happened/ }).click();
  await page.getByRole("switch", { name: "Lose answers of creates" }).check();
  await until(async () => (await service.faults()).length === 1, "the emulator has its order");
  const [{ operation, fault, times }] = await service.faults();
  assert.deepEqual([operation, fault.kind, fault.when, times], ["create", "drop", "after", 1]);
  await page.getByText("A bad network is switched on").waitFor();
  await accessible(page, "bad network");
  await create(page, "survivor");
  const secret = page.getByRole("dialog", { name: "Your new key" });
  await secret.locator(".fate-line").getByText("found and deleted: ").first().waitFor();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await entry(page, "Create “survivor”").getByText("It was found and deleted.").waitFor();
  await page.getByText("The emulator really holds 1 key.").waitFor();
  assert.deepEqual(
    (await service.keys()).map(({ displayName }) => displayName),
    ["survivor"],
  );
  await page.getByText("A bad network is switched on").waitFor({ state: "hidden" });
  assert.ok(
    !(await page.getByRole("switch", { name: "Lose answers of creates" }).isChecked()),
    "the order has been used up",
  );
  assert.deepEqual(ofThePage(problems), []);
});

test("where every create fails, retries are shown, and the network is good again at a click", async () => {
  const { page } = await connected(browser, service.url);
  await page.getByRole("tab", { name: /^What happened/ }).click();
  await page.getByLabel("Fail: how often").selectOption("all");
  await page.getByRole("switch", { name: "Fail" }).check();
  await page.getByRole("switch", { name: "Slow down" }).check();
  await until(async () => (await service.faults()).length === 2, "the emulator has its orders");
  await page.getByRole("switch", { name: "Slow down" }).uncheck();
  await until(async () => (await service.faults()).length === 1, "one order is left");
  await create(page, "doomed");
  const alert = page.getByRole("dialog").getByRole("alert");
  await alert.getByText("or its gateway has failed").waitFor();
  await page.keyboard.press("Escape");
  await entry(page, "Create “doomed”")
    .getByText(/answered 503\. Attempt 2 in/)
    .first()
    .waitFor();
  await entry(page, "Create “doomed”").getByText("Failed", { exact: true }).waitFor();
  await page.getByText(/requests got into trouble so far/).waitFor();
  await accessible(page, "journal with retries");
  await page.locator("#trouble").getByRole("button").click();
  await until(async () => (await service.faults()).length === 0, "all is well");
  await page.locator("#trouble").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByText("Cleared, but for what is still open.").waitFor();
  const fate = entry(page, "Create “doomed”").locator(".fate");
  await fate.getByRole("button", { name: "Look now" }).click();
  await fate.getByText("Last looked at").waitFor();
  assert.deepEqual(await service.keys(), []);
});

test("without --faults the emulator offers no bad network", async () => {
  const { startEmulator } = await import("../emulator/server.mjs");
  const plain = await startEmulator({ args: ["--www", www] });
  try {
    const { page } = await connected(browser, plain.url);
    await page.getByRole("tab", { name: /^What happened/ }).click();
    assert.ok(await page.locator("#network").isHidden());
  } finally {
    await plain.stop();
  }
});
