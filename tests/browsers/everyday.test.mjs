// What makes the console pleasant every day: a new key finds its place, the address tells what is shown, the
// keyboard, what matters on top, what ends next, and no waiting.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import {
  accessible,
  connect,
  connected,
  fits,
  hold,
  ofThePage,
  open,
  rowOf,
  rows,
  TOKEN,
  until,
} from "./console.mjs";
import { someKeys } from "./service.mjs";
import { browser, loaded, over, service, share, signIn } from "./session.mjs";

share();

async function make(page, name = "fresh") {
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByRole("button", { name: "Create the key" }).click();
  const secret = page.getByRole("dialog", { name: "Your new key" });
  await secret.waitFor();
  return secret;
}

test("a new key is given in the form that its place needs, and only two of them hold it", async () => {
  const { page, context, problems } = await connected(browser, service.url);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const secret = await make(page);
  const texts = {};
  for (const name of ["Key", ".env", "curl", "JavaScript", "Python", "GitHub secret"]) {
    await secret.getByRole("radio", { name, exact: true }).check();
    await secret.getByRole("button", { name: "Copy" }).click();
    await secret.locator(".said").getByText("Copied.").waitFor();
    texts[name] = await page.evaluate(() => navigator.clipboard.readText());
    await accessible(page, name);
  }
  const key = texts.Key;
  assert.match(key, /^fw_\w{24}$/);
  assert.equal(texts[".env"], `FIREWORKS_API_KEY=${key}`);
  assert.equal(texts["GitHub secret"], "gh secret set FIREWORKS_API_KEY");
  assert.ok(!(await page.content()).includes(key), "it is masked in every format");
  const env = { ...process.env, FIREWORKS_API_KEY: key };
  for (const [name, command, args] of [
    ["curl", "sh", ["-c"]],
    ["JavaScript", process.execPath, ["--input-type=module", "-e"]],
    ["Python", "python3", ["-c"]],
  ]) {
    assert.ok(!texts[name].includes(key), name);
    assert.match(execFileSync(command, [...args, texts[name]], { env }).toString(), /accounts\/local/, name);
  }
  assert.deepEqual(problems, []);
});

test("a new key can be tried, and a 401 is not called a failure", async () => {
  const { page } = await connected(browser, service.url);
  const secret = await make(page);
  await secret.getByText("that may set “last used”").waitFor();
  await service.fault({ operation: "account", fault: { kind: "answer", status: 401, body: '{"code": 16}' } });
  await secret.getByRole("button", { name: "Test it" }).click();
  await secret.locator(".said").getByText("Not known yet.").waitFor();
  await service.fault({
    operation: "account",
    fault: { kind: "answer", status: 200, body: "<p>sign in</p>" },
  });
  await secret.getByRole("button", { name: "Test it" }).click();
  await secret.locator(".said").getByText("Not known whether it works").waitFor();
  await secret.getByRole("button", { name: "Test it" }).click();
  await secret.locator(".said").getByText("It works: it reads the account.").waitFor();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.locator("#keys-body tr[data-new]").getByText("fresh").waitFor();
});

test("what an answer tells of a new key is no more than it proves", async () => {
  const { page } = await connected(browser, service.url);
  const secret = await make(page);
  const answer = (status, body, more = {}) => ({ kind: "answer", status, body, ...more });
  for (const [fault, words] of [
    [answer(403, '{"code": 7}'), /^It works: the service knows it. Its user may not/],
    [answer(403, '{"error": "forbidden"}'), /^Not known whether it works: the answer \(403\)/],
    [answer(200, '{"name": "accounts/other"}'), /^Not known whether it works: the answer \(200\)/],
    [answer(302, "", { headers: { location: "/elsewhere" } }), /^Not known.*: the answer leads elsewhere\.$/],
    [undefined, /^Not known whether it works: no answer arrived\.$/],
  ]) {
    if (fault) await service.fault({ operation: "account", fault });
    else await page.route(/accounts\/local$/, (route) => route.abort());
    await secret.getByRole("button", { name: "Test it" }).click();
    await secret.locator(".said").getByText(words).waitFor();
    await accessible(page, String(words));
  }
});

