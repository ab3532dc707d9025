// The page revokes a key after a question that names it, and says why where that fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, connected, rows, until } from "./console.mjs";
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
