// The page connects, or says in words why it cannot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, apiRequests, connect, connected, ofThePage, open, TOKEN, www } from "./console.mjs";
import { someKeys, startService } from "./service.mjs";
import { browser, service, share } from "./session.mjs";

share();

test("served by an emulator, the page is filled in for the demo and says so", async () => {
  const { page, problems } = await open(browser, service.url);
  await page.getByText("An emulator serves this page").waitFor();
  assert.equal(await page.getByLabel("Token").getAttribute("type"), "password");
  assert.equal(await page.getByLabel("Service address").inputValue(), service.url);
  await accessible(page, "connect");
  await connect(page);
  await page.getByText("No keys yet").waitFor();
  await accessible(page, "empty");
  assert.equal(await page.locator("#token").inputValue(), "", "the token is taken out of the document");
  assert.deepEqual(problems, []);
});

test("a wrong token says so in words, at its field", async () => {
  const { page, problems } = await open(browser, service.url);
  await page.getByLabel("Token").fill("fw_wrong");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("The token is not accepted").waitFor();
  const token = page.getByLabel("Token");
  assert.equal(await token.getAttribute("aria-invalid"), "true");
  assert.ok(await token.evaluate((input) => input === document.activeElement));
  assert.match(await page.locator("#token-error").textContent(), /does not know this token/);
  await accessible(page, "wrong token");
  await token.fill(TOKEN);
  await connect(page);
  assert.deepEqual(ofThePage(problems), []);
});

test("what the module refuses is marked at the field that its path names", async () => {
  const { page } = await open(browser, service.url);
  await page.getByLabel("Account", { exact: true }).fill("accounts/local");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#account[aria-invalid]").waitFor();
  assert.match(await page.locator("#account-error").textContent(), /bare id/);
  await page.getByLabel("Service address").fill("http://example.com");
  await page.getByLabel("Account", { exact: true }).fill("local");
  await page.getByLabel("Token").fill("fw_somebody");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#base-url[aria-invalid]").waitFor();
  assert.equal(await page.locator("#account[aria-invalid]").count(), 0, "the other mark is gone");
});

test("a token alone finds its accounts: the only one is filled in, several are offered", async () => {
  const { page } = await open(browser, service.url);
  let accounts = [{ name: "accounts/local" }, { name: "accounts/other" }];
  await page.route(
    (url) => url.pathname === "/v1/accounts",
    (route) => route.fulfill({ json: { accounts, nextPageToken: "", totalSize: accounts.length } }),
  );
  await page.getByLabel("Account", { exact: true }).fill("");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#account-error").getByText("Choose: local, other.").waitFor();
  await accessible(page, "accounts offered");
  const told = async (given, words) => {
    accounts = given;
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator("#account-error").getByText(words).waitFor();
  };
  const many = Array.from({ length: 30 }, (_, index) => ({ name: `accounts/acme-${index}` }));
  await told(many, "Choose: acme-0, acme-1, acme-2, acme-3, acme-4 or one of 25 more.");
  assert.equal(await page.locator("#accounts option").count(), 30);
  await told([], "The service lists none for this token");
  await told([{}, { name: 7 }], "The service lists none for this token");
  accounts = [{ name: "accounts/local" }];
  await connect(page);
  await page.getByText("local · everyone").waitFor();
});

test("a token that may not list the accounts has the account asked for", async () => {
  const { page } = await open(browser, service.url);
  await page.route(
    (url) => url.pathname === "/v1/accounts",
    (route) => route.fulfill({ status: 403, json: { code: 7, message: "not for you" } }),
  );
  await page.getByLabel("Account", { exact: true }).fill("");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#account-error").getByText("may not list its accounts: type the id in").waitFor();
  await accessible(page, "accounts not listed");
});

test("a token that is no administrator's is told so where it is seen, and connects as its user", async () => {
  const { key } = await service.create("mine");
  const { page } = await open(browser, service.url);
  await page.getByLabel("Token").fill(key);
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("The token may not do this").waitFor();
  await page.locator("#scope-error").getByText("Only an administrator").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "scope", "the focus is there");
  await accessible(page, "no administrator");
  await page.getByRole("radio", { name: "One user’s" }).check();
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#user-error").getByText("Type the user’s id in").waitFor();
  await page.getByLabel("User or service account").fill("ci-bot");
  await connect(page);
  await page.getByText("local · ci-bot").waitFor();
});

test("where no users are offered because the token or the account is wrong, that is told", async () => {
  const { page } = await open(browser, service.url);
  await page.getByRole("radio", { name: "One user’s" }).check();
  await page.getByLabel("Account", { exact: true }).fill("elsewhere");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#account-error").getByText("no account of this id").waitFor();
  await page.getByLabel("Token").fill("fw_wrong");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("#token-error").getByText("does not know this token").waitFor();
});

