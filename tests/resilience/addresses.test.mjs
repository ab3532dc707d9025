// Which base URLs are taken, and what becomes of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey } from "fireworks-keys";
import { creating, errorOf } from "./calls.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", orphanProtection: false };

/** What a create over this base URL asks for. */
async function asked(options) {
  const fetch = creating();
  await createApiKey({ ...at, ...options, fetch });
  return fetch.asked[0].url.replace("/v1/accounts/acme/users/ci-bot/apiKeys", "");
}

test("only this machine is reached without TLS", async () => {
  for (const [host, normal = host] of [
    ["localhost"],
    ["a.localhost"],
    ["localhost."],
    ["127.0.0.1"],
    ["127.9.9.9"],
    ["127.1", "127.0.0.1"],
    ["0x7f000001", "127.0.0.1"],
    ["[::1]"],
  ]) {
    assert.equal(await asked({ baseUrl: `http://${host}:8080/a//` }), `http://${normal}:8080/a`);
  }
  for (const host of [
    "localhost.evil.example",
    "evillocalhost",
    "127.0.0.1.nip.io",
    "1127.0.0.1.example",
    "10.0.0.1",
    "128.0.0.1",
    "[::2]",
  ]) {
    const { path } = await errorOf(createApiKey({ ...at, baseUrl: `http://${host}/`, fetch: creating() }));
    assert.equal(path, "baseUrl", host);
  }
});

test("what one call allows, it does not allow the next one", async () => {
  const baseUrl = "http://proxy.example";
  assert.equal(await asked({ baseUrl, allowHttp: true }), baseUrl);
  const { path } = await errorOf(createApiKey({ ...at, baseUrl, fetch: creating() }));
  assert.equal(path, "baseUrl");
});
