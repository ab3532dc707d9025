// In the worst moment, too, the page says what is known, and what is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, connect, connected, hold, open, rows, TOKEN, until } from "./console.mjs";
import { browser, service, share } from "./session.mjs";

share();

const ofKeys = (url) => url.pathname.endsWith("/apiKeys");
const lost = (more = {}) => ({
  operation: "create",
  share: 1,
  fault: { kind: "drop", when: "after" },
  ...more,
});

async function submit(page, name = "lost") {
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByRole("button", { name: "Create the key" }).click();
}

/** Whether the page would ask before it is left. */
const asksBeforeItIsLeft = (page) =>
  page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));

test("every answer is lost, then the network goes: the fate is open, also afterwards", async () => {
  const { page, context } = await connected(browser, service.url);
  await service.fault(lost());
  await submit(page);
  const form = page.getByRole("dialog", { name: "Create a key" });
  await form
    .getByText(/Attempt 2 in/)
    .first()
    .waitFor();
  await context.setOffline(true);
  await form.getByRole("alert").waitFor();
  const fate = form.locator(".fate-line");
  await fate.getByText(/^Not known: .*still looking until \d+:\d\d:\d\d/).waitFor();
  assert.doesNotMatch(await page.locator("dialog").textContent(), /Nothing was sent|No key was/);
  assert.ok((await service.keys()).length > 0, "keys were made");
  await accessible(page, "fate open");
  const line = await fate.textContent();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: /^What happened/ }).click();
  const entry = page.locator("#journal > li").filter({ hasText: "Create “lost”" });
  assert.equal(await entry.locator(".fate-line").textContent(), line, "the same words in both places");
  await service.calm();
  await context.setOffline(false);
  await entry.getByRole("button", { name: "Look now" }).click();
  await entry.locator(".fate-line").getByText("found and deleted").waitFor();
  // The first is told when it is deleted; the others follow.
  while ((await service.keys()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await accessible(page, "fate in the journal");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  assert.equal(await page.locator("#journal > li").count(), 1, "what is open is not cleared");
});

test("what is not sent is told as such", async () => {
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("button", { name: "Add an annotation" }).click();
  await page.getByLabel("Annotation name").fill("fireworks-keys-mine");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.locator("dialog .fate-line").getByText("Nothing was sent: no key was made.").waitFor();
});

test("a look that finds nothing is no proof that there is none", async () => {
  const { page } = await connected(browser, service.url);
  // The answer is lost before anything is done; nobody knows that.
  await service.fault(lost({ fault: { kind: "drop", when: "before" } }));
  await submit(page);
  const form = page.getByRole("dialog", { name: "Create a key" });
  await form.getByRole("alert").waitFor();
  await form.locator(".fate-line").getByText("still looking until").waitFor();
  await form.getByRole("button", { name: "Look now" }).click();
  await form.locator(".fate-line").getByText("Last looked at").waitFor();
  await accessible(page, "looked");
  assert.doesNotMatch(await form.textContent(), /No key was|There were none/);
});

test("leaving the page in the middle of a create, and while it looks, is asked about", async () => {
  const { page } = await connected(browser, service.url);
  await service.fault(lost());
  const creating = await hold(page, "POST", ofKeys);
  await submit(page);
  await creating.asked();
  assert.ok(await asksBeforeItIsLeft(page), "in the middle of it");
  creating.release();
  await page.getByRole("dialog").getByRole("alert").waitFor();
  await page.locator("dialog .fate-line").getByText("still looking").waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await asksBeforeItIsLeft(page), "while it looks");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("dialog", { name: "A key may be left behind" }).waitFor();
  await accessible(page, "disconnect while it looks");
  await page.getByRole("button", { name: "Stay" }).click();
  await page.getByRole("tab", { name: "Keys" }).waitFor();
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
  await page.locator("#status").getByText("What is under way keeps the token").waitFor();
});

test("leaving the page in the middle of a rotation is asked about", async () => {
  await service.create("rotated");
  const { page } = await connected(browser, service.url);
  const creating = await hold(page, "POST", ofKeys);
  await page.getByRole("button", { name: "Rotate rotated" }).click();
  await page.getByRole("button", { name: "Start" }).click();
  await creating.asked();
  assert.ok(await asksBeforeItIsLeft(page));
  await page.getByText(/Stop ends the wait. The old key stays/).waitFor();
  creating.release();
});

