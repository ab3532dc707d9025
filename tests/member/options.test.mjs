// Tests that a keyring is made of options that are right, and shows none of its secrets.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { inspect } from "node:util";
import { prepare, tool } from "../matrix/fixture.mjs";
import { startBroker, stopAll } from "./broker.mjs";
import { stopClock } from "./clock.mjs";

const AUTHORIZATION = "Bearer s3cret-of-the-member";

let createKeyring;
let KeyringError;

before(async () => {
  await prepare();
  ({ createKeyring, KeyringError } = await tool("fireworks-keys/member"));
});

afterEach(stopAll);

const ringOf = (broker, change) =>
  createKeyring({ broker: broker.url, authorization: AUTHORIZATION, ...change });

test("an option that is wrong makes no keyring, and the error names it", () => {
  const good = { broker: "https://keys.example", authorization: AUTHORIZATION };
  createKeyring(good);
  for (const second of [{ member: "ada" }, undefined]) {
    assert.throws(() => createKeyring(good, second), { path: "arguments" });
  }
  for (const [path, change] of [
    ["broker", { broker: undefined }],
    ["broker", { broker: "keys" }],
    ["broker", { broker: "http://keys.example" }],
    ["broker", { broker: "http://localhost.example" }],
    ["broker", { broker: "https://ada:fw_pass@keys.example" }],
    ["broker", { broker: "https://keys.example/?token=fw_x" }],
    ["broker", { broker: "https://keys.example/#a" }],
    ["broker", { broker: "javascript:alert(1)" }],
    ["broker", { broker: "file:///keys" }],
    ["broker", { broker: 7 }],
    ["authorization", { authorization: undefined }],
    ["authorization", { authorization: "" }],
    ["authorization", { authorization: "Bearer a\nb" }],
    ["authorization", { authorization: "Bearer ä" }],
    ["authorization", { authorization: 7 }],
    ["inference", { inference: "http://api.fireworks.ai/inference/" }],
    ["inference", { inference: "https://api.fireworks.ai/inference/?a" }],
    ["inference", { inference: null }],
    ["member", { member: "" }],
    ["member", { member: 7 }],
    ["member", { member: null }],
    ["fetch", { fetch: null }],
    ["onEvent", { onEvent: "log" }],
    ["authorisation", { authorisation: AUTHORIZATION }],
    ["token", { token: "fw_x" }],
  ]) {
    assert.throws(
      () => createKeyring({ ...good, ...change }),
      (error) =>
        error instanceof KeyringError &&
        error.name === "ValidationError" &&
        error.code === "VALIDATION" &&
        error.path === path &&
        error.message.includes(path) &&
        !/s3cret|fw_/.test(inspect(error)),
      `${path} ${JSON.stringify(change)}`,
    );
  }
  for (const nothing of [undefined, null, "https://keys.example"]) {
    assert.throws(() => createKeyring(nothing), { name: "ValidationError", path: "options" });
  }
});

test("neither errors nor events nor the keyring itself show a secret", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  const seen = [];
  const onEvent = (event) => {
    seen.push(inspect(event, { depth: 9, showHidden: true }), JSON.stringify(event));
    throw new Error("the page's own fault");
  };
  for (const authorization of [
    () => `${AUTHORIZATION}\nx`,
    () => {
      throw new Error(AUTHORIZATION);
    },
    () => Promise.reject(AUTHORIZATION),
  ]) {
    const ring = ringOf(broker, { fetch: clock.fetch, authorization, onEvent });
    const error = await clock.until(ring.key().catch((error) => error));
    assert.equal(error.code, "AUTHORIZATION");
    seen.push(inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error));
  }
  const fetch = (_, { headers }) =>
    Promise.reject(new Error(`no ${new Headers(headers).get("authorization")}`));
  const broken = ringOf(broker, { fetch, onEvent });
  const error = await clock.until(broken.key().catch((error) => error));
  assert.equal(error.code, "CONNECTION");
  seen.push(inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error));
  const ring = ringOf(broker, { onEvent });
  await ring.key();
  seen.push(inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring));
  await ring.close();
  assert.ok(seen.length > 10);
  for (const text of seen) assert.ok(!/s3cret|fw_/.test(text), text);
});
