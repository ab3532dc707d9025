// Makes the reference screenshots of the console's main states anew:
// CHROMIUM=… node tests/browsers/screenshots.mjs They are to be looked at, and no test compares them. With
// `--all FOLDER`, every state in three widths, light, dark and in forced colours, as PNG into that folder;
// with names after it, only those states.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, open, startBrowser, startConsole, www } from "./console.mjs";
import { someKeys, startService } from "./service.mjs";

const browser = await startBrowser();
const emulator = await startConsole();
const host = await startService({ www, keys: [] });

const WIDE = { viewport: { width: 1280, height: 800 } };
const MIDDLE = { viewport: { width: 768, height: 900 } };
const NARROW = { viewport: { width: 360, height: 740 } };
const DARK = { colorScheme: "dark" };
const FORCED = { forcedColors: "active" };

/** A page over so many keys of every age. */
async function acme(options, number = 14) {
  host.keys = someKeys(number);
  const { page } = await open(browser, host.page, options);
  await page.getByLabel("Token").fill("fw_somebody");
  await page.getByLabel("Account", { exact: true }).fill("acme");
  await page.getByLabel("Service address").fill(host.url);
  await connect(page);
  await page.locator("#loading").waitFor({ state: "hidden" });
  return page;
}

/** A page that is connected to the emulator, which holds nothing but what `prepare` makes. */
async function local(options, prepare) {
  await emulator.reset();
  await prepare?.();
  const { page } = await open(browser, emulator.url, options);
  await connect(page);
  return page;
}

async function creating(page, name = "deploy") {
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
}

async function lose(options, trouble) {
  await emulator.reset();
  const { page } = await open(browser, `${emulator.url}/#survive`, options);
  if (trouble) {
    await page.getByRole("radio", { name: trouble }).check();
    await page.getByRole("button", { name: /^Lose the answer/ }).click();
    await page.getByRole("button", { name: "Lose the answer again" }).waitFor();
  }
  return page;
}

const dropped = (more) => ({ operation: "create", fault: { kind: "drop", when: "after" }, ...more });

