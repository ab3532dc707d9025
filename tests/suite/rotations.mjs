// A rotation stores the new key before it deletes an old one, and says where it ended.

import { connection, equal, fault, holds, rejection, rejectionOf, repeats, storedKeys } from "./service.mjs";

// Faults are for this user alone: late sweeps of other cases may be under way.
const USER = "rotated";
const MINUTE = 60_000;

/** The ids of the user's live keys. */
const live = async (api) => (await storedKeys(api, USER)).map(({ keyId }) => keyId);

/** A key of the user's, and a store that holds it. */
async function start({ createApiKey }, api, options = {}) {
  const at = connection(api, USER);
  const first = await createApiKey({ ...at, ...options });
  const store = { held: first, writes: 0 };
  const persist = async (created) => {
    store.held = created;
    store.writes += 1;
  };
  return { at, first, store, persist };
}

/** A service with these keys, which answers a create and remembers what it was asked. */
function service(keys, at = Date.now()) {
  const list = [...keys];
  const asked = [];
  const fetch = async (url, { method, body, headers }) => {
    const path = new URL(url).pathname.replace("/v1/accounts/acme", "");
    asked.push([method, path, headers.authorization, body && JSON.parse(body)]);
    if (method === "GET") return Response.json(path === "" ? {} : { apiKeys: list });
    const request = JSON.parse(body);
    if (path.endsWith(":delete")) {
      list.splice(
        list.findIndex(({ keyId }) => keyId === request.keyId),
        1,
      );
      return Response.json({});
    }
    const made = { keyId: `new${list.length}`, createTime: new Date(at).toISOString(), ...request.apiKey };
    list.push(made);
    return Response.json({ ...made, key: "fw_the_new_secret" });
  };
  return { fetch, asked, list };
}

const acme = { token: "fw_x", accountId: "acme", userId: "u" };
const after = (keyId, rotates, minutes = 60, at = Date.now()) => ({
  keyId,
  createTime: new Date(at - minutes * MINUTE).toISOString(),
  annotations: { "fireworks-keys-rotates": rotates },
});

