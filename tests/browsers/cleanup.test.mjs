// An administrator cleans up: ticks, revokes many, groups.

import assert from "node:assert/strict";
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
import { browser, host, over, service, share } from "./session.mjs";

share();

const tick = (page, name) => page.getByRole("checkbox", { name: `Tick ${name}`, exact: true });
const dialog = (page) => page.locator("dialog[open]");
const victims = (page) => dialog(page).locator(".victims > li");
const ticked = (page) => page.locator("#ticked").textContent();
const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
const ofAda = { email: "ada@acme.example", secure: true };
const chip = (page, name) => page.getByRole("button", { name: new RegExp(`^${name}`) });

test("keys are ticked one by one, in ranges, and by finding; the bar counts those out of sight", async () => {
  const { page } = await over(someKeys(40));
  await page.locator("#keys-body .tick").nth(1).click();
  await page
    .locator("#keys-body .tick")
    .nth(4)
    .click({ modifiers: ["Shift"] });
  assert.equal(await ticked(page), "4 keys ticked");
  await accessible(page, "ticked");
  await page.getByRole("button", { name: "Untick all" }).click();
  await page.locator("#selection").waitFor({ state: "hidden" });
  await chip(page, "Never expires").click();
  const all = page.getByRole("button", { name: /^Tick all \d+ that never expire$/ });
  const [, number] = /(\d+)/.exec(await all.textContent());
  await all.click();
  assert.equal(await ticked(page), `${number} keys ticked`);
  await page.getByLabel("Filter", { exact: true }).fill("no such key at all");
  assert.equal(await ticked(page), `${number} keys ticked, ${number} out of sight`);
});

test("hundreds of keys are named as the list is scrolled, and none is forgotten", async () => {
  const { page } = await over(someKeys(250));
  await page.getByRole("button", { name: "Tick all 250", exact: true }).click();
  await page.getByRole("button", { name: "Revoke 250…" }).click();
  await dialog(page).getByText("more follow.").waitFor();
  assert.ok((await victims(page).count()) < 250);
  const boxes = victims(page).getByRole("checkbox");
  const go = dialog(page).getByRole("button", { name: /^Revoke \d+ keys$/ });
  const [, planned] = /(\d+)/.exec(await go.textContent());
  await victims(page).locator("input:checked").first().uncheck();
  await until(async () => {
    await victims(page).last().scrollIntoViewIfNeeded();
    return (await boxes.count()) === 250;
  }, "every key is named");
  assert.equal(await dialog(page).getByText("more follow.").count(), 0);
  const chosen = Number(planned) - 1;
  assert.equal(await victims(page).locator("input:checked").count(), chosen);
  assert.equal(await go.textContent(), `Revoke ${chosen} keys`);
  await go.click();
  await dialog(page).getByRole("button", { name: "Cancel" }).waitFor();
  assert.equal(await victims(page).locator("input:disabled").count(), 250);
});

test("the dialog of a clean-up stays where it is when its keys arrive", async () => {
  const { page } = await over(someKeys(30));
  await page.getByRole("button", { name: "Tick all 30", exact: true }).click();
  const list = await hold(page, "GET", (url) => url.pathname.endsWith("/apiKeys"));
  await page.getByRole("button", { name: "Revoke 30…" }).click();
  await list.asked();
  const places = () =>
    dialog(page).evaluate((element) =>
      [element, ...element.querySelectorAll("h2, .actions")].map((each) => each.getBoundingClientRect().top),
    );
  const before = await places();
  list.release();
  await victims(page).first().waitFor();
  assert.deepEqual(await places(), before);
});

