// Tests rotations that meet another rotation, a failure, an abort or a wrong option: which keys remain, and
// what the error says.

import { acme, after, live, MINUTE, service, start, USER } from "./rotating.mjs";
import { equal, fault, holds, rejection, rejectionOf, repeats } from "./service.mjs";

export const interrupted = {
  async "of two rotations at once at least one says so"(keys, api) {
    const { rotateApiKey, RotationError } = keys;
    const { at, first, store, persist } = await start(keys, api);
    const rotations = [1, 2].map(() => rotateApiKey({ ...at, keyId: first.keyId, persist }));
    const settled = await Promise.allSettled(rotations);
    const failed = settled.filter(({ status }) => status === "rejected");
    holds(failed.length > 0, "one fails");
    for (const { reason } of failed) {
      holds(
        reason instanceof RotationError && ["conflict", "unfinished"].includes(reason.reason),
        `${reason?.stack}`,
      );
    }
    holds((await live(api)).includes(store.held.keyId), "the stored key works");
  },

  async "a new key that is not known yet is tried again; one that may not read the account works"({
    rotateApiKey,
    RotationError,
  }) {
    const { random } = Math;
    const verifying = (answers) => {
      const { fetch, list } = service([{ keyId: "k" }]);
      const slow = async (url, init) => (url.endsWith("/acme") ? answers() : fetch(url, init));
      // Chance says how long each wait is. Here the first four are none, and the fifth is longer than what
      // is left, which is plenty for the rest.
      let waits = 0;
      Math.random = () => ((waits += 1) < 5 ? 0 : 0.99);
      const rotating = rotateApiKey({
        ...acme,
        fetch: slow,
        keyId: "k",
        persist: () => {},
        maxRetries: 0,
        totalTimeoutMs: 7_500,
      });
      return [list, rotating.finally(() => (Math.random = random))];
    };
    const refuse = (status, code = 16) => Response.json({ code, message: "no" }, { status });
    const account = () => Response.json({ name: "accounts/acme" });
    let asked = 0;
    equal((await verifying(() => (asked++ < 2 ? refuse(401) : account()))[1]).pending, [], "works");
    equal(asked, 3, "tries");
    equal((await verifying(() => refuse(403, 7))[1]).pending, [], "works");
    // What is not the API's own answer, or not of our account, proves nothing.
    const html = (status) => new Response("<html>", { status });
    for (const [status, answers] of [
      [401, () => refuse(401)],
      [404, () => refuse(404)],
      [403, () => refuse(403)],
      [403, () => html(403)],
      [200, () => html(200)],
      [200, () => Response.json({})],
      [200, () => Response.json({ name: "accounts/other" })],
    ]) {
      const [list, rotating] = verifying(answers);
      const error = await rejectionOf(RotationError, rotating);
      equal(
        [error.stage, error.reason, error.cause.status, error.liveKeyIds],
        ["verify", "failed", status, ["k"]],
        "broken",
      );
      equal(list.length, 1, "taken back");
    }
    const { fetch, asked: all } = service([{ keyId: "k" }]);
    await rotateApiKey({ ...acme, fetch, keyId: "k", persist: () => {}, verify: false });
    holds(!all.some(([, path]) => path === ""), "not asked");
  },

  async "an expired key is rotated, and one whose lifetime cannot be told is not"({
    rotateApiKey,
    RotationError,
  }) {
    const times = { createTime: "2024-01-01T00:00:00.2Z", expireTime: "2024-01-31T00:00:00Z" };
    const { fetch } = service([{ keyId: "k", ...times }]);
    const { created } = await rotateApiKey({ ...acme, fetch, keyId: "k", persist: () => {} });
    const lifetime = Date.parse(created.expireTime) - Date.parse(created.createTime);
    holds(Math.abs(lifetime - 30 * 24 * 60 * MINUTE) < 10_000, `lives ${lifetime}`);
    for (const wrong of [
      { expireTime: "soon" },
      { createTime: undefined },
      { createTime: times.expireTime, expireTime: times.createTime },
    ]) {
      const { fetch, list } = service([{ keyId: "k", ...times, ...wrong }]);
      const error = await rejectionOf(
        RotationError,
        rotateApiKey({ ...acme, fetch, keyId: "k", persist: () => {} }),
      );
      equal(
        [error.stage, error.reason, error.liveKeyIds, list.length],
        ["find", "lifetime", ["k"], 1],
        "unknown",
      );
      const told = await rotateApiKey({ ...acme, fetch, keyId: "k", persist: () => {}, expiresIn: "1d" });
      holds(told.created.expireTime > new Date().toISOString(), "told");
    }
  },

  async "what cannot be revoked is pending, and the next rotation's to delete"(keys, api) {
    const { rotateApiKey, ApiError } = keys;
    const { at, first, store, persist } = await start(keys, api);
    await rotateApiKey({ ...at, keyId: first.keyId, persist });
    const trouble = { kind: "answer", status: 500, body: "{}", headers: { "retry-after-ms": "1" } };
    await fault(api, trouble, { operation: "delete", user: USER, times: 3 });
    const second = store.held.keyId;
    const { revoked, pending } = await rotateApiKey({ ...at, keyId: second, persist });
    equal([revoked, pending.map(({ keyId }) => keyId)], [[], [first.keyId]], "pending");
    holds(pending[0].error instanceof ApiError && pending[0].error.status === 500, "why");
    const { revoked: then } = await rotateApiKey({ ...at, keyId: store.held.keyId, persist });
    equal(then.sort(), [first.keyId, second].sort(), "next time");
  },

  async "lost answers leave no key but the two"(keys, api) {
    const { rotateApiKey } = keys;
    const { at, first, store, persist } = await start(keys, api);
    const others = (await live(api)).filter((keyId) => keyId !== first.keyId);
    for (const operation of ["create", "list", "delete", "account"]) {
      const trouble = { kind: "cut", bytes: 10 };
      const order = operation === "account" ? {} : { user: USER };
      await fault(api, trouble, { operation, ...order });
      await rotateApiKey({ ...at, keyId: store.held.keyId, persist });
      const mine = (await live(api)).filter((keyId) => !others.includes(keyId));
      equal(mine.length, 2, `keys after a lost ${operation}`);
      holds(mine.includes(store.held.keyId), "the stored one");
    }
  },

  async "a request that fails for good ends a rotation, which says where"(keys, api) {
    const { rotateApiKey, RotationError } = keys;
    const { at, first } = await start(keys, api);
    const before = await live(api);
    const refused = { kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' };
    for (const [stage, operation, skip, alive] of [
      ["find", "list", 0, []],
      ["create", "create", 0, [first.keyId]],
      ["compare", "list", 1, [first.keyId]],
    ]) {
      // If the runtime repeats requests, a sweep after the create lists the keys first.
      if (stage === "compare" && repeats()) continue;
      await fault(api, refused, { operation, skip, user: USER });
      const rotating = rotateApiKey({ ...at, keyId: first.keyId, persist: () => {} });
      const error = await rejectionOf(RotationError, rotating);
      equal([error.stage, error.reason, error.liveKeyIds], [stage, "failed", alive], stage);
      equal([error.cause.name, error.cause.status], ["ApiError", 403], "the cause");
      const told = `rotateApiKey: ${stage} (failed): 403 PERMISSION_DENIED: no; rotate again`;
      holds(error.message.startsWith(told), error.message);
      equal("orphans" in error, stage !== "find", "what is known of orphans");
      equal(await live(api), before, "keys");
    }
  },

  async "an abort ends a rotation with its reason, and takes the key back that nobody stored"(keys, api) {
    const { rotateApiKey } = keys;
    const { at, first } = await start(keys, api);
    const before = await live(api);
    const ends = [];
    for (const [stage, asked] of [
      ["find"],
      ["create"],
      ["compare"],
      ["verify"],
      ["persist"],
      ["persist", true],
    ]) {
      const controller = new AbortController();
      const held = [];
      const events = [];
      const onEvent = (event) => {
        events.push(event);
        if (event.stage === stage && !asked) controller.abort("mine");
      };
      const persist = () => {
        queueMicrotask(() => controller.abort("mine"));
        return new Promise(() => {});
      };
      const options = { ...at, keyId: first.keyId, signal: controller.signal, onEvent };
      const waitUntil = (work) => held.push(work);
      const reason = await rejection(rotateApiKey({ ...options, waitUntil, persist }));
      equal(reason, "mine", stage);
      const left = async () => (await live(api)).filter((keyId) => !before.includes(keyId)).length;
      // Once `persist` was called, the key may be stored, so it stays.
      while (!asked && (await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      const swept = repeats() ? "orphans-unaccounted" : "orphans-swept";
      const told = { find: "rotation", create: "rotation" }[stage] ?? swept;
      const end = async () => {
        await Promise.all(held);
        equal(events.at(-1).type, asked ? "rotation-unknown" : told, `the last event of ${stage}`);
        if (asked) equal(await left(), 1, "keys left");
      };
      ends.push(end());
    }
    // Where the runtime repeats requests by itself, looks go on to the last.
    await Promise.all(ends);
  },

  async "a persist that never settles ends with the total timeout, and both keys stay"({
    rotateApiKey,
    RotationError,
  }) {
    const { fetch, list } = service([{ keyId: "k" }]);
    const persist = () => new Promise(() => {});
    const error = await rejectionOf(
      RotationError,
      rotateApiKey({ ...acme, fetch, keyId: "k", persist, totalTimeoutMs: 1_000 }),
    );
    equal(
      [error.stage, error.cause.code, error.cause.limit, error.liveKeyIds],
      ["persist", "TIMEOUT", "total", ["k", "new1"]],
      "unknown",
    );
    equal(list.length, 2, "keys");
  },

  async "a wrong option of a rotation is named"({ rotateApiKey, FireworksKeys, ValidationError }) {
    const good = { ...acme, keyId: "k", persist: () => {} };
    for (const [path, options] of [
      ["persist", { persist: undefined }],
      ["persist", { persist: "vault" }],
      ["keyId", { keyId: "" }],
      ["userId", { userId: "-" }],
      ["keep", { keep: -1 }],
      ["keep", { keep: 1.5 }],
      ["verify", { verify: "no" }],
      ["onUnfinished", { onUnfinished: "ignore" }],
      ["expiresIn", { expiresIn: "soon" }],
      ["displayName", { displayName: "another" }],
      ["attemptTag", { attemptTag: "mine" }],
    ]) {
      const error = await rejectionOf(ValidationError, rotateApiKey({ ...good, ...options }));
      equal([error.path, error.operation], [path, "rotateApiKey"], "path");
    }
    const { fetch } = service([{ keyId: "k" }]);
    const client = new FireworksKeys({
      ...acme,
      fetch,
      persist: () => false,
      keep: 0,
      displayName: "of creates",
    });
    equal((await client.rotate({ keyId: "k", persist: () => {} })).revoked, ["k"], "defaults");
    const shortLived = new FireworksKeys({
      ...acme,
      fetch: service([{ keyId: "k" }]).fetch,
      expiresIn: "1h",
    });
    const { created } = await shortLived.rotate({ keyId: "k", persist: () => {} });
    equal(created.expireTime, undefined, "a default is for new keys");
    const inDefaults = new FireworksKeys({ ...good, fetch });
    equal((await rejectionOf(ValidationError, inDefaults.rotate())).path, "keyId", "belongs to one call");
  },

  async "no secret is in what a rotation says, whatever a caller or a server takes for an id"({
    rotateApiKey,
    RotationError,
  }) {
    const token = "secret_token_of_the_caller";
    const events = [];
    const onEvent = (event) => events.push(event);
    const left = { ...after(token + token, token), createTime: token };
    const { fetch } = service([{ keyId: token }, left]);
    const rotating = rotateApiKey({ ...acme, token, fetch, keyId: token, persist: () => {}, onEvent });
    const error = await rejectionOf(RotationError, rotating);
    equal(error.reason, "unfinished", "reason");
    holds(!JSON.stringify([error, error.message, error.stack, events]).includes(token), "no token");
  },
};