test("leaving the page while it looks for a lost key by hand is asked about, and not before", async () => {
  const { page } = await connected(browser, service.url);
  await service.fault({
    operation: "create",
    share: 1,
    fault: { kind: "answer", status: 500, when: "after" },
  });
  await service.fault({
    operation: "list",
    share: 1,
    fault: { kind: "answer", status: 403, body: '{"code":7}' },
  });
  await submit(page);
  const look = page.getByRole("dialog").getByRole("button", { name: "Look now" });
  await look.waitFor();
  assert.ok(!(await asksBeforeItIsLeft(page)), "nothing is under way");
  await service.calm();
  const looking = await hold(page, "GET", ofKeys);
  await look.click();
  await looking.asked();
  assert.ok(await asksBeforeItIsLeft(page), "the look is under way");
  looking.release();
  await page.locator("dialog .fate-line").getByText("found and deleted").waitFor();
});

test("who stops a create reads what will still be done", async () => {
  const { page } = await connected(browser, service.url);
  const creating = await hold(page, "POST", ofKeys);
  await submit(page);
  await creating.asked();
  await page.getByText(/A key that was asked for may still be made/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page
    .locator("dialog .fate-line")
    .getByText(/not known: still looking until/)
    .waitFor();
});

test("names that hide or turn are shown as they are, wherever they stand", async () => {
  await service.create("evil\u202Eyolped");
  await service.create("\u200B");
  await service.create("   ");
  const { page, context } = await connected(browser, service.url);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const names = await rows(page).locator(".name").allTextContents();
  assert.deepEqual(names.sort(), ["(no name)", "(no name) [U+200B]", "evil[U+202E]yolped"]);
  await page.getByRole("button", { name: "Revoke evil[U+202E]yolped" }).click();
  await page.getByRole("dialog", { name: "Revoke “evil[U+202E]yolped”?" }).waitFor();
  await page.getByRole("button", { name: "Revoke “evil[U+202E]yolped”" }).click();
  await page.getByText("“evil[U+202E]yolped” is revoked.").waitFor();
  await submit(page, "mine\u202E");
  await page.getByRole("dialog", { name: "Your new key" }).getByText("mine[U+202E]").waitFor();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("tab", { name: /^What happened/ }).click();
  const entry = page.locator("#journal > li").filter({ hasText: "Create “mine[U+202E]”" });
  await entry.getByText("The request as curl").click();
  await entry.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied. Set").waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(command.includes("mine\\u202e") && !command.includes("\u202E"), command);
  assert.ok(!(await page.content()).includes("\u202E"), "no such character is in the document");
});

/** A machine whose clock is wrong by so many days. */
const wrongBy = (days) => `{
  const Right = Date;
  const by = ${days} * 86_400_000;
  globalThis.Date = class extends Right {
    constructor(...given) {
      if (given.length > 0) super(...given);
      else super(Right.now() + by);
    }
    static now() {
      return Right.now() + by;
    }
  };
}`;

test("where the machine's clock is wrong, it is told, and times are the service's", async () => {
  for (const [days, side] of [
    [3, "ahead of"],
    [-3, "behind"],
  ]) {
    await service.create("soon over", { expireTime: new Date(Date.now() + 3_600_000).toISOString() });
    const { page } = await connected(browser, service.url, { script: wrongBy(days) });
    await page.getByText(`This machine’s clock is 3 days ${side} the service’s.`).waitFor();
    const row = rows(page).filter({ hasText: "soon over" });
    assert.match(await row.locator("td[data-label=Expires]").textContent(), /in 59 minutes/);
    assert.match(await row.locator(".badges").textContent(), /Ends soon/);
    await accessible(page, "wrong clock");
    if (days > 0) {
      await page.getByRole("button", { name: "Create a key" }).click();
      await page.getByRole("radio", { name: "1 hour" }).check();
      await page.getByRole("button", { name: "Create the key" }).click();
      const secret = page.getByRole("dialog", { name: "Your new key" });
      await secret.getByText(/^(60 minutes|1 hour), until/).waitFor();
      await secret.getByText(/3 days ahead of the service’s. The times above are the service’s/).waitFor();
      await page.getByRole("button", { name: "I have stored it" }).click();
    }
    await service.reset();
  }
});

test("a 404 marks what is missing, or says that it is not known", async () => {
  const { page } = await open(browser, service.url);
  const marked = () =>
    page.evaluate(() => [...document.querySelectorAll("#connect [aria-invalid]")].map(({ name }) => name));
  await page.getByRole("radio", { name: "One user’s" }).check();
  await page.getByLabel("User or service account").fill("nobody");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("There is no such user").waitFor();
  assert.deepEqual(await marked(), ["userId"]);
  await page.getByLabel("User or service account").fill("me");
  await page.getByLabel("Account", { exact: true }).fill("elsewhere");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("There is no such account").waitFor();
  assert.deepEqual(await marked(), ["accountId"]);
  await page.getByLabel("Service address").fill(`${service.url}/nowhere`);
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByLabel("Account", { exact: true }).fill("local");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("at this address").waitFor();
  assert.deepEqual(await marked(), []);
});

const focused = (page) => page.evaluate(() => document.activeElement.tagName);

test("after a failure the focus is not lost", async () => {
  await service.create("listed");
  const { page } = await open(browser, service.url);
  await service.fault({ operation: "list", share: 1, fault: { kind: "answer", status: 503 } });
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("or its gateway has failed").waitFor();
  assert.notEqual(await focused(page), "BODY", "connect");
  await service.calm();
  await connect(page);
  await service.fault({ operation: "list", share: 1, fault: { kind: "answer", status: 503 } });
  await page.getByRole("button", { name: "Reload" }).click();
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  await service.calm();
  await again.click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  assert.notEqual(await focused(page), "BODY", "the list");
});

test("a last day that is left empty is asked for in words", async () => {
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("radio", { name: "Until a date" }).check();
  await page.getByRole("button", { name: "Create the key" }).click();
  const error = page.locator("[data-path=expireTime] .field-error");
  await error.getByText("Choose the last day").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "date");
  assert.deepEqual(await service.keys(), []);
});

