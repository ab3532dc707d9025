// What holds in every state: by keyboard alone, in a narrow window, in the dark, in longer words, and no
// secret outside the page's memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, connect, connected, fits, open, rows, TOKEN, until, www } from "./console.mjs";
import { someKeys, startService } from "./service.mjs";
import { browser, service, share } from "./session.mjs";

share();

/** Through the page's main states, with something called in each. */
async function walk(page, each) {
  await each("connect");
  await connect(page);
  await each("empty");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("button", { name: "Add an annotation" }).click();
  await each("create");
  await page.getByLabel("Annotation name").fill("team");
  await page
    .getByRole("textbox", { name: "Name", exact: true })
    .fill("a name that is longer than most names of keys are, all in all");
  await page.getByRole("radio", { name: "Never expires" }).check();
  await each("never");
  await page.locator("dialog button[type=submit]").click();
  const secret = page.locator("dialog .secret");
  await secret.waitFor();
  await page.getByRole("button", { name: "Reveal" }).click();
  await each("secret");
  const key = await secret.textContent();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await rows(page).first().waitFor();
  await each("list");
  await page.locator("[data-action=revoke]").first().click();
  await each("revoke");
  await page.keyboard.press("Escape");
  await page.locator("[data-action=rotate]").first().click();
  await each("rotate");
  await page.keyboard.press("Escape");
  await page.locator("#timeline-tab").click();
  await each("timeline");
  await page.locator("#journal-tab").click();
  await each("what happened");
  return key;
}

test("everything can be read at 360 px, in the dark and in the light", async () => {
  for (const colorScheme of ["dark", "light"]) {
    const { page } = await open(browser, service.url, { colorScheme, viewport: { width: 360, height: 740 } });
    await walk(page, async (state) => {
      await fits(page, `${colorScheme}, ${state}`);
      await accessible(page, `${colorScheme}, narrow, ${state}`);
    });
    await service.reset();
  }
});

test("everything can be read in the dark in a wide window", async () => {
  const { page } = await open(browser, service.url, { colorScheme: "dark" });
  await walk(page, async (state) => {
    await fits(page, state);
    await accessible(page, `dark, ${state}`);
  });
});

test("words that are a third longer fit, and none of them is cut off", async () => {
  for (const width of [1280, 360]) {
    const { page } = await open(browser, service.url, { viewport: { width, height: 740 } });
    await walk(page, async (state) => {
      const cut = await page.evaluate(() => {
        const clones = [];
        for (const element of document.querySelectorAll(
          "button, label, legend, h1, h2, p, summary, th button, .badge, .note, option",
        )) {
          if (element.children.length > 0 || !element.textContent.trim() || !element.checkVisibility())
            continue;
          clones.push([element, element.textContent]);
          // As German does it: longer words, not more of them.
          element.textContent = element.textContent.replace(
            /\p{L}{4,}/gu,
            (word) => word + "n".repeat(Math.ceil(word.length / 3)),
          );
        }
        const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        const clipped = [...document.querySelectorAll("button:not(.name, [data-sort]), label, legend, h2")]
          .filter(
            (element) =>
              element.checkVisibility() &&
              !element.closest(".visually-hidden, #keys-head") &&
              !element.matches(".visually-hidden"),
          )
          .filter(
            (element) =>
              element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline",
          )
          .map((element) => element.textContent);
        for (const [element, text] of clones) element.textContent = text;
        return { wide, clipped };
      });
      assert.deepEqual(cut, { wide: 0, clipped: [] }, `${width} px, ${state}`);
    });
    await service.reset();
  }
});

test("by keyboard alone: connect, create, store, walk to the key, rotate it, revoke it", async () => {
  const { page, problems } = await open(browser, service.url);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      return activeElement.getAttribute("aria-label") ?? activeElement.textContent.trim();
    });
  const tabTo = async (name) => {
    for (let presses = 0; presses < 40 && (await focused()) !== name; presses += 1) await press("Tab");
    assert.equal(await focused(), name);
  };
  await tabTo("Connect");
  await press("Enter");
  await page.getByText("No keys yet").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await tabTo("Create the first key");
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("typed");
  await press("Tab", "ArrowLeft", "Enter");
  await page.getByRole("dialog", { name: "Your new key" }).waitFor();
  assert.equal(await focused(), "Copy", "the focus is in the dialog");
  await tabTo("I have stored it");
  await press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const [{ expireTime }] = await service.keys();
  assert.ok(Date.parse(expireTime) < Date.now() + 2 * 86_400_000, "the arrow key has chosen one day");
  await until(async () => (await rows(page).count()) === 1, "the key is listed");
  await tabTo("typed, details");
  for (let presses = 0; presses < 8 && (await focused()) !== "Rotate typed"; presses += 1)
    await press("ArrowRight");
  await press("Enter");
  await page.getByRole("dialog", { name: "Rotate “typed”" }).waitFor();
  await tabTo("Start");
  await press("Enter");
  await page.getByRole("dialog", { name: "Store the new key" }).waitFor();
  await tabTo("I have stored it");
  await press("Enter");
  await page.getByText("The old one works until").waitFor();
  await tabTo("Close");
  await press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await focused(), "Rotate typed", "the focus is back");
  await press("ArrowRight", "Enter");
  await page.getByRole("dialog", { name: "Revoke “typed”?" }).waitFor();
  await press("Tab", "Enter");
  await until(async () => (await service.keys()).length === 1, "revoked");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await focused(), "Revoke typed", "the focus is on the row that is left");
  assert.deepEqual(problems, []);
});

