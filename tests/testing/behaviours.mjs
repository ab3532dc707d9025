// The orders that make a service different where the real one is unknown, asked of the emulator and of the
// service in memory alike.

import assert from "node:assert/strict";
import { all, comparable, outcome } from "./answers.mjs";

const HOUR = 3_600_000;

const ids = ({ body }) => body.apiKeys.map(({ keyId }) => keyId);

/** A key that lived for a while and is deleted, and a time at which it was there. */
async function deletedKey({ admin, now }) {
  const { key, keyId } = (await admin.create("me")).body;
  const was = now() + 200;
  while (now() < was + 200) await new Promise((done) => setTimeout(done, 20));
  await admin.delete("me", keyId);
  return { key, keyId, was };
}

/** Orders that one request goes back to a time, until the answer is the expected one. */
async function seenAt({ fault, now }, was, rule, ask) {
  for (let tries = 0; tries < 100; tries += 1) {
    const { kind, ...where } = rule;
    await fault({ ...where, fault: { kind, ms: now() - was } });
    if (await ask()) return;
  }
  assert.fail("the time was never met");
}

export const behaviours = {
  async "a list that lags shows neither the latest keys nor the latest deletions"(world) {
    const { admin, fault } = world;
    const { keyId } = (await admin.create("me")).body;
    await fault({ operation: "list", user: "me", fault: { kind: "list-lag", ms: HOUR } });
    const answers = [await admin.list("-"), await admin.list("me"), await admin.list("me")];
    assert.deepEqual(answers.map(ids), [[keyId], [], [keyId]]);
    assert.deepEqual(
      answers.map(({ body }) => body.totalSize),
      [1, 0, 1],
    );
    const gone = await deletedKey(world);
    await seenAt(world, gone.was, { operation: "list", kind: "list-lag" }, async () =>
      ids(await admin.list("me")).includes(gone.keyId),
    );
    assert.deepEqual(ids(await admin.list("me")), [keyId]);
    await fault({ operation: "list", fault: { kind: "list-lag", ms: 0 } });
    assert.deepEqual(ids(await admin.list("me")), [keyId]);
    return answers.map(comparable);
  },

  async "in a list that always lags, a key that is deleted is gone for everything else"({
    admin,
    fault,
    stored,
  }) {
    await fault({ operation: "list", share: 1, fault: { kind: "list-lag", ms: HOUR } });
    const { key, keyId } = (await admin.create("me")).body;
    assert.equal((await stored()).length, 1);
    const answers = await all([
      ["it is not listed", 200, () => admin.list("me")],
      ["it works", 200, () => admin.as(key).account()],
      ["it can be deleted", 200, () => admin.delete("me", keyId)],
      ["once", 404, () => admin.delete("me", keyId)],
      ["it works no more", 401, () => admin.as(key).account()],
    ]);
    assert.deepEqual(await stored(), []);
    return answers;
  },

  async "a new key that is not accepted yet, and a deleted one that still is"(world) {
    const { admin, fault } = world;
    const { key } = (await admin.create("me")).body;
    await fault({ operation: "account", fault: { kind: "key-lag", ms: HOUR } });
    const answers = [
      ...(await all([
        ["not yet", 401, () => admin.as(key).account()],
        ["then", 200, () => admin.as(key).account()],
      ])),
    ];
    const gone = await deletedKey(world);
    await seenAt(
      world,
      gone.was,
      { operation: "account", kind: "key-lag" },
      async () => (await admin.as(gone.key).account()).status === 200,
    );
    await fault({ fault: { kind: "key-lag", ms: HOUR } });
    return [
      ...answers,
      ...(await all([
        ["the administrator's token does not lag", 200, () => admin.list("me", { readMask: "email" })],
        ["deleted", 401, () => admin.as(gone.key).account()],
      ])),
    ];
  },

  async "paging that is ignored: a list comes whole, whatever page was asked for"({ admin, fault }) {
    for (const displayName of "abc") await admin.create("me", { displayName });
    const queries = [{ pageSize: "1" }, { pageSize: "many", pageToken: "made up" }, {}];
    const lists = [
      ["list", (query) => admin.list("me", query)],
      ["users", (query) => admin.users(query)],
      ["accounts", (query) => admin.accounts(query)],
    ];
    const answers = [];
    for (const [operation, list] of lists) {
      await fault({ operation, times: 4, fault: { kind: "no-paging" } });
      answers.push(...(await all(queries.map((query) => [operation, 200, () => list(query)]))));
      answers.push(...(await all([["unheard", 400, () => list({ unheard: "1" })]])));
    }
    assert.deepEqual(
      answers.slice(0, 3).map(([, { body }]) => [body.apiKeys.length, body.nextPageToken]),
      [
        [3, ""],
        [3, ""],
        [3, ""],
      ],
    );
    assert.equal((await admin.list("me", { pageSize: "1" })).body.apiKeys.length, 1);
    return answers;
  },

  async "a clock that is off, by which keys are made, used and end"({ admin, fault, now }) {
    const near = (time, ms) => Math.abs(Date.parse(time) - now() - ms) < HOUR / 4;
    const seen = [];
    for (const ms of [HOUR, -HOUR]) {
      const expireTime = new Date(now() + ms / 2).toISOString();
      await fault({ operation: "create", fault: { kind: "clock", ms } });
      const answer = await admin.create("me", { expireTime });
      assert.ok(near(answer.headers.get("date"), ms));
      if (ms < 0) assert.ok(near(answer.body.createTime, ms));
      seen.push(answer.status);
    }
    assert.deepEqual(seen, [400, 200]);
    const expireTime = new Date(now() + HOUR / 2).toISOString();
    const { key, createTime } = (await admin.create("ci-bot", { expireTime })).body;
    assert.ok(near(createTime, 0));
    await fault({ fault: { kind: "clock", ms: HOUR } });
    const answers = await all([
      ["it has ended by then", 401, () => admin.as(key).account()],
      ["not by now", 200, () => admin.as(key).account()],
    ]);
    const unused = (await admin.create("bob")).body.key;
    await fault({ fault: { kind: "clock", ms: -HOUR } });
    await admin.as(unused).account();
    assert.ok(near((await admin.list("bob")).body.apiKeys[0].lastUsed, -HOUR));
    assert.ok(near((await admin.account()).headers.get("date"), 0));
    return answers;
  },

  async "an answer that no page may read, of a request that is done"({ page, fault, stored }) {
    await fault({ operation: "create", fault: { kind: "no-cors" } });
    const outcomes = [await outcome(page.create("me")), (await outcome(page.create("me"))).status];
    assert.deepEqual([...outcomes, (await stored()).length], ["no answer", 200, 2]);
    return outcomes;
  },

  async "an annotation that is too long"({ admin, fault, stored }) {
    const create = (value) => admin.create("me", { annotations: { team: value, other: "" } });
    await fault({ operation: "create", times: 3, fault: { kind: "longest-annotation", characters: 5 } });
    const answers = await all([
      ["just right", 200, () => create("12345")],
      ["characters, not bytes", 200, () => create("ünï🔑ö")],
      ["one more", 400, () => create("123456")],
      ["the order is over", 200, () => create("123456")],
    ]);
    await fault({ operation: "create", times: 2, fault: { kind: "longest-annotation", characters: 0 } });
    answers.push(
      ...(await all([
        ["none", 200, () => admin.create("me", { annotations: { team: "" } })],
        ["one", 400, () => admin.create("nobody", { annotations: { team: "1" } })],
      ])),
    );
    assert.equal((await stored()).length, 4);
    return answers;
  },

  async "a removed user, whose keys stay, until a reset"({ admin, remove, stored, reset }) {
    const { key, keyId } = (await admin.create("ann")).body;
    await remove("ann");
    const answers = await all([
      ["refused", 401, () => admin.as(key).account()],
      ["listed for all", 200, () => admin.list("-")],
      ["not for one who is not there", 404, () => admin.list("ann")],
      ["no new one", 404, () => admin.create("ann")],
      ["not deleted", 404, () => admin.delete("ann", keyId)],
      ["the others", 200, () => admin.users({ readMask: "name" })],
    ]);
    assert.equal((await stored()).length, 1);
    await assert.rejects(remove("ann"));
    await assert.rejects(remove("nobody"));
    await reset();
    return [...answers, ...(await all([["back", 200, () => admin.create("ann")]]))];
  },

  async "an order for what it cannot change, or not so far, is refused"({ fault }) {
    for (const rule of [
      ...[undefined, "create", "users"].map((operation) => ({
        operation,
        fault: { kind: "list-lag", ms: 1 },
      })),
      ...[undefined, "list"].map((operation) => ({
        operation,
        fault: { kind: "longest-annotation", characters: 1 },
      })),
      ...[undefined, "account", "delete"].map((operation) => ({ operation, fault: { kind: "no-paging" } })),
      ...[-1, HOUR + 1, 0.5, "1", null].map((ms) => ({ operation: "list", fault: { kind: "list-lag", ms } })),
      ...[-1, HOUR + 1].map((ms) => ({ fault: { kind: "key-lag", ms } })),
      ...[-1, 0.5, undefined].map((characters) => ({
        operation: "create",
        fault: { kind: "longest-annotation", characters },
      })),
      ...[1_576_800_000_001, -1_576_800_000_001, 0.5, undefined].map((ms) => ({
        fault: { kind: "clock", ms },
      })),
      { fault: { kind: "no-cors", ms: 1 } },
      { fault: { kind: "no-cors", when: "after" } },
    ]) {
      await assert.rejects(fault(rule), undefined, JSON.stringify(rule));
    }
    for (const rule of [
      { operation: "list", fault: { kind: "list-lag", ms: HOUR } },
      { fault: { kind: "key-lag", ms: HOUR } },
      { fault: { kind: "clock", ms: 1_576_800_000_000 } },
      { fault: { kind: "clock", ms: -1_576_800_000_000 } },
    ]) {
      await fault(rule);
    }
  },
};