test("a failure on the page's own origin is not put down to CORS", async () => {
  const { page } = await connected(browser, service.url);
  await page.route(ofKeys, (route) =>
    route.request().method() === "POST" ? route.abort() : route.fallback(),
  );
  await submit(page);
  const alert = page.getByRole("dialog").getByRole("alert");
  await alert.waitFor();
  assert.doesNotMatch(await alert.textContent(), /CORS/);
});

test("a token that is accepted no more can be replaced by another, on the spot", async () => {
  await service.create("first");
  const { page } = await connected(browser, service.url);
  const refusal = { kind: "answer", status: 401, body: '{"code": 16, "message": "revoked"}' };
  for (const operation of ["list", "create", "delete"]) await service.fault({ operation, fault: refusal });
  const renew = async (place) => {
    await place.getByRole("button", { name: "Use another token…" }).click();
    const dialog = page.getByRole("dialog", { name: "Use another token" });
    await dialog.waitFor();
    await page.keyboard.press("Enter");
    await dialog.locator(".field-error").getByText("Type the token in.").waitFor();
    await accessible(page, "another token");
    await dialog.getByLabel("Token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
  };
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("alert").getByText("The token is not accepted").waitFor();
  assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
  await renew(page.getByRole("alert"));
  await page.getByRole("alert").waitFor({ state: "detached" });
  await submit(page, "second");
  await renew(page.getByRole("dialog").getByRole("alert"));
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Revoke first" }).click();
  await page.getByRole("button", { name: "Revoke “first”" }).click();
  await page.getByRole("alert").getByText("It is not revoked.").waitFor();
  await accessible(page, "revocation refused");
  await renew(page.getByRole("dialog").getByRole("alert"));
  await page.getByRole("button", { name: "Try again to revoke “first”" }).click();
  await until(async () => (await service.keys()).length === 0, "it is revoked with the other token");
});

test("revoking an expired key threatens nobody", async () => {
  await service.create("over", { expireTime: new Date(Date.now() + 1_500).toISOString() });
  await until(async () => (await service.keys())[0].expired, "it has expired");
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Revoke over" }).click();
  const question = page.getByRole("dialog", { name: "Revoke “over”?" });
  await question.getByText(/^It expired/).waitFor();
  assert.doesNotMatch(await question.textContent(), /stops working/);
  await accessible(page, "expired");
});

test("what the emulator holds is told anew when lost keys are found and deleted later", async () => {
  const { page } = await connected(browser, service.url);
  await service.fault(lost());
  await service.fault({ operation: "list", share: 1, fault: { kind: "answer", status: 503 } });
  await submit(page);
  await page.locator("dialog .fate-line").getByText("the look has failed").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: /^What happened/ }).click();
  const hits = page.locator("#network-hits");
  await hits.getByText(/really holds [1-9]\d* keys?\./).waitFor();
  await service.calm();
  await hits.getByText("really holds 0 keys.").waitFor();
  assert.deepEqual(await service.keys(), []);
});