/** Each state: how it looks in the reference picture, and how to get there. */
const STATES = {
  "survive": [WIDE, (options) => lose(options, "the next one")],
  "survive-dark": [{ ...WIDE, ...DARK }, (options) => lose(options, "the next one")],
  "survive-every": [MIDDLE, (options) => lose(options, "every one")],
  "survive-begin": [NARROW, (options) => lose(options)],
  "connect-wrong-token": [
    WIDE,
    async (options) => {
      const { page } = await open(browser, emulator.url, options);
      await page.getByLabel("Token").fill("fw_wrong");
      await page.getByRole("button", { name: "Connect" }).click();
      await page.getByRole("alert").waitFor();
      return page;
    },
  ],
  "empty": [WIDE, local],
  "create": [
    WIDE,
    async (options) => {
      const page = await local(options);
      await creating(page);
      await page.getByRole("radio", { name: "Never expires" }).check();
      await page.getByRole("button", { name: "Add an annotation" }).click();
      await page.getByLabel("Annotation name").fill("fireworks-keys-mine");
      await page.getByRole("button", { name: "Create the key" }).click();
      await page.locator(".annotation .field-error").getByText("keeps for itself").waitFor();
      return page;
    },
  ],
  "secret": [
    WIDE,
    async (options) => {
      const page = await local(options);
      await emulator.fault(dropped());
      await creating(page);
      await page.getByRole("button", { name: "Create the key" }).click();
      await page.getByRole("dialog", { name: "Your new key" }).waitFor();
      await page.getByRole("button", { name: "Test it" }).click();
      await page.locator("dialog .said").getByText("It works").waitFor();
      return page;
    },
  ],
  "fate": [
    { ...MIDDLE, ...DARK },
    async (options) => {
      const page = await local(options);
      await emulator.fault(dropped({ share: 1 }));
      await emulator.fault({ operation: "list", share: 1, fault: { kind: "answer", status: 503 } });
      await creating(page);
      await page.getByRole("button", { name: "Create the key" }).click();
      await page.getByRole("dialog").getByRole("alert").waitFor();
      return page;
    },
  ],
  "what-happened": [
    WIDE,
    async (options) => {
      const page = await local(options);
      await emulator.fault(dropped({ share: 1 }));
      await creating(page, "through the storm");
      await page.getByRole("button", { name: "Create the key" }).click();
      await page.getByRole("dialog").getByRole("alert").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("tab", { name: /^What happened/ }).click();
      await page.getByText("The request as curl").first().click();
      return page;
    },
  ],
  "rotate": [
    WIDE,
    async (options) => {
      const page = await local(options, () => emulator.create("deploy"));
      await page.getByRole("button", { name: "Rotate deploy" }).click();
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByRole("button", { name: "I have stored it" }).click();
      await page.getByText("The old one works until").waitFor();
      return page;
    },
  ],
  "list": [WIDE, (options) => acme(options, 26)],
  "narrow-dark": [{ ...NARROW, ...DARK }, (options) => acme(options, 26)],
  "owners": [
    MIDDLE,
    async (options) => {
      const page = await acme(options, 26);
      await page.getByRole("button", { name: "By owner" }).click();
      return page;
    },
  ],
  "ticked": [
    NARROW,
    async (options) => {
      const page = await acme(options, 26);
      await page.getByRole("button", { name: /^Never expires/ }).click();
      await page.getByRole("button", { name: /^Tick all/ }).click();
      return page;
    },
  ],
  "clean-up": [
    WIDE,
    async (options) => {
      const page = await acme(options, 26);
      await page.getByRole("button", { name: /^Never expires/ }).click();
      await page.getByRole("button", { name: /^Tick all/ }).click();
      await page.getByRole("button", { name: /^Revoke \d+…/ }).click();
      await page.getByText("The list was read again").waitFor();
      return page;
    },
  ],
  "cleaned-up": [
    MIDDLE,
    async (options) => {
      const page = await local(options, async () => {
        for (const name of ["nightly", "old laptop", "trial"]) await emulator.create(name);
        const { key } = await emulator.create("production");
        await fetch(`${emulator.url}/v1/accounts/local`, { headers: { authorization: `Bearer ${key}` } });
      });
      await page.getByRole("button", { name: "Tick all 4", exact: true }).click();
      await page.getByRole("button", { name: "Revoke 4…" }).click();
      await page.getByRole("button", { name: "Revoke 3 keys" }).click();
      await page.getByRole("heading", { name: "3 keys revoked." }).waitFor();
      return page;
    },
  ],
  "finish": [
    { ...WIDE, ...DARK },
    async (options) => {
      const page = await local(options, async () => {
        const { keyId } = await emulator.create("deploy");
        const annotations = { "fireworks-keys-rotates": keyId, "fireworks-keys-revokes": keyId };
        await emulator.create("deploy", { annotations });
      });
      await page.getByRole("button", { name: "Finish deploy" }).click();
      return page;
    },
  ],
  "details": [
    NARROW,
    async (options) => {
      const page = await acme(options);
      await page.getByRole("button", { name: "deploy, details" }).first().click();
      return page;
    },
  ],
  "owner-gone": [
    WIDE,
    async (options) => {
      const page = await acme(options, 26);
      await page.getByRole("button", { name: /^Owner gone/ }).click();
      await page.getByRole("button", { name: /^Revoke billing/ }).click();
      return page;
    },
  ],
  "revoke": [
    { ...WIDE, ...FORCED },
    async (options) => {
      const page = await acme(options);
      await page.locator("[data-action=revoke]").first().click();
      return page;
    },
  ],
  "timeline": [
    WIDE,
    async (options) => {
      const page = await acme(options);
      await page.getByRole("tab", { name: "Timeline" }).click();
      return page;
    },
  ],
  "timeline-500-dark": [
    { ...WIDE, ...DARK },
    async (options) => {
      const page = await acme(options, 500);
      await page.getByRole("tab", { name: "Timeline" }).click();
      return page;
    },
  ],
  "offline-dark": [
    { ...WIDE, ...DARK },
    async (options) => {
      const page = await acme(options);
      await page.context().setOffline(true);
      await page.getByRole("button", { name: "Reload" }).click();
      await page.getByRole("alert").waitFor();
      return page;
    },
  ],
};

/** WebP, which no browser writes by itself: another page draws the picture again. */
async function webp(painter, png) {
  const data = await painter.evaluate(async (png) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = Object.assign(document.createElement("canvas"), {
      width: image.width,
      height: image.height,
    });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.65).split(",")[1];
  }, png.toString("base64"));
  return Buffer.from(data, "base64");
}

/** A state, as each of these looks shows it. */
async function shoot([options, go], looks = [options]) {
  const page = await go(options);
  const pictures = [];
  for (const { viewport = WIDE.viewport, colorScheme = "light", forcedColors = "none" } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, forcedColors });
    // What is drawn anew for the width is drawn, and what moves has come to rest.
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
    pictures.push(await page.screenshot());
  }
  await page.context().close();
  await emulator.calm();
  return pictures;
}

try {
  const [flag, to, ...names] = process.argv.slice(2);
  if (flag === "--all") {
    await mkdir(to, { recursive: true });
    // Forced colours come last: Chromium keeps the borders of a table as they were forced.
    const widths = [WIDE, MIDDLE, NARROW];
    const looks = [{}, DARK, FORCED].flatMap((more) => widths.map((width) => ({ ...width, ...more })));
    for (const [name, state] of Object.entries(STATES)) {
      if (names.length > 0 && !names.includes(name)) continue;
      for (const [index, png] of (await shoot(state, looks)).entries()) {
        const look = ["light", "dark", "forced"][Math.floor(index / widths.length)];
        await writeFile(join(to, `${name}-${looks[index].viewport.width}-${look}.png`), png);
      }
    }
  } else {
    const folder = join(import.meta.dirname, "screenshots");
    await mkdir(folder, { recursive: true });
    const painter = await (await browser.newContext()).newPage();
    for (const [name, state] of Object.entries(STATES))
      await writeFile(join(folder, `${name}.webp`), await webp(painter, (await shoot(state))[0]));
  }
} finally {
  await browser.close();
  await emulator.stop();
  host.stop();
}
