// Tests that `reconcile` never revokes the broker's own token, however the list, a cursor, the token or its
// function go astray, and what it makes of cursors.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { SECRET } from "./brokers.mjs";
import { brokerOf, refusal, service } from "./plain.mjs";

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const ahead = (minutes) => ago(-minutes);

/** The broker's own token, as it is listed. */
const OWN = { keyId: "own", prefix: "fw_tok", createTime: ago(90_000) };

/** A service whose list has these pages, each a list of keys. Deletions are noted, and show on each page. */
function listing(pages, { lags = false, trouble = () => {} } = {}) {
  const deleted = [];
  const starts = [];
  const fetch = async (url, { method, body }) => {
    if (method === "POST") {
      const { keyId } = JSON.parse(body);
      if (deleted.includes(keyId)) return refusal(404, 5);
      deleted.push(keyId);
      return Response.json({});
    }
    const page = Number(new URL(url).searchParams.get("pageToken") ?? 0);
    starts.push(page);
    const instead = trouble(page);
    if (instead) return instead;
    const apiKeys = pages[page].filter((key) => lags || !deleted.includes(key?.keyId));
    return Response.json({ apiKeys, nextPageToken: page + 1 < pages.length ? String(page + 1) : "" });
  };
  return { deleted, starts, fetch };
}

const brokerWith = (fetch, change) => brokerOf(memoryLedger(), { fetch, maxRetries: 0, ...change }).broker;

test("the own token is spared although it stands twice in the list, or a cursor comes between", async () => {
  for (const pages of [[[OWN, OWN]], [[OWN], [OWN]], [[OWN], [], [OWN]]]) {
    const { fetch, deleted } = listing(pages);
    const broker = brokerWith(fetch);
    let result;
    for (let run = 0; run < 9 && !result?.settled; run += 1)
      result = await broker.reconcile({ maxRequests: 1 });
    assert.deepEqual([result.spared, result.settled, deleted], [["own"], true, []]);
    const whole = await brokerWith(fetch).reconcile();
    assert.deepEqual([whole.spared, whole.settled, deleted], [["own"], true, []]);
  }
});

test("a cursor whose page cannot be had begins anew, whatever the service answers", async () => {
  for (const answer of [
    () => refusal(400, 3),
    () => refusal(404, 5),
    () => refusal(500, 13),
    () => refusal(503, 14),
    () => Response.json({ apiKeys: "none" }),
    () => {
      throw new TypeError("the connection was lost");
    },
  ]) {
    let isStale = false;
    const trouble = (page) => isStale && page > 0 && answer();
    const { fetch, deleted, starts } = listing([[OWN], []], { trouble });
    const broker = brokerWith(fetch);
    assert.deepEqual((await broker.reconcile({ maxRequests: 1 })).spared, ["own"]);
    isStale = true;
    for (let run = 0; run < 3; run += 1) {
      const { left, settled, spared } = await broker.reconcile();
      assert.deepEqual([left[0].why, settled, spared], ["list", false, ["own"]], `${answer}`);
    }
    assert.deepEqual(starts.slice(0, 4), [0, 1, 0, 1]);
    isStale = false;
    const { settled, spared } = await broker.reconcile();
    assert.deepEqual([settled, spared, deleted], [true, ["own"], []], `${answer}`);
  }
});

test("a token that was exchanged between two runs, or in the middle of one, is spared", async () => {
  const next = { keyId: "next", prefix: "fw_next", createTime: ago(1) };
  let token = "fw_token";
  const { fetch, deleted } = listing([[OWN], [next]]);
  const broker = brokerWith(fetch, { token: () => token });
  assert.deepEqual((await broker.reconcile({ maxRequests: 1 })).spared, ["own"]);
  token = "fw_next_token";
  const { spared, settled } = await broker.reconcile();
  assert.deepEqual([spared, settled, deleted], [["next"], true, ["own"]], "the old one is unknown by now");
  const middle = listing([[OWN], [next]], { trouble: () => void (token = "fw_next_token") });
  token = "fw_token";
  const turned = brokerWith(middle.fetch, { token: () => token });
  const { left } = await turned.reconcile();
  assert.deepEqual([left[0].why, middle.deleted], ["token", []]);
  assert.deepEqual([(await turned.reconcile()).spared, middle.deleted], [["next"], ["own"]]);
});

test("while the own token cannot be had, no key without a tag is revoked", async () => {
  for (const bad of [() => Promise.reject(new Error("sealed")), () => "", () => undefined, () => ({})]) {
    let isSealed = true;
    const stranger = { keyId: "stranger", prefix: "fw_str", createTime: ago(1) };
    const { fetch, deleted } = listing([[OWN, stranger]]);
    const broker = brokerWith(fetch, { token: () => (isSealed ? bad() : "fw_token") });
    const { left, settled, spared } = await broker.reconcile({ token: "fw_admin" });
    assert.deepEqual([left[0].why, left[0].keys, settled, spared, deleted], ["token", 2, false, [], []]);
    assert.ok(left[0].error instanceof Error);
    isSealed = false;
    assert.deepEqual((await broker.reconcile({ token: "fw_admin" })).revoked, ["stranger"]);
  }
  let calls = 0;
  const { fetch, deleted } = listing([[OWN]]);
  const token = () => {
    if ((calls += 1) === 1) throw new Error("sealed");
    return "fw_token";
  };
  await brokerWith(fetch, { token }).reconcile();
  assert.deepEqual(deleted, []);
});

