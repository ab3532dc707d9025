// The page creates keys, and shows each of them once.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accessible,
  apiRequests,
  connect,
  connected,
  hold,
  ofThePage,
  open,
  rowOf,
  until,
} from "./console.mjs";
import { browser, service, share } from "./session.mjs";

share();

const form = (page) => page.getByRole("dialog", { name: "Create a key" });
const secret = (page) => page.getByRole("dialog", { name: "Your new key" });
const submit = (page) => page.getByRole("button", { name: "Create the key" }).click();

async function begin(options) {
  const opened = await connected(browser, service.url, options);
  await opened.page.getByRole("button", { name: "Create a key" }).click();
  await form(opened.page).waitFor();
  return opened;
}

test("a key is created as the form says, shown masked, revealed, copied and forgotten", async () => {
  const { page, context, problems } = await begin();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await accessible(page, "create");
  await page.getByLabel("For").selectOption("ci-bot");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("deploy");
  await page.getByRole("radio", { name: "90 days" }).check();
  await page.getByRole("button", { name: "Add an annotation" }).click();
  await page.getByLabel("Annotation name").fill("team");
  await page.getByLabel("Annotation value").fill("infra");
  await accessible(page, "create, with an annotation");
  await submit(page);
  await secret(page).waitFor();
  await accessible(page, "secret");
  const output = secret(page).locator(".secret");
  assert.match(await output.textContent(), /^fw_.{4}•+$/);
  await page.getByRole("button", { name: "Reveal" }).click();
  const key = await output.textContent();
  assert.match(key, /^fw_\w{24}$/);
  await page.getByRole("button", { name: "Copy" }).click();
  await secret(page).getByText("Copied.").first().waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  await page.getByRole("button", { name: "Hide" }).click();
  assert.ok(!(await page.content()).includes(key));
  await page.getByRole("button", { name: "Reveal" }).click();
  for (const _ of [1, 2, 3]) await page.keyboard.press("Escape");
  assert.ok(await secret(page).isVisible(), "Escape does not lose the key");
  await page.getByRole("button", { name: "I have stored it" }).click();
  await secret(page).waitFor({ state: "detached" });
  assert.ok(!(await page.content()).includes(key), "the key is gone from the document");
  await rowOf(page, "deploy").waitFor();
  const [stored] = await service.keys();
  assert.equal(stored.user, "ci-bot");
  assert.equal(stored.annotations.team, "infra");
  const days = (Date.parse(stored.expireTime) - Date.now()) / 86_400_000;
  assert.ok(days > 89.9 && days < 90.1, `${days}`);
  assert.deepEqual(problems, []);
});

test("a key that never expires is warned of, a date is its last day", async () => {
  const { page } = await begin();
  await page.getByRole("radio", { name: "Never expires" }).check();
  await page.locator("#consequence.warning").getByText("until somebody revokes it").waitFor();
  await accessible(page, "never");
  await page.getByRole("radio", { name: "Until a date" }).check();
  await submit(page);
  assert.match(await page.locator("[data-path=expireTime] .field-error").textContent(), /^Choose/);
  assert.equal((await service.keys()).length, 0, "no date is no key without an end");
  const year = new Date().getFullYear() + 1;
  await page.getByLabel("Last day").fill(`${year}-03-05`);
  await page.getByText(`The key stops working on 5 Mar ${year}`).waitFor();
  await submit(page);
  await secret(page).waitFor();
  const [{ expireTime }] = await service.keys();
  assert.equal(Date.parse(expireTime), new Date(year, 2, 5, 23, 59, 59).getTime());
});