test("many keys are revoked after a count-down, those in use only if they are ticked again", async () => {
  for (const name of ["one", "two", "three", "four", "five", "six"]) await service.create(name);
  const used = await service.create("in use");
  await fetch(`${service.url}/v1/accounts/local`, { headers: { authorization: `Bearer ${used.key}` } });
  await service.create("kept", {}, "me");
  const { page, problems } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Tick all 8", exact: true }).click();
  await tick(page, "kept").click();
  await page.getByRole("button", { name: "Revoke 7…" }).click();
  await dialog(page).getByText("The list was read again at").waitFor();
  await accessible(page, "clean up");
  assert.match(await victims(page).first().textContent(), /in use.*In use/);
  assert.ok(!(await victims(page).first().locator("input").isChecked()));
  assert.equal(await victims(page).count(), 7);
  await page.getByRole("button", { name: "Revoke 6 keys" }).click();
  await dialog(page).getByText("6 keys will be revoked in").first().waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Revoke 6 keys" }).waitFor();
  assert.equal((await service.keys()).length, 8, "nothing was revoked");
  await service.fault({ operation: "delete", fault: { kind: "answer", status: 403, body: '{"code": 7}' } });
  await page.getByRole("button", { name: "Revoke 6 keys" }).click();
  await dialog(page).getByRole("heading", { name: "5 keys revoked, 1 not revoked." }).waitFor();
  assert.doesNotMatch(await dialog(page).textContent(), /stops working|cannot be undone|list was read/);
  await accessible(page, "cleaned up");
  assert.equal(await victims(page).locator("visible=true").locator(":scope[data-result=revoked]").count(), 5);
  const left = (await service.keys()).map(({ displayName }) => displayName);
  assert.ok(left.length === 3 && left.includes("in use") && left.includes("kept"), left.join());
  await page.getByRole("button", { name: "Close" }).click();
  await until(async () => (await rows(page).count()) === 3, "the table follows");
  assert.equal(await ticked(page), "2 keys ticked", "what is revoked is ticked no more");
  assert.deepEqual(ofThePage(problems), []);
});

test("five seconds are counted down, then four go at a time; Stop begins no more", async () => {
  const { page } = await over(someKeys(40).filter(({ email }) => email !== "left@acme.example"));
  const before = host.keys.length;
  await chip(page, "Never used").click();
  await page.getByRole("button", { name: /^Tick all/ }).click();
  await page.getByLabel("Filter", { exact: true }).fill("no such key");
  const gone = host.keys.find(({ lastUsed }) => !lastUsed);
  host.keys = host.keys.filter((key) => key !== gone);
  await page.getByRole("button", { name: /^Revoke \d+…/ }).click();
  const number = host.keys.filter(({ lastUsed }) => !lastUsed).length;
  assert.ok(number > 4);
  await dialog(page)
    .getByText(`${number} ticked keys cannot be seen in the table now; all are named`)
    .waitFor();
  await dialog(page).getByText("1 ticked key is not on the list any more.").waitFor();
  await accessible(page, "out of sight");
  const deletions = await hold(page, "POST", /:delete$/);
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1_000);
  const begin = page.getByRole("button", { name: `Revoke ${number} keys` });
  const left = (seconds) => dialog(page).locator(".countdown").getByText(`in ${seconds} s.`).waitFor();
  await begin.click();
  await left(5);
  await page.clock.runFor(4_000);
  await left(1);
  await page.keyboard.press("Escape");
  await begin.click();
  await left(5);
  assert.equal(await victims(page).locator(":scope[data-result]").count(), 0, "none is begun");
  await page.clock.runFor(5_000);
  await page.clock.resume();
  await deletions.asked();
  const are = (result) => dialog(page).locator(`.victims > [data-result=${result}]`).count();
  assert.deepEqual([await are("running"), await are("waiting")], [4, number - 4]);
  await accessible(page, "revoking");
  assert.ok(await page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true }))));
  await page.getByRole("button", { name: "Stop" }).click();
  deletions.release();
  await dialog(page)
    .getByRole("heading", { name: `4 keys revoked, ${number - 4} left as they are.` })
    .waitFor();
  await victims(page).getByText("not revoked: stopped before it").first().waitFor();
  await accessible(page, "stopped");
  assert.equal(host.keys.length, before - 5);
});

test("an answer that is lost is not a revocation, and a list that is not whole is told", async () => {
  await service.create("lost");
  const { page } = await connected(browser, service.url);
  await tick(page, "lost").click();
  await service.fault({ operation: "list", times: 3, fault: { kind: "answer", status: 503 } });
  await page.getByRole("button", { name: "Revoke 1…" }).click();
  await dialog(page).getByRole("alert").getByText("The list is not whole").waitFor();
  await accessible(page, "not whole");
  await service.calm();
  await service.fault({ operation: "delete", share: 1, fault: { kind: "answer", status: 502, body: "<p>" } });
  await page.getByRole("button", { name: "Revoke 1 key" }).click();
  await dialog(page).getByRole("heading", { name: "0 keys revoked, 1 not known." }).waitFor();
  await accessible(page, "not known");
});