test("an own token whose age cannot be told is spared", async () => {
  for (const createTime of [undefined, "some day", 7, null]) {
    const unread = { ...OWN, createTime };
    const { fetch, deleted } = listing([[unread]]);
    assert.deepEqual((await brokerWith(fetch).reconcile()).spared, ["own"]);
    const young = { keyId: "young", prefix: "fw_tok", createTime: ago(1) };
    for (const page of [
      [unread, young],
      [young, unread],
    ]) {
      const { left, spared, settled } = await brokerWith(listing([page]).fetch).reconcile();
      assert.deepEqual([spared.sort(), settled, left], [["own", "young"], false, [{ why: "own", keys: 2 }]]);
    }
    const kept = listing([[young, unread]]);
    const done = await brokerWith(kept.fetch).reconcile({ keep: ["own"] });
    assert.deepEqual([done.spared, done.settled, kept.deleted, deleted], [[], true, ["young"], []]);
  }
});

test("what keep names anew between two runs is neither missing nor spared", async () => {
  const other = { keyId: "other", prefix: "fw_oth", createTime: ago(9) };
  const { fetch, deleted } = listing([[OWN, other], []]);
  const broker = brokerWith(fetch);
  await broker.reconcile({ maxRequests: 1, keep: ["other", "gone"] });
  const second = await broker.reconcile({ keep: ["own", "other", "gone"] });
  assert.deepEqual([second.missing, second.spared, deleted], [["gone"], [], []]);
  // What it no longer names may stand on a page that was passed: that needs another walk.
  await broker.reconcile({ maxRequests: 1, keep: ["own", "other"] });
  const third = await broker.reconcile({ keep: ["own"] });
  assert.deepEqual([third.revoked, third.settled, third.missing], [["other"], true, []]);
});

test("what keep names anew or no longer decides which keys of later pages are spared", async () => {
  const likeness = { ...OWN, keyId: "likeness", createTime: ago(80_000) };
  const named = listing([[OWN], [likeness]]);
  const broker = brokerWith(named.fetch);
  assert.deepEqual((await broker.reconcile({ maxRequests: 1 })).spared, ["own"]);
  const { spared, settled } = await broker.reconcile({ keep: ["own"] });
  assert.deepEqual([spared, settled, named.deleted], [[], true, ["likeness"]]);

  const dropped = listing([[OWN], [likeness], []]);
  const other = brokerWith(dropped.fetch);
  await other.reconcile({ maxRequests: 1, keep: ["own"] });
  assert.deepEqual((await other.reconcile({ maxRequests: 1 })).spared, ["likeness"]);
});

test("a member's key that keep names anew, and whose page was passed, is not missing", async () => {
  const { fetch } = service(undefined, { page: 1 });
  const { broker, mint } = brokerOf(memoryLedger(), { fetch });
  const [keyId] = await mint(2);
  // One request for the list, and one for the ledger.
  assert.ok((await broker.reconcile({ maxRequests: 2 })).cursor);
  const { missing, settled } = await broker.reconcile({ keep: [keyId] });
  assert.deepEqual([missing, settled], [[], true]);
});

test("a walk that begins anew counts each key once", async () => {
  let isStale = false;
  const trouble = () => isStale && refusal(400, 3);
  const { fetch } = service(undefined, { page: 1 });
  const listed = (url, init) => (new URL(url).searchParams.has("pageToken") && trouble()) || fetch(url, init);
  const { broker, mint } = brokerOf(memoryLedger(), { fetch: listed });
  await mint(2);
  assert.equal((await broker.reconcile({ maxRequests: 2 })).known, 1);
  isStale = true;
  assert.equal((await broker.reconcile()).known, 1);
  isStale = false;
  assert.equal((await broker.reconcile()).known, 2);
});

test("a cursor of another account, user or secret, or a forged one, is refused", async () => {
  const { fetch, starts } = listing([[OWN], []]);
  const { cursor } = await brokerWith(fetch).reconcile({ maxRequests: 1 });
  const refused = async (broker, text) =>
    assert.rejects(broker.reconcile({ cursor: text }), { name: "ValidationError", path: "cursor" });
  const count = starts.length;
  for (const change of [
    { accountId: "other" },
    { userId: "other" },
    { memberSecret: `${SECRET}!` },
    { memberSecret: [`${SECRET}!`, SECRET] },
  ]) {
    await refused(brokerWith(fetch, change), cursor);
  }
  const body = cursor.slice(cursor.indexOf(".") + 1);
  const forged = body.replace(encodeURIComponent('"known":0'), encodeURIComponent('"known":1'));
  assert.notEqual(forged, body);
  for (const text of [body, `.${body}`, cursor.replace(body, forged), `${cursor} `]) {
    await refused(brokerWith(fetch), text);
  }
  assert.equal(starts.length, count);
  assert.equal((await brokerWith(fetch).reconcile({ cursor })).settled, true);
});

test("a list that lags behind deletions is walked once more, and no key is named twice", async () => {
  const endless = { keyId: "endless", prefix: "fw_end", createTime: ago(9) };
  const { fetch, starts } = listing([[OWN, endless]], { lags: true });
  const { revoked, settled } = await brokerWith(fetch).reconcile();
  assert.deepEqual([revoked, settled, starts.length], [["endless"], true, 2]);
});

test("entries of the list that name no key are told, and the others are dealt with", async () => {
  const endless = { keyId: "endless", prefix: "fw_end", createTime: ago(9), expireTime: ahead(90_000) };
  for (const entry of [null, "key", 7, [], {}, { ...endless, keyId: "" }, { ...endless, keyId: 7 }]) {
    const { fetch, deleted } = listing([[entry, OWN, endless]]);
    const { revoked, left, settled, failed } = await brokerWith(fetch).reconcile();
    assert.deepEqual([revoked, settled, deleted, failed], [["endless"], false, ["endless"], []]);
    assert.deepEqual([left[0].why, left[0].keys], ["list", 1], JSON.stringify(entry));
    assert.match(left[0].error.message, /without an id/);
  }
});