test("where the browser does not let the page copy, only what holds the key reveals it", async () => {
  const script = "navigator.clipboard.writeText = async () => { throw new Error(); };";
  const { page } = await connected(browser, service.url, { script });
  const secret = await make(page);
  const output = secret.locator(".secret");
  const copy = async (format) => {
    await secret.getByRole("radio", { name: format, exact: true }).check();
    await secret.getByRole("button", { name: "Copy" }).click();
    await secret.locator(".said[data-tone=warning]").getByText("copy it by hand").waitFor();
    assert.equal(await page.evaluate(() => String(getSelection())), await output.textContent(), format);
  };
  await copy("GitHub secret");
  await accessible(page, "not copied");
  await secret.getByRole("radio", { name: "Key", exact: true }).check();
  assert.match(await output.textContent(), /^fw_.{4}•+$/, "it is masked still");
  await copy("Key");
  assert.match(await output.textContent(), /^fw_\w{24}$/);
});

test("a key that was just made is not told to be unused", async () => {
  await service.create("young");
  const { page } = await connected(browser, service.url);
  assert.equal(await rowOf(page, "young").locator("[data-label='Last used']").textContent(), "Not yet");
  assert.equal(await rowOf(page, "young").locator(".badges").textContent(), "No end");
});

test("the address tells what is shown: Back, a reload and a shared link bring it again", async () => {
  const { page } = await over(someKeys(60), { fragment: "#keys?finding=never-used&sort=name" });
  const chip = (name) => page.getByRole("button", { name: new RegExp(`^${name}`) });
  assert.equal(await chip("Never used").getAttribute("aria-pressed"), "true", "a shared link");
  assert.equal(await page.locator("[aria-sort=ascending] button").getAttribute("data-sort"), "name");
  await chip("Never expires").click();
  await page.waitForURL(/finding=never-used&finding=never-expires&sort=name/);
  const length = await page.evaluate(() => history.length);
  await page.getByLabel("Filter", { exact: true }).pressSequentially("deploy");
  await page.waitForURL(/q=deploy/);
  assert.equal(await page.evaluate(() => history.length), length, "typing makes no history");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.waitForURL(/#timeline\?q=deploy/);
  await page.goBack();
  await page.getByRole("tabpanel", { name: "Keys" }).waitFor();
  await page.goBack();
  assert.equal(await chip("Never expires").getAttribute("aria-pressed"), "false");
  assert.equal(await page.getByLabel("Filter", { exact: true }).inputValue(), "");
  await page.goForward();
  await page.reload();
  await page.locator("html[data-ready]").waitFor();
  await signIn(page);
  await loaded(page);
  assert.equal(await page.getByLabel("Filter", { exact: true }).inputValue(), "deploy");
});

test("the keys by owner have an address, too: Back and a shared link bring them again", async () => {
  const keys = someKeys(12).map((key, index) => (index === 4 ? { ...key, email: undefined } : key));
  const { page } = await over(keys, { fragment: "#keys?by=owner" });
  const groups = page.getByRole("region", { name: "Keys by owner" });
  await groups.getByRole("button", { name: "Not said" }).click();
  await page.waitForURL(/#keys\?owner=$/);
  await page.getByText("1 of 12 keys", { exact: true }).waitFor();
  const chosen = () => page.locator("#owner option:checked").textContent();
  assert.equal(await chosen(), "Not said");
  await page.goBack();
  await groups.waitFor();
  assert.equal(await chosen(), "Any owner");
  await page.getByRole("button", { name: "By owner", pressed: true }).click();
  await page.waitForURL(/#keys$/);
  await page.goBack();
  await groups.waitFor();
});

test("a link that holds a key keeps no more than its prefix", async () => {
  const { key } = await service.create("linked");
  const { page } = await open(browser, `${service.url}/#keys?q=x&owner=${key}&finding=${key}`);
  const safe = async (state) => {
    await page.waitForURL(new RegExp(`owner=${key.slice(0, 7)}&`));
    assert.ok(!page.url().includes(key.slice(0, 8)), state);
    assert.ok(!(await page.content()).includes(key.slice(0, 8)), state);
  };
  await safe("opened");
  await connect(page);
  await safe("connected");
  await page.evaluate((key) => (location.hash = `#keys?owner=${key}&q=y`), key);
  await safe("followed");
});

test("a key that is pasted into the filter is cut to its prefix, in the address, too", async () => {
  const { key } = await service.create("found");
  const { page } = await connected(browser, service.url);
  await page.getByLabel("Filter", { exact: true }).fill(key);
  await rowOf(page, "found").waitFor();
  assert.equal(await page.getByLabel("Filter", { exact: true }).inputValue(), key.slice(0, 7));
  await page.waitForURL(/q=fw_/);
  assert.ok(!page.url().includes(key.slice(0, 8)) && !page.url().includes(TOKEN));
});

test("the keyboard reaches the filter, a new key and the list of shortcuts", async () => {
  const { page } = await over(someKeys(5));
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "filter");
  await page.keyboard.type("c?/");
  assert.equal(await page.getByLabel("Filter", { exact: true }).inputValue(), "c?/", "typing is typing");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.keyboard.press("Control+k");
  assert.equal(await page.evaluate(() => document.activeElement.id), "filter");
  await page.getByLabel("Filter", { exact: true }).fill("");
  await page.getByRole("tab", { name: "Keys" }).focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await accessible(page, "shortcuts");
  await page.keyboard.press("c");
  assert.equal(await page.getByRole("dialog").count(), 1, "no dialog opens on another");
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByRole("slider", { name: "Key" }).focus();
  await page.keyboard.press("c");
  await page.getByRole("dialog", { name: "Create a key" }).waitFor();
});

test("no shortcut works before there is a connection, or beside the trial", async () => {
  const { page } = await open(browser, service.url);
  const nothing = async () => {
    await page.locator("body").evaluate(() => document.activeElement.blur());
    for (const key of ["c", "?", "/", "Control+k"]) await page.keyboard.press(key);
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "filter");
  };
  await nothing();
  await connect(page);
  await page.getByRole("link", { name: "See it survive" }).click();
  await page.getByRole("button", { name: /^Lose the answer/ }).waitFor();
  await nothing();
});

test("what matters stands on top, and filters for it", async () => {
  const { page } = await over(someKeys(40));
  const summary = page.locator("#summary");
  assert.match(
    await summary.textContent(),
    /^\d+ never expire · \d+ of users who left( · \d+ ends? within 7 days)?$/,
  );
  const [, number] = /^(\d+)/.exec(await summary.textContent());
  await summary.getByRole("button", { name: /never expire/ }).click();
  await page.getByText(`${number} of 40 keys`).waitFor();
});

test("of many keys the ends are counted by day, week and month, and a count leads to its keys", async () => {
  const { page, problems } = await over(someKeys(300));
  await page.getByRole("tab", { name: "Timeline" }).click();
  const bins = page.locator("#histogram-bins button");
  for (const [unit, number] of [
    ["Day", 28],
    ["Month", 24],
    ["Week", 26],
  ]) {
    await page.getByRole("radio", { name: unit }).check();
    assert.equal(await bins.count(), number);
    await accessible(page, `by ${unit}`);
  }
  const bin = page.locator("#histogram-bins button:not([aria-disabled])").first();
  const [, number] = /: (\d+) keys?$/.exec(await bin.getAttribute("aria-label"));
  await bin.click();
  // What ended earlier in this week is not counted, and so not shown.
  await page.getByText(`${number} of 300 keys`, { exact: true }).waitFor();
  await page.waitForFunction(() => /ends=\d+-\d+/.test(location.hash));
  const chosen = page.locator("#chips .chip").first();
  await chosen.click();
  await page.locator("#chips .chip[aria-pressed=true]").waitFor();
  assert.match(
    await page.locator("#tick-shown").textContent(),
    /^Tick all \d+$/,
    "it is not all that are so",
  );
  await chosen.click();
  await accessible(page, "by end");
  await page.getByRole("button", { name: /^Ends .*: remove$/ }).click();
  await page.getByText("300 keys", { exact: true }).waitFor();
  assert.deepEqual(ofThePage(problems), []);
});

test("a bar of the timeline opens its key, by pointer and by keyboard", async () => {
  const { page } = await over(someKeys(5));
  await page.getByRole("tab", { name: "Timeline" }).click();
  assert.ok((await page.locator("#timeline-picture .used").count()) > 0, "the last use is a dot");
  await page.locator("#timeline-picture .bar rect").first().click();
  await page.getByRole("dialog").getByText("Key id").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Details" }).click();
  await page.getByRole("dialog").waitFor();
});

test("rows do not move when the list is loaded anew", async () => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    const { page } = await over(someKeys(60), { viewport });
    const top = () => page.locator("#viewport").evaluate((element) => element.getBoundingClientRect().top);
    const before = await top();
    const held = await hold(page, "GET", (url) => url.pathname.endsWith("/apiKeys"));
    await page.getByRole("button", { name: "Reload" }).click();
    await held.asked();
    await page.getByText("Loading", { exact: false }).first().waitFor();
    assert.equal(await top(), before, `${viewport.width}`);
    held.release();
    await page.locator("#loading").waitFor({ state: "hidden" });
    assert.equal(await top(), before);
  }
});

