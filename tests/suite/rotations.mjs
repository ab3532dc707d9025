// Tests that a rotation stores the new key before it deletes an old one, and says where it stopped.

import { acme, after, live, MINUTE, service, start, USER } from "./rotating.mjs";
import { connection, equal, holds, rejectionOf, repeats } from "./service.mjs";

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
    // The rotated key is also the token, so the rotation must not need it after deleting it.
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

    // The next rotation must not silently ignore the leftover successor.
    const again = await rejectionOf(RotationError, rotateApiKey({ ...at, keyId, persist: () => {} }));
    const [left] = again.successors;
    equal([again.stage, again.reason, left.keyId], ["find", "unfinished", error.liveKeyIds[1]], "unfinished");
    holds(left.ageMs < MINUTE && left.createTime.endsWith("Z"), "its age");
    // The leftover is too young to come from a crashed rotation.
    const sure = rotateApiKey({ ...at, keyId, persist: () => {}, onUnfinished: "delete" });
    const conflict = await rejectionOf(RotationError, sure);
    equal(
      [conflict.stage, conflict.reason, conflict.liveKeyIds],
      ["compare", "conflict", again.liveKeyIds],
      "young",
    );
    equal((await live(api)).length, before.length + 1, "ours is taken back");
    // If the leftover was stored after all, it is the key to rotate.
    const { revoked } = await rotateApiKey({ ...at, keyId: left.keyId, persist: () => {}, keep: 0 });
    equal(revoked, [keyId, left.keyId], "both go");
  },

  async "what is known of orphans does not tell of a key that may be stored"({
    rotateApiKey,
    deleteOrphans,
    RotationError,
  }) {
    // The answer to the first create is lost, the sweep's list is refused, and the second key may be stored.
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
      url.endsWith(":delete") ? Response.json({ code: 7 }, { status: 403 }) : fetch(url, init);
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

  async "a successor has every annotation, whatever its name"({ rotateApiKey }) {
    const given = { constructor: "c", toString: "s", ["__proto__"]: "p", "": "e" };
    const { fetch, list } = service([{ keyId: "k", annotations: given }]);
    await rotateApiKey({ ...acme, fetch, keyId: "k", persist: () => {} });
    const { annotations } = list.at(-1);
    for (const [name, value] of Object.entries(given)) {
      equal(Object.getOwnPropertyDescriptor(annotations, name)?.value, value, name);
    }
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
      // Once more after five seconds, because a list may lag behind.
      ["find", "missing", [], 2],
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
    const expected = [
      "GET /apiKeys",
      "POST /apiKeys",
      // The look of a runtime that repeats requests by itself, and the rotation's own.
      ...(repeats() ? ["GET /apiKeys"] : []),
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
};
