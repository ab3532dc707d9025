// While a page is open the time passes, and this machine's clock is one of two.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, connected, rowOf, until } from "./console.mjs";
import { browser, over, service, share } from "./session.mjs";

share();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A machine whose clock goes ahead by as much as a test says. */
const ahead = (by = 0) => `{
  const Right = Date;
  globalThis.by = ${by};
  globalThis.Date = class extends Right {
    constructor(...given) {
      if (given.length > 0) super(...given);
      else super(Right.now() + globalThis.by);
    }
    static now() {
      return Right.now() + globalThis.by;
    }
  };
}`;

/** Lets so much time pass, as if the machine had slept. */
const sleep = (page, by) =>
  page.evaluate((by) => {
    globalThis.by += by;
    document.dispatchEvent(new Event("visibilitychange"));
  }, by);

const time = (by) => new Date(Date.now() + by).toISOString();
const key = (keyId, more) => ({
  keyId,
  displayName: keyId,
  createTime: time(-30 * DAY),
  lastUsed: time(-HOUR),
  email: "ada@acme.example",
  secure: true,
  ...more,
});

const question = (page) => page.getByRole("dialog");

test("by a clock that may be ahead, no key is told to be out of use", async () => {
  // The service's times are behind, and it tells no other.
  const keys = [key("one", { expireTime: time(DAY) }), key("other", { expireTime: time(-10 * DAY) })];
  const { page } = await over(keys, { script: ahead(2 * DAY) });
  await page.getByRole("button", { name: "Revoke one", exact: true }).click();
  await question(page)
    .getByText(/^By this machine’s clock it expired .* stops working/)
    .waitFor();
  await accessible(page, "expired by this machine’s clock");
  await page.keyboard.press("Escape");
  // The service has told of a use after this end.
  await page.getByRole("button", { name: "Revoke other" }).click();
  await question(page).getByText("nothing can use it").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Tick all 2", exact: true }).click();
  await page.getByRole("button", { name: "Revoke 2…" }).click();
  await question(page).getByText("Whatever uses these keys stops working.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("checkbox", { name: "Tick one", exact: true }).uncheck();
  await page.getByRole("button", { name: "Revoke 1…" }).click();
  await question(page).getByText("All of them have expired").waitFor();
});

test("by a clock that may be ahead, no clean-up takes a key in use for unused", async () => {
  const { page } = await over([key("busy"), key("idle", { lastUsed: time(-20 * DAY) })], {
    script: ahead(3 * DAY),
  });
  await page.getByRole("button", { name: "Tick all 2", exact: true }).click();
  await page.getByRole("button", { name: "Revoke 2…" }).click();
  await question(page).getByText("1 key may have been used in the last 24 hours").waitFor();
  await accessible(page, "may be in use");
  await question(page).getByRole("button", { name: "Revoke 1 key" }).waitFor();
  assert.ok(!(await question(page).getByRole("checkbox", { name: /^busy/ }).isChecked()));
});

test("a page that stays open, or sleeps, follows the time", async () => {
  const keys = [
    key("ends", { expireTime: time(5 * DAY) }),
    key("later", { expireTime: time(20 * DAY) }),
    key("unused", { expireTime: time(300 * DAY), lastUsed: time(-85 * DAY) }),
  ];
  const { page } = await over(keys, { script: ahead() });
  const badges = (name) => rowOf(page, name).locator(".badges");
  await badges("ends").getByText("Ends soon").waitFor();
  const part = page.locator("#summary").getByRole("button", { name: "1 ends within 7 days" });
  await part.focus();
  await sleep(page, 10 * DAY);
  await badges("ends").getByText("Expired").waitFor();
  await badges("later").getByText("Ends soon").waitFor();
  await badges("unused").getByText("Unused").waitFor();
  await page.getByRole("button", { name: /^Expired 1$/ }).waitFor();
  await part.waitFor({ state: "hidden" });
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.locator("#timeline-words").getByText("Have ended: 1").waitFor();
  await sleep(page, 7 * DAY);
  await page.locator("#timeline-words").getByText("later in 2 days").waitFor();
});

test("what a revocation says of a key's last use tells by which list, if that is old", async () => {
  const { page } = await over([key("old", { lastUsed: undefined })], { script: ahead() });
  await page.getByRole("button", { name: "Revoke old" }).click();
  await question(page).getByText("Never", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await sleep(page, HOUR);
  await page.getByRole("button", { name: "Revoke old" }).click();
  await question(page)
    .getByText(/^Never, by the list of \d/)
    .waitFor();
});

test("where no ticked key is there any more, none is told to have expired", async () => {
  await service.create("gone");
  const { page } = await connected(browser, service.url);
  await page.getByRole("checkbox", { name: "Tick gone", exact: true }).check();
  await service.reset();
  await page.getByRole("button", { name: "Revoke 1…" }).click();
  await question(page).getByText("is not on the list any more").waitFor();
  assert.doesNotMatch(await question(page).textContent(), /expired|just now/);
});

test("a form that stays open tells when its key would end if it were made then", async () => {
  const { page } = await connected(browser, service.url, { script: ahead() });
  // From here on the page's timers go by this clock.
  await page.clock.install();
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("radio", { name: "1 hour" }).check();
  const told = () => page.locator("#consequence").textContent();
  const before = await told();
  await sleep(page, 2 * HOUR);
  await page.clock.fastForward(60_000);
  await until(async () => (await told()) !== before, "it is told anew");
  assert.match(await told(), /^The key stops working on /);
});