test("at 140 % text, badges stay clear of the buttons", async () => {
  for (const width of [1900, 1600, 1280]) {
    const { page } = await over(someKeys(30), { viewport: { width, height: 900 } });
    await page.evaluate(() => (document.documentElement.style.fontSize = "140%"));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    const overlaps = await page.evaluate(
      () =>
        [...document.querySelectorAll("#keys-body tr")].filter((row) => {
          const buttons = row.querySelector("[data-label=Actions]").getBoundingClientRect();
          return [...row.querySelectorAll(".badge")].some((badge) => {
            const { left, right, top, bottom } = badge.getBoundingClientRect();
            const within = badge.parentElement.getBoundingClientRect();
            return (
              Math.min(right, within.right) > buttons.left &&
              left < buttons.right &&
              bottom > buttons.top &&
              top < buttons.bottom
            );
          });
        }).length,
    );
    assert.equal(overlaps, 0, `${width}`);
    await fits(page, `${width}`);
  }
});

test("dates and numbers are written as the browser's language does, and words are English", async () => {
  const expireTime = "2031-03-05T12:00:00Z";
  const keys = someKeys(2_400).map((key) => ({ ...key, expireTime, lastUsed: undefined }));
  const { page } = await over(keys, { locale: "de-DE" });
  await page.getByText("2.400 keys", { exact: true }).waitFor();
  await rows(page).first().locator("[data-label=Expires] time").focus();
  await page
    .getByRole("tooltip")
    .getByText(/^05\.03\.2031, /)
    .waitFor();
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByText("2.400 keys after that.").waitFor();
  const busy = { status: 429, headers: { "retry-after": "1" }, json: { code: 8 } };
  await page.route(/apiKeys/, (route) => route.fulfill(busy), { times: 1 });
  await page.getByRole("tab", { name: "Keys" }).click();
  await page.getByRole("button", { name: "Reload" }).click();
  await page
    .locator("#journal")
    .getByText(/Attempt 2 in \d,\d s/)
    .waitFor({ state: "attached" });
});