test("the page's own key is left out, and if it is ticked it goes last", async () => {
  const own = await service.create("own", {}, "me");
  for (const name of ["a", "b", "c"]) await service.create(name);
  const { page } = await open(browser, service.url);
  await page.getByLabel("Token").fill(own.key);
  await connect(page);
  await page.getByRole("button", { name: "Tick all 4", exact: true }).click();
  await page.getByRole("button", { name: "Revoke 4…" }).click();
  const mine = victims(page).filter({ hasText: "Looks like this page’s own" });
  assert.ok(!(await mine.locator("input").isChecked()));
  await mine.locator("input").check();
  const deleted = [];
  page.on("request", (request) => {
    if (request.url().endsWith(":delete")) deleted.push(request.postDataJSON().keyId);
  });
  await page.getByRole("button", { name: "Revoke 4 keys" }).click();
  await dialog(page).getByRole("heading", { name: "4 keys revoked." }).waitFor();
  assert.equal(deleted.length, 4);
  assert.equal(deleted.at(-1), own.keyId);
  assert.deepEqual(await service.keys(), []);
});

test("findings combine with each other, with an owner and with words", async () => {
  const { page } = await over(someKeys(200));
  const shown = async () => Number(/^\d+/.exec(await page.locator("#shown").textContent())[0]);
  await chip(page, "Never expires").click();
  const never = await shown();
  await chip(page, "Never used").click();
  const both = await shown();
  assert.ok(both > 0 && both < never);
  await chip(page, "Never expires").click();
  const unused = await shown();
  await page.getByLabel("Owner", { exact: true }).selectOption("ada@acme.example");
  const owned = await shown();
  assert.ok(owned > 0 && owned < unused);
  await page.getByLabel("Filter", { exact: true }).fill("staging");
  assert.ok((await shown()) < owned);
  await accessible(page, "combined");
});

test("keys are grouped by owner, with the worst finding and the last use", async () => {
  const { page } = await over(someKeys(40));
  assert.match(
    await page.locator("#chips .chip").first().textContent(),
    /^Owner gone/,
    "it is the first chip",
  );
  await page.getByRole("button", { name: "By owner" }).click();
  const table = page.getByRole("region", { name: "Keys by owner" });
  assert.match(await table.locator("tbody tr").first().textContent(), /left@acme.example.*Owner gone/);
  const cells = await table
    .locator("tbody tr")
    .filter({ hasText: "ada@acme.example" })
    .locator("td")
    .allTextContents();
  assert.deepEqual([cells[0], cells[2]], ["14", "3 weeks ago"]);
  await accessible(page, "by owner");
  await table.getByRole("button", { name: "ada@acme.example" }).click();
  await page.getByText(/^\d+ of 40 keys$/).waitFor();
  assert.equal(await page.getByLabel("Owner", { exact: true }).inputValue(), "ada@acme.example");
});

test("a key whose owner is gone is revoked by an id that is checked first", async () => {
  const { page } = await over(someKeys(12).filter(({ email }) => email === "left@acme.example"));
  const [{ displayName }] = host.keys;
  await page.getByRole("button", { name: `Revoke ${displayName}` }).click();
  await dialog(page).getByText("the owner has left").first().waitFor();
  await accessible(page, "owner’s id");
  await page.getByLabel("The owner’s id").fill("nobody");
  await page.keyboard.press("Enter");
  await dialog(page).locator(".field-error").getByText("no such user").waitFor();
  await page.getByLabel("The owner’s id").fill("left");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `Revoke “${displayName}”` }).click();
  await page.locator("#status").getByText("is revoked.").waitFor();
  assert.deepEqual(host.keys, []);
});

