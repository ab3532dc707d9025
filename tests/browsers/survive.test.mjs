// "See it survive": every sentence follows what the emulator has on record.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, fits, ofThePage, open, rowOf, until } from "./console.mjs";
import { browser, service, share } from "./session.mjs";

share();

const run = (page) => page.getByRole("button", { name: /^Lose the answer/ });
const verdict = (page, side) => page.locator(`#${side}-verdict`).textContent();
const cards = (page, side) => page.locator(`#${side}-keys > li`);

async function lose(page, trouble) {
  await page.getByRole("radio", { name: trouble }).check();
  await run(page).click();
  await page.getByRole("button", { name: "Lose the answer again" }).waitFor();
}

/** The keys that the emulator holds, by the user of each side. */
async function record() {
  const keys = await service.keys();
  const of = (user) => keys.filter((key) => key.user === user).map(({ keyId }) => keyId);
  return { plain: of("me"), package: of("ci-bot") };
}

/** Fails unless what is shown of both sides is what the emulator holds. */
async function agrees(page) {
  const held = await record();
  for (const side of ["plain", "package"]) {
    const ids = await cards(page, side).locator(":scope:not([data-tone=gone]) code").allTextContents();
    assert.deepEqual(ids.sort(), held[side].sort(), `the cards of ${side}`);
    const nobodys = await cards(page, side).locator(":scope[data-tone=danger]").count();
    const yours = await cards(page, side).locator(":scope[data-tone=good]").count();
    assert.equal(nobodys + yours, held[side].length);
    const said = await verdict(page, side);
    if (side === "plain")
      assert.match(said, nobodys ? new RegExp(`${nobodys} working key`) : /No key is left/);
    else assert.match(said, new RegExp(`, ${nobodys} left`));
  }
  return held;
}

test("the demo begins with it; its keys and one's own account are one step away", async () => {
  const { page, problems } = await open(browser, `${service.url}/#`);
  await page.getByRole("heading", { name: "The answer gets lost. What is left behind?" }).waitFor();
  assert.ok(await page.getByLabel("Token").isHidden());
  await accessible(page, "survive");
  await page.getByText("Use your own account").click();
  await page.getByLabel("Token").waitFor();
  await page.getByRole("button", { name: "See the demo’s keys" }).click();
  await page.getByRole("tab", { name: "Keys" }).waitFor();
  await page.getByRole("link", { name: "See it survive" }).click();
  await run(page).waitFor();
  assert.ok(await page.getByRole("tab", { name: "Keys" }).isHidden());
  await page.goBack();
  await page.getByRole("tab", { name: "Keys" }).waitFor();
  assert.deepEqual(problems, []);
});

test("the next answer is lost: plain fetch got 200 and left a key, the package left none", async () => {
  const { page, problems } = await open(browser, `${service.url}/#survive`);
  await lose(page, "the next one");
  const held = await agrees(page);
  assert.equal(held.plain.length, 2, "this browser sends a POST again on a reused connection");
  assert.equal(held.package.length, 1);
  assert.match(
    await page.locator("#plain-requests").textContent(),
    /200 OK.*sent the POST once more by itself/,
  );
  assert.equal(await verdict(page, "package"), "1 made by lost attempts, 1 deleted, 0 left");
  await page.getByText(/sends the request again by itself/).waitFor();
  const keys = await service.keys();
  const ends = keys.map(({ expireTime }) => Date.parse(expireTime));
  assert.ok(Math.max(...ends) - Math.min(...ends) < 60_000, "both sides asked for the same lifetime");
  assert.deepEqual(await service.faults(), [], "the trouble is over");
  await accessible(page, "survived");
  await page.getByRole("button", { name: "Delete the keys of this trial" }).click();
  await until(async () => (await service.keys()).length === 0, "they are deleted");
  await page.locator("#status").getByText("are deleted").waitFor();
  await agrees(page);
  assert.deepEqual(problems, []);
});

test("every answer is lost: both calls fail, and only the package leaves nothing", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await lose(page, "every one");
  const held = await agrees(page);
  assert.ok(held.plain.length > 0);
  assert.deepEqual(held.package, []);
  assert.match(await verdict(page, "plain"), /^The call failed\. \d+ working keys? that nobody knows of$/);
  assert.match(
    await verdict(page, "package"),
    /^The call failed\. (\d+) made by lost attempts, \1 deleted, 0 left/,
  );
  assert.match(await verdict(page, "package"), /Still looking, until/, "it does not claim to be done");
  await accessible(page, "every one");
});