test("two pages can hold one finding, and it is found", async () => {
  const keys = someKeys(700);
  for (const at of [3, 650]) keys[at] = { ...keys[at], annotations: { "fireworks-keys-attempt": "0123" } };
  const { page } = await over(keys);
  await page.getByRole("button", { name: /^Made twice 2$/ }).waitFor();
});

test("on a phone the page scrolls, and the table in it does not", async () => {
  const { page } = await over(someKeys(60), { viewport: { width: 360, height: 740 } });
  assert.equal(
    await page.locator("#viewport").evaluate((element) => element.scrollHeight - element.clientHeight),
    0,
  );
  const first = await rows(page).first().getAttribute("aria-rowindex");
  await page.evaluate(() => scrollTo(0, 4_000));
  await until(
    async () => (await rows(page).first().getAttribute("aria-rowindex")) > Number(first) + 5,
    "scrolled",
  );
  const seen = await page.evaluate(() => document.elementFromPoint(180, 370)?.closest("tr") !== null);
  assert.ok(seen, "rows are drawn where the page is");
  await fits(page, "scrolled");
});

test("what was said before does not lie beside a dialog", async () => {
  await service.create("gone");
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Revoke gone" }).click();
  await page.getByRole("button", { name: "Revoke “gone”" }).click();
  await page.locator("#status").getByText("is revoked").waitFor();
  await page.getByRole("button", { name: "Create a key" }).click();
  assert.equal(await page.locator("#status").textContent(), "");
});
