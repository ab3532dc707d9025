// A rotation that was cut short is seen and finished; and what is listed is exported.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, connected, rowOf, rows, TOKEN } from "./console.mjs";
import { browser, over, service, share } from "./session.mjs";

share();

const dialog = (page) => page.locator("dialog[open]");
const chip = (page, name) => page.getByRole("button", { name: new RegExp(`^${name}`) });
const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
const ofAda = { email: "ada@acme.example", secure: true };

test("a successor stands under its predecessor, with both keys' last use", async () => {
  const { page } = await over([
    { keyId: "old", displayName: "old one", createTime: ago(40), lastUsed: ago(3), ...ofAda },
    { keyId: "x", displayName: "other", createTime: ago(20), ...ofAda },
    {
      keyId: "new",
      displayName: "new one",
      createTime: ago(2),
      lastUsed: ago(0.05),
      annotations: { "fireworks-keys-rotates": "old" },
      ...ofAda,
    },
  ]);
  assert.deepEqual(await rows(page).locator(".name").allTextContents(), ["other", "old one", "new one"]);
  assert.match(await rowOf(page, "old one").textContent(), /3 days ago.*successor: 1 hour ago/);
  assert.ok(!(await page.locator("#keys-panel").textContent()).includes("safe"));
  await accessible(page, "lineage");
  const below = () => page.locator("#keys-body > tr[data-below] .name").allTextContents();
  assert.deepEqual(await below(), ["new one"]);
  const filter = page.getByLabel("Filter", { exact: true });
  await filter.fill("new");
  await page.getByText("1 of 3 keys", { exact: true }).waitFor();
  assert.deepEqual(await below(), [], "nothing stands above it");
  await filter.fill("");
  await page.getByText("3 keys", { exact: true }).waitFor();
  assert.deepEqual(await below(), ["new one"]);
});

test("an unfinished rotation asks which key the store holds, and may do nothing", async () => {
  const old = await service.create("rotated");
  const annotations = { "fireworks-keys-rotates": old.keyId, "fireworks-keys-revokes": old.keyId };
  const next = await service.create("rotated", { annotations });
  const { page } = await connected(browser, service.url);
  await chip(page, "Unfinished rotation").waitFor();
  const finish = page.getByRole("button", { name: "Finish rotated" });
  const answer = async (words) => {
    await finish.click();
    await accessible(page, "finish");
    await page.getByRole("radio", { name: words }).check();
    await page.getByRole("button", { name: "Go on" }).click();
  };
  await answer(/I don’t know/);
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.equal((await service.keys()).length, 2);
  await answer(/The old one/);
  await page.getByRole("dialog", { name: "Rotate “rotated”" }).waitFor();
  await page.keyboard.press("Escape");
  await answer(/The new one/);
  await page.getByRole("button", { name: "Revoke 1 key" }).click();
  await dialog(page).getByRole("heading", { name: "1 key revoked." }).waitFor();
  assert.deepEqual(
    (await service.keys()).map(({ keyId }) => keyId),
    [next.keyId],
  );
});

test("what is shown is exported: formulas stay texts, and no secret is in the file", async () => {
  const { key } = await service.create('=HYPERLINK("x")', { annotations: { team: "a,b" } });
  await service.create("@cmd\u202E");
  const { page, problems } = await connected(browser, service.url);
  const file = async (name) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name }).first().click(),
    ]);
    return readFile(await download.path(), "utf8");
  };
  const csv = await file("Export CSV");
  assert.match(
    csv,
    /^name,keyId,prefix,ownerEmail,ownerId,created,lastUsed,expires,findings,annotations\r\n/,
  );
  assert.ok(csv.includes(`"'=HYPERLINK(""x"")"`), csv);
  assert.ok(csv.includes("'@cmd[U+202E]") && csv.includes('"team=a,b'));
  const json = await file("Export JSON");
  assert.deepEqual(
    JSON.parse(json).map(({ name }) => name),
    ["@cmd\u202E", '=HYPERLINK("x")'],
  );
  assert.ok(!json.includes("\u202E"));
  for (const text of [csv, json]) assert.ok(!text.includes(key) && !text.includes(TOKEN));
  assert.deepEqual(problems, []);
});

/** A CSV's rows, as RFC 4180 has them. */
function parsed(csv) {
  const rows = [[]];
  for (const [, quoted, bare, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? bare);
    if (end !== ",") rows.push([]);
  }
  const [names, ...cells] = rows.slice(0, -1);
  return cells.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
}

test("what is ticked is exported, also out of sight, and reads back cell by cell", async () => {
  const names = ["a, b", 'say "hi"', "x;y", "-1+2", "two\r\nlines", "👩‍🚀", "", "left out"];
  const annotations = { "=cmd": "1;2", "team": '"a", b' };
  const { page } = await over(
    names.map((displayName, index) => ({
      keyId: `k${index}`,
      displayName,
      createTime: ago(index + 1),
      annotations,
      secret: "fw_neverexported",
      ...ofAda,
    })),
  );
  await page.getByRole("button", { name: /^Tick all/ }).click();
  await page.getByRole("checkbox", { name: "Tick left out" }).click();
  await page.getByLabel("Filter", { exact: true }).fill("say");
  await page.getByText("7 keys ticked, 6 out of sight").waitFor();
  const bar = page.getByRole("region", { name: "Ticked keys" });
  const file = async (place, type) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      place.getByRole("button", { name: `Export ${type}` }).click(),
    ]);
    assert.equal(download.suggestedFilename(), `fireworks-keys.${type.toLowerCase()}`);
    return readFile(await download.path(), "utf8");
  };
  const csv = await file(bar, "CSV");
  const rows = parsed(csv);
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["a, b", 'say "hi"', "x;y", "'-1+2", "two[U+000D][U+000A]lines", "👩‍🚀", ""],
  );
  for (const row of rows) {
    assert.equal(row.annotations, `'=cmd=1;2; team="a", b`);
    assert.deepEqual([row.ownerEmail, row.ownerId], ["ada@acme.example", "ada"]);
  }
  const json = await file(bar, "JSON");
  assert.deepEqual(
    JSON.parse(json).map(({ name }) => name),
    names.slice(0, 7),
  );
  assert.deepEqual(JSON.parse(json)[0].annotations, annotations);
  assert.equal(parsed(await file(page.locator(".exports"), "CSV")).length, 1, "what is shown is another");
  for (const text of [csv, json]) assert.ok(!text.includes("fw_neverexported"));
});