test("no token and no key is in storage, the address or the console, or left in the document", async () => {
  const { page, context, problems } = await open(browser, service.url);
  const key = await walk(page, async () => {});
  const kept = await page.evaluate(async () =>
    JSON.stringify({
      address: location.href,
      cookies: document.cookie,
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases: (await indexedDB.databases?.()) ?? [],
      caches: await caches.keys(),
      history: [history.state, history.length],
      values: [...document.querySelectorAll("input")].map(({ value }) => value),
      document: document.documentElement.outerHTML,
    }),
  );
  for (const secret of [TOKEN, key]) assert.ok(!kept.includes(secret), secret.slice(0, 5));
  const state = JSON.parse(kept);
  assert.deepEqual(
    [state.local, state.session, state.databases, state.caches, state.cookies],
    [{}, {}, [], [], ""],
  );
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(problems, []);
});

test("the policy is kept: no violation on the way through every state", async () => {
  const host = await startService({ www, keys: someKeys(30) });
  try {
    for (const url of [service.url, host.page]) {
      const context = await browser.newContext();
      await context.addInitScript(() => {
        globalThis.violations = [];
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
          violations.push([effectiveDirective, blockedURI, sample].join(" ")),
        );
      });
      const page = await context.newPage();
      const response = await page.goto(`${url}#connect`);
      assert.match(
        response.headers()["content-security-policy"],
        /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/,
      );
      await page.locator("html[data-ready]").waitFor();
      if (url === host.page) {
        await page.getByLabel("Token").fill("fw_somebody");
        await page.getByLabel("Account", { exact: true }).fill("acme");
        await page.getByLabel("Service address").fill(host.url);
        await connect(page);
        await page.locator("#timeline-tab").click();
      } else {
        await walk(page, async () => {});
      }
      assert.deepEqual(await page.evaluate(() => violations), []);
    }
  } finally {
    host.stop();
  }
});

test("leaving the page with a key that is not stored is asked about", async () => {
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Create the first key" }).click();
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("dialog", { name: "Your new key" }).waitFor();
  const asking = page.waitForEvent("dialog");
  await page.close({ runBeforeUnload: true });
  const asked = await asking;
  assert.equal(asked.type(), "beforeunload");
  await asked.accept();
});

test("dialogs and rows move where motion is wanted, and nowhere else", async () => {
  for (const [reducedMotion, moves] of [
    ["no-preference", true],
    ["reduce", false],
  ]) {
    for (const name of ["a", "b"]) await service.create(name);
    const { page } = await connected(browser, service.url, { reducedMotion });
    await rows(page).nth(1).waitFor();
    const moving = (selector, act) =>
      page.evaluate(
        async ([selector, act]) => {
          await document.fonts.ready;
          document.querySelector(act).click();
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          return [...document.querySelectorAll(selector)].filter((each) => each.getAnimations().length > 0)
            .length;
        },
        [selector, act],
      );
    assert.equal(await moving("#keys-body > tr", "[data-sort=name]"), moves ? 2 : 0, "rows");
    assert.equal(await moving("dialog", "#create"), moves ? 1 : 0, "dialogs");
    await service.reset();
  }
});

test("what the page's first module needs last is on its way before it is read", async () => {
  const { page } = await open(browser, service.url);
  const early = await page.locator("link[rel=modulepreload]").evaluateAll((links) => {
    const of = (url) => performance.getEntriesByName(url)[0];
    const { responseEnd } = of(new URL("main.js", location.href).href);
    return links.map(({ href }) => of(href).startTime < responseEnd);
  });
  assert.deepEqual(early, [true, true]);
});