test("the module's path marks the field: an annotation of its own name, the name, the user", async () => {
  const { page } = await begin();
  const add = page.getByRole("button", { name: "Add an annotation" });
  await add.click();
  await add.click();
  await page.getByLabel("Annotation name").nth(0).fill("team");
  await page.getByLabel("Annotation name").nth(1).fill("fireworks-keys-attempt");
  await submit(page);
  const rows = page.locator(".annotation");
  await rows.nth(1).locator(".field-error").getByText("this package keeps for itself").waitFor();
  assert.equal(await rows.nth(0).locator(".field-error").textContent(), "");
  await accessible(page, "annotation marked");
  await page.getByLabel("Annotation name").nth(1).fill("team");
  await submit(page);
  await rows.nth(1).locator(".field-error").getByText("another annotation").waitFor();
  await rows.nth(1).getByRole("button", { name: "Remove" }).click();
  await submit(page);
  await secret(page).waitFor();
});

test("a refusal is told in the form, and what was typed stays", async () => {
  const { page } = await begin();
  await service.fault({
    operation: "create",
    fault: { kind: "answer", status: 400, body: '{"code": 3, "message": "the name is taken"}' },
  });
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("taken");
  await submit(page);
  await form(page).getByRole("alert").getByText("the name is taken").waitFor();
  await accessible(page, "refused");
  assert.equal(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "taken");
  await submit(page);
  await secret(page).waitFor();
});

test("a form that is submitted twice makes one key", async () => {
  const { page } = await begin();
  const sent = apiRequests(page);
  await page.locator("#new-key").evaluate((form) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  // Both submissions were over before the first was answered: a second create would have been sent by now.
  assert.equal(sent.filter((request) => request.startsWith("POST ")).length, 1);
  assert.equal((await service.keys()).length, 1);
});

/** What a request for a create asks for. */
const created = (request) => ({
  user: new URL(request.url()).pathname.split("/").at(-2),
  ...request.postDataJSON(),
});

test("a create that runs can be stopped, and says whether a key is left behind", async () => {
  const { page } = await begin();
  const ofKeys = (url) => url.pathname.endsWith("/apiKeys");
  const creating = await hold(page, "POST", ofKeys);
  const looking = await hold(page, "GET", ofKeys);
  await submit(page);
  const { user, apiKey } = created(await creating.asked());
  await page.getByText("Creating the key…").waitFor();
  await accessible(page, "creating");
  await page.getByRole("button", { name: "Stop" }).click();
  await form(page).getByRole("alert").getByText("It was stopped").waitFor();
  assert.ok(await page.getByRole("textbox", { name: "Name", exact: true }).isEnabled());
  await page.keyboard.press("Escape");
  await form(page).waitFor({ state: "detached" });
  await looking.asked();
  await service.create(apiKey.displayName, apiKey, user);
  assert.equal((await service.keys()).length, 1, "the service does it all the same");
  looking.release();
  await until(async () => (await service.keys()).length === 0, "the page has looked for it, and deleted it");
});

test("where nobody could look for orphans, the page can do so later", async () => {
  const { page, problems } = await begin();
  await service.fault({
    operation: "create",
    share: 1,
    fault: { kind: "answer", status: 500, when: "after" },
  });
  await service.fault({ operation: "list", share: 1, fault: { kind: "answer", status: 403 } });
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("lost");
  await submit(page);
  await form(page).locator(".fate-line").getByText("Not known: the look has failed").waitFor();
  await accessible(page, "orphans unknown");
  assert.ok((await service.keys()).length > 0, "there are orphans");
  await service.calm();
  await page.getByRole("button", { name: "Look now" }).click();
  await form(page)
    .locator(".fate-line")
    .getByText(/found and deleted: /)
    .waitFor();
  assert.deepEqual(await service.keys(), []);
  assert.deepEqual(ofThePage(problems), []);
});

test("in the list of one user, the key is that user's", async () => {
  const { page } = await open(browser, service.url);
  await page.getByRole("radio", { name: "One user’s" }).check();
  await page.getByLabel("User or service account").fill("ci-bot");
  await connect(page);
  await page.getByRole("button", { name: "Create the first key" }).click();
  await form(page).getByText("For ci-bot.").waitFor();
  await submit(page);
  await page.getByRole("button", { name: "I have stored it" }).click();
  await rowOf(page, "default").waitFor();
  assert.equal((await service.keys())[0].user, "ci-bot");
});