export const rotations = {
  async "a rotation hands on name, annotations and lifetime, and tells its stages"(keys, api) {
    const { rotateApiKey } = keys;
    const made = { displayName: "deploy", expiresIn: "30d", annotations: { team: "infra" } };
    const { at, first, store, persist } = await start(keys, api, made);
    const events = [];
    const rotation = await rotateApiKey({
      ...at,
      keyId: first.keyId,
      persist,
      onEvent: (event) => events.push(event),
    });
    const { created, revoked, pending } = rotation;
    holds(store.held === created && store.writes === 1, "the new key was stored, once");
    holds(created.key.startsWith("fw_") && created.keyId !== first.keyId, "a new key");
    equal([revoked, pending], [[], []], "nothing is revoked yet");
    equal([created.displayName, created.annotations.team], ["deploy", "infra"], "name and annotations");
    equal(created.annotations["fireworks-keys-rotates"], first.keyId, "what it took over from");
    holds(
      created.annotations["fireworks-keys-attempt"] !== first.annotations["fireworks-keys-attempt"],
      "a tag of its own",
    );
    const lifetime = ({ createTime, expireTime }) => Date.parse(expireTime) - Date.parse(createTime);
    holds(Math.abs(lifetime(created) - lifetime(first)) < MINUTE, "the lifetime");
    const stages = ["find", "create", "compare", "verify", "persist", "revoke"];
    equal(
      events.filter(({ type }) => type === "rotation").map(({ stage }) => stage),
      stages,
      "stages",
    );
    const last = events.at(-1);
    equal([last.keyId, last.successorId], [first.keyId, created.keyId], "whom an event is about");
    holds(!JSON.stringify(events).includes(created.key), "no event tells the key");
  },

  async "two generations are alive unless told otherwise, none but the new after a leak"(keys, api) {
    const { rotateApiKey } = keys;
    const others = await live(api);
    const { at, first, store, persist } = await start(keys, api);
    const ids = [first.keyId];
    for (const generation of [1, 2, 3]) {
      const keyId = store.held.keyId;
      const { created, revoked } = await rotateApiKey({ ...at, keyId, persist });
      equal(revoked, generation < 2 ? [] : [ids.at(-2)], "the one before the last");
      ids.push(created.keyId);
      holds(created.expireTime === undefined, "a key without end is followed by one");
    }
    const mine = async () => (await live(api)).filter((keyId) => !others.includes(keyId));
    equal((await mine()).sort(), ids.slice(-2).sort(), "two");
    // The token is the key that is rotated: it must not be needed once it is gone.
    const leaked = store.held;
    const leak = { ...at, token: leaked.key, keyId: leaked.keyId, keep: 0, persist };
    const { revoked, pending } = await rotateApiKey({ ...leak, expiresIn: "1d" });
    equal([revoked, pending], [ids.slice(-2), []], "all before");
    equal(await mine(), [store.held.keyId], "one");
    holds(Date.parse(store.held.expireTime) - Date.now() < 25 * 60 * MINUTE, "another lifetime");
  },

  async "what persist says decides"(keys, api) {
    const { rotateApiKey, RotationError } = keys;
    const { at, first } = await start(keys, api);
    const before = await live(api);
    const keyId = first.keyId;
    for (const persist of [() => false, async () => false]) {
      const error = await rejectionOf(RotationError, rotateApiKey({ ...at, keyId, persist }));
      equal([error.code, error.stage, error.reason], ["ROTATION", "persist", "not-stored"], "not stored");
      equal([error.liveKeyIds, error.operation], [[keyId], "rotateApiKey"], "live");
      equal(await live(api), before, "the new key is taken back");
    }
    let secret;
    const events = [];
    const vault = (created) => {
      secret = created.key;
      throw new TypeError(`vault: ${created.key}`);
    };
    const error = await rejectionOf(
      RotationError,
      rotateApiKey({ ...at, keyId, persist: vault, onEvent: (event) => events.push(event) }),
    );
    equal([error.stage, error.reason, error.liveKeyIds.length], ["persist", "failed", 2], "unknown");
    equal([error.cause.name, error.cause.message], ["TypeError", "vault: [redacted]"], "its cause");
    holds(!`${error.stack}${JSON.stringify(error)}`.includes(secret), "no error tells the key");
    holds(error.message.includes(error.liveKeyIds[1]) && error.message.includes("store"), "what to do");
    const unknown = { type: "rotation-unknown", keyId, successorId: error.liveKeyIds[1] };
    equal(events.at(-1), unknown, "the event");
    equal((await live(api)).sort(), [...before, error.liveKeyIds[1]].sort(), "both stay");

    // What is there now is not to be rotated in silence.
    const again = await rejectionOf(RotationError, rotateApiKey({ ...at, keyId, persist: () => {} }));
    const [left] = again.successors;
    equal([again.stage, again.reason, left.keyId], ["find", "unfinished", error.liveKeyIds[1]], "unfinished");
    holds(left.ageMs < MINUTE && left.createTime.endsWith("Z"), "its age");
    // And it is too young to be taken for a crash's.
    const sure = rotateApiKey({ ...at, keyId, persist: () => {}, onUnfinished: "delete" });
    const conflict = await rejectionOf(RotationError, sure);
    equal(
      [conflict.stage, conflict.reason, conflict.liveKeyIds],
      ["compare", "conflict", again.liveKeyIds],
      "young",
    );
    equal((await live(api)).length, before.length + 1, "ours is taken back");
    // If it was stored after all, that is the key to rotate.
    const { revoked } = await rotateApiKey({ ...at, keyId: left.keyId, persist: () => {}, keep: 0 });
    equal(revoked, [keyId, left.keyId], "both go");
  },

  async "what is known of orphans does not tell of a key that may be stored"({
    rotateApiKey,
    deleteOrphans,
    RotationError,
  }) {
    // The first create's answer is lost, and the sweep's list is refused; the second's key is stored.
    const { fetch, list } = service([{ keyId: "k" }]);
    let posts = 0;
    let refusals = 1;
    const lossy = async (url, init) => {
      const response = await fetch(url, init);
      if (init.method === "POST" && !url.endsWith(":delete") && (posts += 1) === 1) throw new Error("lost");
      if (init.method === "GET" && posts > 0 && refusals-- > 0) return Response.json({}, { status: 403 });
      return response;
    };
    const persist = () => {
      throw new Error("stored, or not");
    };
    const at = { ...acme, keyId: "k", fetch: lossy };
    const error = await rejectionOf(RotationError, rotateApiKey({ ...at, persist }));
    equal([error.stage, error.orphans, error.keepKeyId], ["persist", "unknown", "new2"], "the error");
    const { attemptTag, keepKeyId } = error;
    equal(await deleteOrphans({ ...acme, fetch, attemptTag, keepKeyId }), ["new1"], "orphans");
    equal(
      list.map(({ keyId }) => keyId),
      ["k", "new2"],
      "what stays",
    );
  },

  async "a key that could not be taken back is an orphan that is told of"({ rotateApiKey, RotationError }) {
    const { fetch, list } = service([{ keyId: "k" }]);
    const stuck = async (url, init) =>
      url.endsWith(":delete") ? Response.json({}, { status: 403 }) : fetch(url, init);
    const events = [];
    const onEvent = (event) => events.push(event);
    const rotating = rotateApiKey({ ...acme, fetch: stuck, keyId: "k", persist: () => false, onEvent });
    const error = await rejectionOf(RotationError, rotating);
    equal(
      [error.reason, error.orphans, error.liveKeyIds],
      ["not-stored", "unknown", ["k", "new1"]],
      "the error",
    );
    equal([error.keepKeyId, list.length], [undefined, 2], "keys");
    equal(events.at(-1), { type: "orphans-unknown", attemptTag: error.attemptTag }, "the event");
    holds(error.message.includes("deleteApiKey"), "what to do");
  },

  async "an answer of the store's that is not ok is no success"({ rotateApiKey, RotationError }) {
    for (const status of [500, 404]) {
      const { fetch, list } = service([{ keyId: "k" }]);
      const persist = async () => new Response("no", { status });
      const error = await rejectionOf(
        RotationError,
        rotateApiKey({ ...acme, fetch, keyId: "k", keep: 0, persist }),
      );
      equal(
        [error.stage, error.reason, error.liveKeyIds, list.length],
        ["persist", "failed", ["k", "new1"], 2],
        "unknown",
      );
    }
    const { fetch } = service([{ keyId: "k" }]);
    const persist = async () => new Response("stored");
    equal((await rotateApiKey({ ...acme, fetch, keyId: "k", keep: 0, persist })).revoked, ["k"], "ok");
  },

  async "a lifetime is handed on from what was asked for, not from two clocks"({ rotateApiKey }) {
    // The service's clock is ten minutes ahead.
    const { fetch, list } = service([{ keyId: "k" }], Date.now() + 10 * MINUTE);
    let { created } = await rotateApiKey({ ...acme, fetch, keyId: "k", persist: () => {}, expiresIn: "1h" });
    for (let turn = 0; turn < 3; turn += 1) {
      ({ created } = await rotateApiKey({ ...acme, fetch, keyId: created.keyId, persist: () => {} }));
    }
    const left = Date.parse(list.at(-1).expireTime) - Date.now();
    holds(left > 59 * MINUTE && left <= 60 * MINUTE, `${left}`);
  },

  async "a key that is not there is an error, and nothing has changed"(keys, api) {
    const { rotateApiKey, RotationError } = keys;
    const before = await live(api);
    const persist = () => holds(false, "is not called");
    const error = await rejectionOf(
      RotationError,
      rotateApiKey({ ...connection(api, USER), keyId: "typo", persist }),
    );
    equal(
      [error.stage, error.reason, error.liveKeyIds, error.attempts],
      ["find", "missing", [], 1],
      "missing",
    );
    equal(await live(api), before, "keys");
  },

  async "an old leftover is deleted when the new key is stored, and not before"({ rotateApiKey }) {
    const { fetch, asked, list } = service([
      { keyId: "k" },
      after("left", "k"),
      after("deep", "left"),
      after("other", "x"),
    ]);
    const persist = () => {
      equal(
        list.map(({ keyId }) => keyId),
        ["k", "left", "deep", "other", "new4"],
        "nothing is deleted yet",
      );
    };
    const rotation = await rotateApiKey({ ...acme, fetch, keyId: "k", persist, onUnfinished: "delete" });
    equal([rotation.revoked, rotation.pending], [["left", "deep"], []], "revoked");
    equal(
      list.map(({ keyId }) => keyId),
      ["k", "other", "new4"],
      "what stays",
    );
    const requests = asked.map(([method, path]) => `${method} ${path.replace("/users/u", "")}`);
    const look = repeats() ? ["GET /apiKeys"] : [];
    const expected = [
      "GET /apiKeys",
      "POST /apiKeys",
      ...look,
      "GET /apiKeys",
      "GET ",
      "POST /apiKeys:delete",
      "POST /apiKeys:delete",
    ];
    equal(requests, expected, "requests");
    const asNew = asked.filter(([, , token]) => token === "Bearer fw_the_new_secret");
    equal(
      asNew.map(([method, path]) => method + path),
      ["GET"],
      "what the new key is used for",
    );
  },

  async "the new key deletes the old one where that is the token"({ rotateApiKey }) {
    const { fetch, asked } = service([{ keyId: "k", prefix: "fw_x" }]);
    const token = "fw_x_and_the_rest";
    const { revoked } = await rotateApiKey({ ...acme, token, fetch, keyId: "k", keep: 0, persist: () => {} });
    equal([revoked, asked.at(-1)[2]], [["k"], "Bearer fw_the_new_secret"], "by whom");
  },

  async "another rotation at work is a conflict, and ours is taken back"({ rotateApiKey, RotationError }) {
    for (const gone of [false, true]) {
      const { fetch, list } = service([{ keyId: "k" }]);
      const meanwhile = async (url, init) => {
        const response = await fetch(url, init);
        if (init.method === "POST" && !url.endsWith(":delete")) {
          list.push(after("theirs", "k", 0));
          if (gone) list.shift();
        }
        return response;
      };
      const persist = () => holds(false, "is not called");
      const rotating = rotateApiKey({ ...acme, fetch: meanwhile, keyId: "k", persist });
      const error = await rejectionOf(RotationError, rotating);
      const alive = gone ? ["theirs"] : ["k", "theirs"];
      equal([error.stage, error.reason, error.liveKeyIds], ["compare", "conflict", alive], "conflict");
      equal(
        list.map(({ keyId }) => keyId),
        alive,
        "keys",
      );
    }
  },

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
    const verifying = (answers) => {
      const { fetch, list } = service([{ keyId: "k" }]);
      const slow = async (url, init) => (url.endsWith("/acme") ? answers() : fetch(url, init));
      return [
        list,
        rotateApiKey({
          ...acme,
          fetch: slow,
          keyId: "k",
          persist: () => {},
          maxRetries: 0,
          totalTimeoutMs: 4_000,
        }),
      ];
    };
    const refuse = (status) => Response.json({ code: 16, message: "no" }, { status });
    let asked = 0;
    equal((await verifying(() => (asked++ < 2 ? refuse(401) : Response.json({})))[1]).pending, [], "works");
    equal(asked, 3, "tries");
    equal((await verifying(() => refuse(403))[1]).pending, [], "works");
    for (const status of [401, 404]) {
      const [list, rotating] = verifying(() => refuse(status));
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
      // A transport that repeats requests has a create swept, with a list of its own.
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
      await Promise.all(held);
      const left = (await live(api)).filter((keyId) => !before.includes(keyId));
      // Once the store is asked, nobody knows what became of it.
      equal(left.length, asked ? 1 : 0, `keys left at ${stage}`);
      const told = {
        find: "rotation",
        create: "rotation",
        compare: "orphan-deleted",
        verify: "orphan-deleted",
      };
      equal(
        events.at(-1).type,
        asked ? "rotation-unknown" : (told[stage] ?? "orphan-deleted"),
        "the last event",
      );
    }
  },

  async "a persist that never settles ends with the total timeout, and both keys stay"({
    rotateApiKey,
    RotationError,
  }) {
    const { fetch, list } = service([{ keyId: "k" }]);
    const persist = () => new Promise(() => {});
    const error = await rejectionOf(
      RotationError,
      rotateApiKey({ ...acme, fetch, keyId: "k", persist, totalTimeoutMs: 300 }),
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