test("slow, then lost: the key comes after both have given up, and the package finds it", async () => {
  const { page, problems } = await open(browser, `${service.url}/#survive`);
  await lose(page, "slow, then lost");
  const held = await agrees(page);
  assert.equal(held.plain.length, 1);
  assert.match(await verdict(page, "plain"), /^The call failed\. 1 working key/);
  assert.equal(held.package.length, 1);
  assert.match(await verdict(page, "package"), /^1 made by lost attempts, 1 deleted, 0 left/);
  await accessible(page, "slow, then lost");
  assert.deepEqual(ofThePage(problems), []);
});

test("the keys that are left are seen in the console", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await lose(page, "the next one");
  await page.getByRole("button", { name: "See the demo’s keys" }).click();
  await rowOf(page, "plain fetch").first().waitFor();
  assert.equal(await rowOf(page, "plain fetch").count(), 2);
});

test("it fits a phone, in the dark and in forced colours", async () => {
  for (const options of [
    { viewport: { width: 360, height: 740 }, colorScheme: "dark" },
    { viewport: { width: 768, height: 900 }, forcedColors: "active" },
  ]) {
    const { page } = await open(browser, `${service.url}/#survive`, options);
    await lose(page, "the next one");
    await fits(page, JSON.stringify(options));
    await accessible(page, JSON.stringify(options));
    await service.reset();
  }
});

/** Refuses what this page asks of the emulator itself, or of the API, where `of` accepts the address. */
const refuse = (page, of) => page.route(of, (route) => route.abort());

test("what is left is not known while the emulator's record cannot be read", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await page.getByRole("radio", { name: "slow, then lost" }).check();
  await run(page).click();
  await page.locator("#plain-requests li").first().waitFor();
  await refuse(page, (url) => url.pathname === "/_emulator/keys");
  await page.getByRole("alert").getByText("The trial ended early").waitFor();
  for (const side of ["plain", "package"])
    assert.match(await verdict(page, side), /What is left is not known$/, side);
  assert.equal(await page.locator("#survive-why").textContent(), "");
  await accessible(page, "not known");
});

test("a trial without a user of its own for each side is not run", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await page.route(
    (url) => url.pathname.endsWith("/users"),
    (route) => route.fulfill({ json: { users: [{ name: "accounts/local/users/ci-bot" }] } }),
  );
  await run(page).click();
  await page.getByRole("alert").getByText("The trial ended early").waitFor();
  assert.deepEqual(await service.keys(), []);
  assert.doesNotMatch(await verdict(page, "plain"), /No key|Under way/);
});

test("what others create for the same user is not put down to the browser", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await page.getByRole("radio", { name: "slow, then lost" }).check();
  await run(page).click();
  const arrived = async () =>
    (await service.faults()).some(({ user, hits, times }) => user === "me" && hits > 0 && times);
  await until(arrived, "the create of plain fetch has arrived");
  for (const name of ["one", "two"]) await service.create(name, {}, "me");
  await page.getByRole("button", { name: "Lose the answer again" }).waitFor();
  assert.ok(!(await page.locator("#plain-requests").textContent()).includes("by itself"));
  assert.match(await page.locator("#survive-why").textContent(), /gave up after 2\.0 s/);
});

test("keys that are deleted elsewhere are not told to be there when the trial is seen again", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await lose(page, "the next one");
  await page.getByRole("button", { name: "See the demo’s keys" }).click();
  await rowOf(page, "plain fetch").first().waitFor();
  await service.reset();
  await page.getByRole("link", { name: "See it survive" }).click();
  await page.locator("#plain-verdict").getByText("No key is left that nobody holds").waitFor();
  await agrees(page);
});

test("keys of a trial that cannot be deleted are not told to be deleted", async () => {
  const { page } = await open(browser, `${service.url}/#survive`);
  await lose(page, "the next one");
  await service.fault({
    operation: "delete",
    share: 1,
    fault: { kind: "answer", status: 403, body: '{"code": 7}' },
  });
  const clean = page.getByRole("button", { name: "Delete the keys of this trial" });
  await clean.click();
  await page.locator("#status").getByText("Not all keys of this trial are known to be deleted.").waitFor();
  await clean.waitFor();
  await agrees(page);
  await service.calm();
});
