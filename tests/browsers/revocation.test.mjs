// The page revokes a key after a question that names it, and says why where that fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, connect, connected, hold, open, rows, until } from "./console.mjs";
import { browser, service, share } from "./session.mjs";

share();

test("a revocation asks with the key's name, keeps it, and revokes it", async () => {
  await service.create("first");
  await service.create("second", {}, "me");
  const { page, problems } = await connected(browser, service.url);
  const revoke = page.getByRole("button", { name: "Revoke second" });
  await revoke.click();
  const question = page.getByRole("dialog", { name: "Revoke “second”?" });
  await question.getByText("me@example.com").waitFor();
  await accessible(page, "revoke");
  assert.equal(await page.locator(":focus").textContent(), "Keep it");
  await page.keyboard.press("Enter");
  await question.waitFor({ state: "detached" });
  assert.equal((await service.keys()).length, 2);
  assert.ok(await revoke.evaluate((button) => button === document.activeElement));
  await revoke.click();
  await page.getByRole("button", { name: "Revoke “second”" }).click();
  await page.getByText("“second” is revoked.").waitFor();
  assert.deepEqual(
    (await service.keys()).map(({ displayName }) => displayName),
    ["first"],
  );
  await until(async () => (await rows(page).count()) === 1, "the row is gone");
  assert.equal(
    await page.locator(":focus").getAttribute("aria-label"),
    "Revoke first",
    "the focus is on the row in its place",
  );
  assert.deepEqual(problems, []);
});

test("a revocation that fails says why, and can be tried again", async () => {
  await service.create("stubborn");
  const { page } = await connected(browser, service.url);
  await service.fault({
    operation: "delete",
    fault: { kind: "answer", status: 403, body: '{"code": 7, "message": "not you"}' },
  });
  await page.getByRole("button", { name: "Revoke stubborn" }).click();
  await page.getByRole("button", { name: "Revoke “stubborn”" }).click();
  await page.getByRole("alert").getByText("not you").waitFor();
  await accessible(page, "revoke failed");
  await page.getByRole("button", { name: "Try again to revoke “stubborn”" }).click();
  await page.getByText("No keys yet").waitFor();
  assert.deepEqual(await service.keys(), []);
});

/** The service does it, and the connection breaks; this browser sends the request again by itself. */
const again = () => service.fault({ operation: "delete", fault: { kind: "drop", when: "after" } });

async function revoke(page, name) {
  await page.getByRole("button", { name: `Revoke ${name}` }).click();
  await page.getByRole("button", { name: `Revoke “${name}”` }).click();
}

const journal = async (page, title) => {
  await page.getByRole("tab", { name: /^What happened/ }).click();
  return page.locator("#journal > li").filter({ hasText: title }).first();
};

test("a 404 does not tell that a key is not revoked: the browser may have asked twice", async () => {
  await service.create("twice");
  const { page } = await connected(browser, service.url);
  await again();
  await revoke(page, "twice");
  await page.getByRole("alert").getByText("It is not revoked, or was already").waitFor();
  assert.deepEqual(await service.keys(), [], "it is revoked");
  assert.doesNotMatch(await page.getByRole("dialog").textContent(), /is not revoked\./);
  await page.keyboard.press("Escape");
  const entry = await journal(page, "Revoke “twice”");
  await entry.getByText("It is not revoked, or was already").waitFor();
});

test("nor does a 401 where the key is the page's own", async () => {
  const own = await service.create("own", {}, "me");
  const { page } = await open(browser, service.url);
  await page.getByLabel("Token").fill(own.key);
  await connect(page);
  await again();
  await revoke(page, "own");
  await page.getByRole("alert").getByText("Whether it is revoked is not known.").waitFor();
  assert.deepEqual(await service.keys(), [], "it is revoked");
});

test("a revocation under way offers to keep nothing, and is told of after its dialog is closed", async () => {
  await service.create("slow");
  const { page } = await connected(browser, service.url);
  const deletion = await hold(page, "POST", /:delete$/);
  await revoke(page, "slow");
  await deletion.asked();
  assert.equal(await page.getByRole("button", { name: "Keep it" }).count(), 0);
  await page.getByRole("button", { name: "Close" }).click();
  await service.fault({ operation: "delete", share: 1, fault: { kind: "answer", status: 502, body: "<p>" } });
  deletion.release();
  await page.locator("#status").getByText("“slow”: ").getByText("is revoked is not known.").waitFor();
});
