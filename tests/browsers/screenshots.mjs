// Makes the reference screenshots of the console's main states anew:
// CHROMIUM=… node tests/browsers/screenshots.mjs
// They are to be looked at, and no test compares them.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, open, rowOf, startBrowser, startConsole, www } from "./console.mjs";
import { someKeys, startService } from "./service.mjs";

const folder = join(import.meta.dirname, "screenshots");

const browser = await startBrowser();
const emulator = await startConsole();
const host = await startService({ www, keys: someKeys(14) });
const painter = await (await browser.newContext()).newPage();

/** WebP, which no browser writes by itself: another page draws the picture again. */
async function shoot(page, name) {
  await page.waitForTimeout(150);
  const png = (await page.screenshot()).toString("base64");
  const webp = await painter.evaluate(async (png) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = Object.assign(document.createElement("canvas"), {
      width: image.width,
      height: image.height,
    });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.65).split(",")[1];
  }, png);
  await writeFile(join(folder, `${name}.webp`), Buffer.from(webp, "base64"));
}

async function acme(options) {
  const { page } = await open(browser, host.page, options);
  await page.getByLabel("Token").fill("fw_somebody");
  await page.getByLabel("Account", { exact: true }).fill("acme");
  await page.getByLabel("Service address").fill(host.url);
  await connect(page);
  await page.locator("#loading").waitFor({ state: "hidden" });
  return page;
}

try {
  await mkdir(folder, { recursive: true });

  const { page, context } = await open(browser, emulator.url);
  await page.getByLabel("Token").fill("fw_wrong");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").waitFor();
  await shoot(page, "connect-wrong-token");
  await page.getByLabel("Token").fill("fw_local_admin");
  await connect(page);
  await shoot(page, "empty");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("deploy");
  await page.getByRole("radio", { name: "Never expires" }).check();
  await page.getByRole("button", { name: "Add an annotation" }).click();
  await page.getByLabel("Annotation name").fill("fireworks-keys-mine");
  await page.getByLabel("Annotation value").fill("infra");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.locator(".annotation .field-error").getByText("keeps for itself").waitFor();
  await shoot(page, "create");
  await page.getByLabel("Annotation name").fill("team");
  await emulator.fault({ operation: "create", fault: { kind: "drop", when: "after" } });
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("dialog", { name: "Your new key" }).waitFor();
  await shoot(page, "secret");
  await page.getByRole("button", { name: "I have stored it" }).click();
  await rowOf(page, "deploy").waitFor();
  await page.getByRole("button", { name: "Rotate deploy" }).click();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByText("The old one works until").waitFor();
  await shoot(page, "rotate");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("tab", { name: /^What happened/ }).click();
  await page.getByLabel("Fail: how often").selectOption("half");
  await page.getByRole("switch", { name: "Fail" }).check();
  await emulator.fault({ operation: "create", times: 2, fault: { kind: "answer", status: 503, body: "{}" } });
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("through the storm");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.locator("dialog .secret, dialog .alert").first().waitFor();
  const stored = page.getByRole("button", { name: "I have stored it" });
  if (await stored.isVisible()) await stored.click();
  else await page.keyboard.press("Escape");
  await page.getByText("The request as curl").first().click();
  await page.waitForTimeout(3_000);
  await shoot(page, "what-happened");
  await context.close();

  const list = await acme();
  await shoot(list, "list");
  await list.getByRole("button", { name: "Revoke search" }).click();
  await shoot(list, "revoke");
  await list.keyboard.press("Escape");
  await list.getByRole("tab", { name: "Timeline" }).click();
  await shoot(list, "timeline");
  host.keys = someKeys(500);
  const many = await acme({ colorScheme: "dark" });
  await many.getByRole("tab", { name: "Timeline" }).click();
  await shoot(many, "timeline-500-dark");
  const narrow = await acme({ colorScheme: "dark", viewport: { width: 360, height: 740 } });
  await shoot(narrow, "narrow-dark");
  await many.getByRole("tab", { name: "Keys" }).click();
  host.stop();
  await many.context().setOffline(true);
  await many.getByRole("button", { name: "Reload" }).click();
  await many.getByRole("alert").waitFor();
  await shoot(many, "offline-dark");
} finally {
  await browser.close();
  await emulator.stop();
  host.stop();
}