test("keys whose owner's id is not known are named as left out, until an id is checked", async () => {
  const { page } = await over(someKeys(40));
  const ofLeft = host.keys.filter(({ email }) => email === "left@acme.example");
  assert.ok(ofLeft.length > 1);
  await page.getByRole("button", { name: "Tick all 40", exact: true }).click();
  await page.getByRole("button", { name: "Revoke 40…" }).click();
  const note = dialog(page).getByText(`${ofLeft.length} keys are left out`);
  await note.waitFor();
  assert.match(await note.textContent(), /left@acme\.example/);
  await accessible(page, "left out");
  const number = async () => Number(/\d+/.exec(await page.locator("dialog button.danger").textContent())[0]);
  const before = await number();
  const field = dialog(page).getByLabel("The owner’s id");
  const asks = async (id, answer) => {
    await field.fill(id);
    await page.keyboard.press("Enter");
    await dialog(page).locator(".field-error").getByText(answer).waitFor();
    assert.equal(await number(), before);
  };
  await asks("ada", "none of these keys");
  await asks("nobody", "no such user");
  await asks("-", "Type the user’s id in.");
  await field.fill("left");
  await page.keyboard.press("Enter");
  await note.waitFor({ state: "detached" });
  const now = Date.now();
  const idle = ofLeft.filter(({ lastUsed }) => !lastUsed || Date.parse(lastUsed) < now - 86_400_000);
  assert.equal(await number(), before + idle.length);
  await dialog(page)
    .getByRole("heading", { name: `Revoke ${await number()} keys?` })
    .waitFor();
  await page.getByRole("button", { name: /^Revoke \d+ keys$/ }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  // After a change of mind the button counts what is ticked now.
  const total = await number();
  await victims(page).locator("input:checked").first().uncheck();
  assert.equal(await number(), total - 1);
  await page.getByRole("button", { name: /^Revoke \d+ keys$/ }).click();
  await dialog(page)
    .getByRole("heading", { name: `${total - 1} keys revoked.` })
    .waitFor();
  const remaining = host.keys.filter(({ email }) => email === "left@acme.example");
  assert.ok(remaining.length <= ofLeft.length - idle.length + 1);
});

test("an owner who came after the users were read is not called gone", async () => {
  const { page } = await over([{ keyId: "a", displayName: "first", createTime: ago(9), ...ofAda }]);
  host.users = [{ name: "accounts/acme/users/new", email: "new@acme.example", role: "user" }];
  host.keys.push({
    keyId: "b",
    displayName: "of the new one",
    createTime: ago(1),
    email: "new@acme.example",
  });
  await page.getByRole("button", { name: "Reload" }).click();
  await rowOf(page, "of the new one").waitFor();
  await page.locator("#loading").waitFor({ state: "hidden" });
  assert.equal(await chip(page, "Owner gone").count(), 0);
  host.users = [];
  await page.getByRole("button", { name: "Reload" }).click();
  await page.locator("#loading").waitFor({ state: "hidden" });
});

test("a key that was just made is nowhere called unused", async () => {
  await service.create("young");
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Revoke young" }).click();
  await dialog(page).getByText("Not yet").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "young, details" }).click();
  await dialog(page).getByText("Not yet").waitFor();
  await page.keyboard.press("Escape");
  await tick(page, "young").click();
  await page.getByRole("button", { name: "Revoke 1…" }).click();
  await victims(page).getByText("not used yet").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.locator("#timeline-readout").getByText("not used yet").waitFor();
});

test("a key that the service does not know is called neither revoked nor kept", async () => {
  const { keyId } = await service.create("elsewhere");
  const { page } = await connected(browser, service.url);
  await fetch(`${service.url}/v1/accounts/local/users/ci-bot/apiKeys:delete`, {
    method: "POST",
    headers: { "authorization": `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ keyId }),
  });
  await page.getByRole("button", { name: "Revoke elsewhere" }).click();
  await page.getByRole("button", { name: "Revoke “elsewhere”" }).click();
  await page.getByRole("alert").getByText("It is not revoked, or was already").waitFor();
});

test("cleaning up fits a phone, in the dark and in forced colours", async () => {
  for (const options of [
    { viewport: { width: 360, height: 740 }, colorScheme: "dark" },
    { viewport: { width: 768, height: 900 }, forcedColors: "active" },
  ]) {
    // The seconds stand still.
    const { page } = await over(someKeys(30), { ...options, script: "globalThis.setInterval = () => 0;" });
    await page.getByRole("button", { name: /^Tick all 30/ }).click();
    await fits(page, "ticked");
    await accessible(page, "ticked");
    await page.getByRole("button", { name: "Revoke 30…" }).click();
    await dialog(page).getByText("The list was read again").waitFor();
    await fits(page, "asked");
    await accessible(page, "asked");
    await page.getByRole("button", { name: /^Revoke \d+ keys$/ }).click();
    await fits(page, "counting down");
    await accessible(page, "counting down");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "By owner" }).click();
    await fits(page, "by owner");
    await accessible(page, "by owner");
    if (!options.forcedColors) continue;
    // No colour tells that it is pressed.
    const { outlineStyle } = await page.locator("#by-owner").evaluate((button) => {
      button.blur();
      const { outlineStyle } = getComputedStyle(button);
      return { outlineStyle };
    });
    assert.equal(outlineStyle, "solid");
  }
});
