// The page rotates a key, shows the stages of it, and says how to go on where that fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, connected, hold, rows, TOKEN, until } from "./console.mjs";
import { browser, service, share } from "./session.mjs";

share();

const rotation = (page) => page.getByRole("dialog", { name: "Rotate “rotated”" });

async function rotate(page, { leak = false } = {}) {
  await page.getByRole("button", { name: "Rotate rotated" }).first().click();
  await rotation(page).waitFor();
  if (leak) await page.getByRole("radio", { name: /It is revoked at once/ }).check();
  await page.getByRole("button", { name: "Start" }).click();
}

test("a rotation shows its stages, the new key once, and keeps the old one", async () => {
  const old = await service.create("rotated", { annotations: { team: "infra" } });
  const { page, problems } = await connected(browser, service.url);
  await page.getByRole("button", { name: "Rotate rotated" }).click();
  await accessible(page, "rotate");
  await page.getByRole("button", { name: "Start" }).click();
  const secret = page.getByRole("dialog", { name: "Store the new key" });
  await secret.waitFor();
  await accessible(page, "rotate, secret");
  await page.getByRole("button", { name: "Reveal" }).click();
  const key = await secret.locator(".secret").textContent();
  assert.equal(await page.locator(".stages [aria-current=step]").textContent(), "You store the new keynow");
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByText("The old one works until the next rotation").waitFor();
  assert.deepEqual(
    await page.locator(".stages li").evaluateAll((stages) => stages.map(({ dataset }) => dataset.state)),
    Array(6).fill("done"),
  );
  await accessible(page, "rotated");
  assert.ok(!(await page.content()).includes(key));
  await page.getByRole("button", { name: "Close" }).click();
  await until(async () => (await rows(page).count()) === 2, "both keys are listed");
  const keys = await service.keys();
  assert.ok(
    keys.some(({ keyId }) => keyId === old.keyId) &&
      keys.every(({ annotations }) => annotations.team === "infra"),
  );
  assert.deepEqual(problems, []);
});

test("after a leak the old key is revoked at once", async () => {
  const old = await service.create("rotated");
  const { page } = await connected(browser, service.url);
  await rotate(page, { leak: true });
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByText("The old one is revoked.").waitFor();
  const keys = await service.keys();
  assert.equal(keys.length, 1);
  assert.notEqual(keys[0].keyId, old.keyId);
});

test("once old keys are being revoked, Stop promises none; a lost answer leaves it unknown", async () => {
  await service.create("rotated");
  const { page } = await connected(browser, service.url);
  const deletion = await hold(page, "POST", /:delete$/);
  await rotate(page, { leak: true });
  await page.getByText("The old key stays.").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "I have stored it" }).click();
  await deletion.asked();
  await page.locator("#stopping").getByText("The old key may be revoked already, or not be.").waitFor();
  assert.equal(await page.getByText("The old key stays.").count(), 0);
  await service.fault({ operation: "delete", share: 1, fault: { kind: "drop", when: "after" } });
  deletion.release();
  await page.getByRole("alert").getByText("Not all keys are known to be revoked").waitFor();
  await page.getByText("Whether the old one still works is not known.").waitFor();
  await accessible(page, "not known to be revoked");
  await service.calm();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("tab", { name: /^What happened/ }).click();
  const entry = page.locator("#journal > li").filter({ hasText: "Rotate “rotated”" });
  await entry.getByText(/^Not known to be revoked: /).waitFor();
});

test("of an old key that ends, no rotation says that it works on", async () => {
  const expireTime = new Date(Date.now() + 86_400_000).toISOString();
  await service.create("rotated", { expireTime });
  const { page } = await connected(browser, service.url);
  await rotate(page);
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByText(/^The old one works until it ends \(.*\), the next rotation/).waitFor();
});

test("of an old key that has ended meanwhile, no rotation says that it works", async () => {
  await service.create("rotated", { expireTime: new Date(Date.now() + 8_000).toISOString() });
  const { page } = await connected(browser, service.url);
  await rotate(page);
  const stored = page.getByRole("button", { name: "I have stored it" });
  await stored.waitFor();
  await until(async () => (await service.keys()).some(({ expired }) => expired), "it has ended");
  await stored.click();
  await page.getByText("The old one expired just now.").waitFor();
});

test("a new key that could not be stored is taken back", async () => {
  const old = await service.create("rotated");
  const { page } = await connected(browser, service.url);
  await rotate(page);
  await page.getByRole("button", { name: "I could not store it" }).click();
  await page.getByRole("alert").getByText("The new key was taken back").waitFor();
  await accessible(page, "not stored");
  assert.equal(await page.locator(".stages [data-state=failed]").count(), 1);
  assert.deepEqual(
    (await service.keys()).map(({ keyId }) => keyId),
    [old.keyId],
  );
  await page.getByRole("button", { name: "Try again…" }).click();
  await page.getByRole("button", { name: "Rotate again" }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByText("The old one works until the next rotation").waitFor();
});

test("a rotation that was done already is told, with the successors", async () => {
  const old = await service.create("rotated");
  const next = await service.create("rotated", { annotations: { "fireworks-keys-rotates": old.keyId } });
  const { page } = await connected(browser, service.url);
  await page.locator(`tr[data-id="${old.keyId}"]`).getByRole("button", { name: "Rotate rotated" }).click();
  await page.getByRole("button", { name: "Start" }).click();
  const alert = page.getByRole("alert");
  await alert.getByText("An earlier rotation is unfinished").waitFor();
  await alert.getByText(next.keyId).waitFor();
  await page.getByRole("button", { name: "Delete leftovers and rotate…" }).click();
  await accessible(page, "unfinished");
  await page.getByRole("button", { name: "Rotate again" }).click();
  await page.getByRole("alert").getByText("Another rotation may be at work").waitFor();
  assert.equal((await service.keys()).length, 2, "a young successor is nobody's leftover");
});

test("where another has rotated the key meanwhile, its key is not called nobody's", async () => {
  const old = await service.create("rotated");
  const { page } = await connected(browser, service.url);
  const creating = await hold(page, "POST", (url) => url.pathname.endsWith("/apiKeys"));
  await rotate(page);
  await creating.asked();
  const theirs = await service.create("rotated", { annotations: { "fireworks-keys-rotates": old.keyId } });
  await fetch(`${service.url}/v1/accounts/local/users/ci-bot/apiKeys:delete`, {
    method: "POST",
    headers: { "authorization": `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ keyId: old.keyId }),
  });
  creating.release();
  await page.getByRole("alert").getByText("Another rotation may be at work").waitFor();
  const told = await page.getByRole("dialog").locator(".fate-line").allTextContents();
  assert.ok(!told.join().includes(theirs.keyId), told.join());
  assert.doesNotMatch(told.join(), /Revoke it/);
});

test("a new key that is shown is told to be made; of an old one no failure says that it works", async () => {
  await service.create("rotated");
  const { page } = await connected(browser, service.url);
  await rotate(page);
  await page.getByRole("dialog", { name: "Store the new key" }).waitFor();
  await page.locator("dialog .fate-line").getByText("not known yet whether it is stored").waitFor();
  await page.getByRole("button", { name: "I could not store it" }).click();
  await page.getByRole("button", { name: "Close" }).click();
  await service.fault({
    operation: "list",
    share: 1,
    fault: { kind: "answer", status: 403, body: '{"code": 7}' },
  });
  await rotate(page);
  const alert = rotation(page).getByRole("alert");
  await alert.getByText("It ended in the stage “find”").waitFor();
  assert.doesNotMatch(await alert.textContent(), /works/);
});