test("a form that is submitted twice connects once", async () => {
  await service.create("listed");
  const { page } = await open(browser, service.url);
  const sent = apiRequests(page);
  await page.locator("#connect-form").evaluate((form) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  const journal = (requests) => page.getByRole("tab", { name: new RegExp(`What happened ${requests}$`) });
  await journal(2).waitFor();
  // A second connection would have been made before the list is loaded anew.
  await page.getByRole("button", { name: "Reload" }).click();
  await journal(3).waitFor();
  const list = "GET /v1/accounts/local/users/-/apiKeys";
  assert.deepEqual(sent.sort(), ["GET /v1/accounts/local/users", list, list]);
});

test("what is missing is asked for, and the users are offered", async () => {
  const { page } = await open(browser, service.url);
  await page.getByRole("radio", { name: "One user’s" }).check();
  await page.getByRole("button", { name: "Connect" }).click();
  await page
    .locator("#user-error")
    .getByText(/^Type the user’s id in, or choose: (ci-bot, me|me, ci-bot)\.$/)
    .waitFor();
  await accessible(page, "users offered");
  await page.getByLabel("User or service account").fill("nobody");
  await page.getByRole("button", { name: "Connect" }).click();
  await page.getByRole("alert").getByText("There is no such user").waitFor();
  await page.getByLabel("User or service account").fill("ci-bot");
  await connect(page);
  await page.getByText("local · ci-bot").waitFor();
});

test("a forbidden address, one that does not answer, and being offline are told apart", async () => {
  const { page, context } = await open(browser, service.url);
  const refused = async (address, words) => {
    await page.getByLabel("Service address").fill(address);
    await page.getByLabel("Account", { exact: true }).focus();
    if (address !== service.url)
      assert.equal(await page.getByLabel("Token").inputValue(), "", "the demo's token stays here");
    await page.getByLabel("Token").fill("fw_somebody");
    await page.getByLabel("Account", { exact: true }).fill("acme");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("alert").getByText(words).waitFor();
    await page.getByLabel("Token").fill(TOKEN);
  };
  await refused("https://elsewhere.example", "The page may not talk to this address");
  await context.route("https://api.fireworks.ai/**", (route) => route.abort());
  await refused("https://api.fireworks.ai", "No answer");
  await context.setOffline(true);
  await refused(service.url, "You are offline");
  await page.locator("#offline").waitFor();
  await accessible(page, "offline");
  await context.setOffline(false);
  await page.locator("#offline").waitFor({ state: "hidden" });
});

test("who disconnects leaves nothing in the page", async () => {
  await service.create("left over");
  const { page } = await connected(browser, service.url);
  await page.getByRole("button", { name: "left over, details" }).waitFor();
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("heading", { name: "Connect" }).waitFor();
  assert.ok(!(await page.content()).includes("left over"));
});

test("a static host serves the page from a folder, and nothing is filled in", async () => {
  const host = await startService({ www, keys: someKeys(3), folder: "/tools/keys" });
  try {
    const { page, problems } = await open(browser, host.page);
    assert.equal(await page.getByLabel("Token").inputValue(), "");
    assert.equal(await page.getByLabel("Service address").inputValue(), "https://api.fireworks.ai");
    assert.ok(await page.locator("#demo-note").isHidden());
    await page.getByLabel("Token").fill("fw_somebody");
    await page.getByLabel("Account", { exact: true }).fill("acme");
    await page.getByLabel("Service address").fill(host.url);
    await connect(page);
    await page.getByText("3 keys", { exact: true }).waitFor();
    await page.getByRole("tab", { name: "What happened" }).click();
    assert.ok(await page.locator("#network").isHidden(), "there is no emulator to order trouble from");
    assert.deepEqual(ofThePage(problems), []);
  } finally {
    host.stop();
  }
});

test("a path of the page's own origin is an address, too, and a whole one for a shell", async () => {
  const host = await startService({ www, keys: someKeys(3) });
  try {
    const { page } = await open(browser, host.page);
    await page.getByLabel("Token").fill("fw_somebody");
    await page.getByLabel("Account", { exact: true }).fill("acme");
    await page.getByLabel("Service address").fill("/passed-on");
    await connect(page);
    await page.getByText("3 keys", { exact: true }).waitFor();
    await page.getByRole("tab", { name: "What happened" }).click();
    assert.ok(
      (await page.locator("#journal code").first().textContent()).includes(
        `${host.url}/passed-on/v1/accounts/acme/users`,
      ),
    );
  } finally {
    host.stop();
  }
});
