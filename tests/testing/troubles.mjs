// The orders of trouble, asked of the emulator and of the service in memory alike.

import assert from "node:assert/strict";
import { outcome } from "./answers.mjs";

/** Sends each of these requests with the fault, and notes its outcome and how many keys there then are. */
async function noted(
  { admin, fault, stored },
  rules,
  send = () => admin.create("me", { annotations: { a: "b" } }),
) {
  const seen = [];
  for (const rule of rules) {
    await fault(rule);
    seen.push([rule.fault, await outcome(send()), (await stored()).length]);
  }
  return seen;
}

export const troubles = {
  async "a lost answer, before and after the request is done"(world) {
    const seen = await noted(world, [
      { fault: { kind: "drop" } },
      { fault: { kind: "drop", when: "before" } },
      { fault: { kind: "drop", when: "after" } },
    ]);
    assert.deepEqual(
      seen.map(([, outcome, count]) => [outcome, count]),
      [
        ["no answer", 0],
        ["no answer", 0],
        ["no answer", 1],
      ],
    );
    const [{ keyId }] = await world.stored();
    const rules = [
      { operation: "delete", fault: { kind: "drop" } },
      { operation: "delete", fault: { kind: "drop", when: "after" } },
    ];
    const deleted = await noted(world, rules, () => world.admin.delete("me", keyId));
    assert.deepEqual(
      deleted.map(([, , count]) => count),
      [1, 0],
    );
    return [seen, deleted];
  },

  async "429 with Retry-After, and any other answer"(world) {
    const limited = {
      kind: "answer",
      status: 429,
      headers: { "retry-after": "7", "content-type": "application/json" },
      body: '{"code": 8, "message": "slow down", "details": []}',
    };
    const seen = await noted(world, [
      { fault: limited },
      { fault: { ...limited, when: "after" } },
      { fault: { kind: "answer", status: 204 } },
      {
        fault: {
          kind: "answer",
          status: 503,
          headers: { "x-request-id": "mine" },
          body: "{{token}}|{{key}}",
        },
      },
      {
        fault: {
          kind: "answer",
          status: 200,
          headers: { "Content-Type": "text/html; charset=x" },
        },
      },
    ]);
    assert.deepEqual([seen[0][1].status, seen[0][1].retryAfter, seen[0][2], seen[1][2]], [429, "7", 0, 1]);
    assert.equal(seen[3][1].body, "fw_local_admin|");
    await world.fault({ fault: { kind: "answer", status: 200, body: "{{key}}$&", when: "after" } });
    const { text } = await world.admin.create("me");
    assert.match(text, /^fw_\w{24}\$&$/);
    assert.equal((await world.admin.as(text.slice(0, -2)).account()).status, 200);
    return seen;
  },

  async "an answer that breaks off, or is not JSON"(world) {
    const seen = await noted(world, [
      { fault: { kind: "cut", bytes: 9 } },
      { fault: { kind: "cut", bytes: 0 } },
      { fault: { kind: "cut", bytes: 1_000_000 } },
      { fault: { kind: "garbage" } },
    ]);
    assert.deepEqual(
      seen.map(([, outcome, count]) => [outcome.status ?? outcome, count]),
      [
        ["no answer", 1],
        ["no answer", 2],
        ["no answer", 3],
        [200, 4],
      ],
    );
    const [[garbage]] = seen.splice(3);
    assert.equal(garbage.kind, "garbage");
    return seen;
  },

  async "a slow request, and one that is done late"(world) {
    const started = Date.now();
    const seen = await noted(world, [
      { fault: { kind: "delay", ms: 200 } },
      { fault: { kind: "delay", ms: 200, when: "after" } },
    ]);
    assert.ok(Date.now() - started >= 200);
    // Where the answer was noticed only after the key was made, the delay was too short.
    for (let ms = 200; ; ms *= 2) {
      const before = (await world.stored()).length;
      await world.fault({ fault: { kind: "late", ms } });
      assert.equal(await outcome(world.admin.create("me")), "no answer");
      const isEarly = (await world.stored()).length === before;
      while ((await world.stored()).length === before) await new Promise((done) => setTimeout(done, 10));
      if (isEarly) return seen;
    }
  },

  async "annotations that are lost"(world) {
    const rules = [{ operation: "create", fault: { kind: "strip-annotations" } }];
    const [[, { body }]] = await noted(world, rules);
    assert.ok(!("annotations" in body));
    return [body, (await outcome(world.admin.create("me", { annotations: { a: "b" } }))).body];
  },

  async "a rule is for an operation, a user, so many requests, after some that pass"(world) {
    const { admin, fault } = world;
    const trouble = { kind: "answer", status: 500 };
    await fault({ operation: "create", user: "me", skip: 1, times: 2, fault: trouble });
    await fault({ operation: "users", fault: trouble });
    const statuses = [];
    for (const user of ["me", "ci-bot", "me", "me", "me"]) statuses.push((await admin.create(user)).status);
    statuses.push(
      (await admin.list("me")).status,
      (await admin.users()).status,
      (await admin.users()).status,
    );
    assert.deepEqual(statuses, [200, 200, 500, 500, 200, 200, 500, 200]);
    for (const operation of ["account", "list", "delete"])
      await fault({ operation, times: 9, fault: trouble });
    const three = async () => [
      (await admin.account()).status,
      (await admin.list("me")).status,
      (await admin.delete("me", "x")).status,
    ];
    assert.deepEqual(await three(), [500, 500, 500]);
    await world.calm();
    assert.deepEqual(await three(), [200, 200, 404]);
    return statuses;
  },

  async "a share of requests is the same for the same seed"({ admin, calm, fault }) {
    const run = async (seed) => {
      await calm();
      await fault({ operation: "users", share: 0.3, seed, fault: { kind: "answer", status: 500 } });
      let hits = "";
      for (let at = 0; at < 100; at += 1) hits += (await admin.users()).status === 500 ? "x" : ".";
      return hits;
    };
    const first = await run(7);
    assert.equal(await run(7), first);
    assert.notEqual(await run(8), first);
    const share = first.split("x").length - 1;
    assert.ok(share > 12 && share < 50, `${share} of 100`);
  },

  async "a rule that makes no sense is refused"({ fault }) {
    for (const rule of [
      {},
      { fault: { kind: "nap" } },
      { fault: { kind: "constructor" } },
      { fault: { kind: "delay" } },
      { fault: { kind: "delay", ms: -1 } },
      { fault: { kind: "garbage" }, share: 0.1, times: 1 },
      { fault: { kind: "garbage" }, often: 1 },
      { fault: { kind: "drop", whn: "after" } },
      { fault: { kind: "garbage", bytes: 1 } },
      { fault: { kind: "drop", when: "later" } },
      { fault: { kind: "drop" }, share: 1.5 },
      { fault: { kind: "drop" }, times: 0 },
      { fault: { kind: "drop" }, skip: -1 },
      { fault: { kind: "drop" }, operation: "rotate" },
      { fault: { kind: "drop" }, user: 7 },
      { fault: { kind: "strip-annotations" } },
      { fault: { kind: "strip-annotations" }, operation: "list" },
      { fault: { kind: "answer", status: 400, headers: { A: "1", a: "2" } } },
      { fault: { kind: "answer", status: 101 } },
      { fault: { kind: "answer", status: 600 } },
      { fault: { kind: "answer", status: 500, headers: { "a b": "c" } } },
      { fault: { kind: "answer", status: 500, headers: { a: "a\nb" } } },
      { fault: { kind: "answer", status: 500, headers: { "content-length": "9" } } },
      { fault: { kind: "answer", status: 500, headers: { "Transfer-Encoding": "chunked" } } },
      { fault: { kind: "answer", status: 500, body: 7 } },
    ]) {
      await assert.rejects(fault(rule), undefined, JSON.stringify(rule));
    }
  },
};
