// Tests that a create whose answer is lost leaves no orphan: no key whose secret nobody has.

import {
  accounted,
  calm,
  connection,
  equal,
  fault,
  holds,
  livesOn,
  rejection,
  rejectionOf,
  repeats,
  storedKeys,
} from "./service.mjs";

const USER = "orphaned";
/** Whose lists and deletions meet faults. No case may leave a create of this user to be looked at later. */
const FRAGILE = "looked-at";
/** Whose lists meet faults before a create is looked at later. */
const GIVEN_UP = "given-up";
/** Whose creates are aborted, or counted, and nobody else's. */
const ABORTED = "aborted";
const COUNTED = "counted";

/** The API's own refusal, which it would repeat. */
const DENIED = { kind: "answer", status: 403, body: '{"code": 7, "message": "no"}' };

export const orphans = {
  async "a lost answer is tried again, and its key deleted"({ createApiKey }, api) {
    const refused = { kind: "answer", status: 503, when: "after" };
    // A runtime or a gateway that repeats requests by itself may have made more keys than one.
    const open = livesOn() ? "orphans-open" : "orphans-unaccounted";
    const lost = [
      [{ kind: "cut", bytes: 40 }, "connection", undefined, repeats() ? open : "orphans-swept"],
      [{ ...refused, body: '{"code": 14}' }, "status", 503, repeats() ? open : "orphans-swept"],
      [{ ...refused, body: "<html>" }, "status", 503, open],
    ];
    for (const [trouble, reason, status, last] of lost) {
      const before = await storedKeys(api, USER);
      await fault(api, trouble);
      const events = [];
      const onEvent = (event) => {
        events.push(event);
        throw new Error("is ignored");
      };
      const created = await createApiKey({ ...connection(api, USER), onEvent });
      const left = (await storedKeys(api, USER)).filter(
        ({ keyId }) => !before.some((key) => key.keyId === keyId),
      );
      equal(
        left.map(({ keyId }) => keyId),
        [created.keyId],
        "one key",
      );
      equal(
        events.map(({ type }) => type),
        ["retry", "orphan-deleted", last],
        trouble.kind,
      );
      const [retry, deleted, told] = events;
      equal([told.attemptTag, told.keepKeyId], [deleted.attemptTag, created.keyId], "the end");
      equal([retry.attempt, retry.reason, retry.status], [1, reason, status], "the retry");
      equal(deleted.attemptTag, created.annotations["fireworks-keys-attempt"], "the tag");
    }
  },

  // A browser silently repeats a request when a reused connection breaks without an answer. In other
  // runtimes this is an ordinary lost answer.
  async "a create that the runtime itself may repeat leaves no orphan"({ createApiKey }, api) {
    for (const times of [1, 2, 3]) {
      const before = (await storedKeys(api, USER)).length;
      await fault(api, { kind: "drop", when: "after" }, { times });
      await createApiKey({ ...connection(api, USER), maxRetries: 3 });
      equal((await storedKeys(api, USER)).length, before + 1, "keys");
    }
  },

  async "where the platform repeats requests, a fetch of the caller's may end there"({ createApiKey }, api) {
    const { fetch } = globalThis;
    const asked = [];
    const counting = (url, init) => {
      // Looks of other cases may still be going on.
      if (String(url).includes(COUNTED)) asked.push(init.method);
      return fetch(url, init);
    };
    await createApiKey({ ...connection(api, COUNTED), fetch: counting });
    equal(asked, repeats() ? ["POST", "GET"] : ["POST"], "a fetch of the caller's");
    asked.length = 0;
    globalThis.fetch = counting;
    try {
      await createApiKey(connection(api, COUNTED));
    } finally {
      globalThis.fetch = fetch;
    }
    equal(asked, repeats() ? ["POST", "GET"] : ["POST"], "the platform's");
  },

  async "a create that fails for good says what it left"({ createApiKey, ApiError }, api) {
    const before = (await storedKeys(api, USER)).length;
    const trouble = { kind: "answer", status: 500, body: '{"code": 13}', when: "after" };
    const headers = { "retry-after-ms": "1" };
    await fault(api, { ...trouble, headers }, { times: 3 });
    const attemptTag = "my own tag";
    const error = await rejectionOf(ApiError, createApiKey({ ...connection(api, USER), attemptTag }));
    equal([error.orphans, error.keyIds.length, error.attemptTag], [accounted(), 3, attemptTag], "swept");
    equal(error.attempts, 3, "attempts");
    equal((await storedKeys(api, USER)).length, before, "keys");
  },

  async "a create that is refused after it was done leaves no orphan"({ createApiKey, ApiError }, api) {
    const before = (await storedKeys(api, USER)).length;
    // The second request may be one that the runtime repeated silently.
    await fault(api, { kind: "drop", when: "after" });
    await fault(api, { kind: "answer", status: 403, body: '{"error": "too many keys"}' });
    const error = await rejectionOf(ApiError, createApiKey(connection(api, USER)));
    equal([error.status, error.orphans, error.keyIds.length], [403, accounted(), 1], "swept");
    equal((await storedKeys(api, USER)).length, before, "keys");
  },

  async "a key that an answer names without its secret is deleted, tag or no tag"(
    { createApiKey, InvalidResponseError },
    api,
  ) {
    const before = (await storedKeys(api, USER)).length;
    for (const stripped of [false, true]) {
      if (stripped) await fault(api, { kind: "strip-annotations" });
      const withoutSecret = async (url, init) => {
        const response = await fetch(url, init);
        if (init.method !== "POST" || url.endsWith(":delete")) return response;
        return Response.json({ keyId: (await response.json()).keyId });
      };
      const creating = createApiKey({ ...connection(api, USER), fetch: withoutSecret });
      const error = await rejectionOf(InvalidResponseError, creating);
      // The answer does not show the tag, so only the key that it named is known to be found.
      const known = repeats() ? "unknown" : "swept";
      equal([error.orphans, error.keyIds.length], [known, 1], "swept");
      equal((await storedKeys(api, USER)).length, before, "keys");
    }
  },

  async "creates with one tag leave each other's keys alone"(
    { createApiKey, deleteOrphans, ConnectionError },
    api,
  ) {
    const at = { ...connection(api, USER), attemptTag: "one tag for all" };
    const first = await createApiKey(at);
    await fault(api, { kind: "cut", bytes: 40 });
    const second = await createApiKey(at);
    await fault(api, { kind: "cut", bytes: 40 });
    const error = await rejectionOf(ConnectionError, createApiKey({ ...at, maxRetries: 0 }));
    equal([error.orphans, error.keyIds.length], [accounted(), 1], "swept");
    const ids = (await storedKeys(api, USER)).map(({ keyId }) => keyId);
    holds(ids.includes(first.keyId) && ids.includes(second.keyId), "the keys of both");
    const deleted = await deleteOrphans({ ...at, keepKeyId: second.keyId });
    equal(deleted, [first.keyId], "by the tag alone");
  },

  async "an abort during the sweep is answered with the signal's own reason"({ createApiKey }, api) {
    await fault(api, { kind: "answer", status: 500, body: "{}" });
    await fault(api, { kind: "delay", ms: 5_000 }, { operation: "list", user: GIVEN_UP });
    const controller = new AbortController();
    const reason = new Error("mine");
    const events = [];
    const creating = createApiKey({
      ...connection(api, GIVEN_UP),
      maxRetries: 0,
      signal: controller.signal,
      onEvent: ({ type }) => events.push(type),
    });
    setTimeout(() => controller.abort(reason), 100);
    equal((await rejection(creating)) === reason, true, "the reason");
    equal(events, [livesOn() ? "orphans-open" : "orphans-unknown"], "the event");
    await calm(api);
  },

  async "a sweep that cannot finish is said, and deleteOrphans does it later"(package_, api) {
    const { createApiKey, deleteOrphans, ConnectionError } = package_;
    await fault(api, { kind: "cut", bytes: 40 });
    await fault(api, DENIED, { operation: "list", user: FRAGILE });
    const events = [];
    const at = connection(api, FRAGILE);
    const error = await rejectionOf(
      ConnectionError,
      createApiKey({ ...at, maxRetries: 0, onEvent: (event) => events.push(event) }),
    );
    const { attemptTag } = error;
    equal([error.orphans, error.keyIds], ["unknown", []], "unknown");
    equal(events, [{ type: "orphans-unknown", attemptTag }], "the event");
    const left = (await storedKeys(api, FRAGILE)).filter(
      ({ annotations }) => annotations?.["fireworks-keys-attempt"] === attemptTag,
    );
    equal(left.length, 1, "an orphan");
    const deleted = await deleteOrphans({ ...at, attemptTag });
    equal(deleted, [left[0].keyId], "deleted");
    equal(await deleteOrphans({ ...at, attemptTag }), [], "nothing is left");
  },

  async "a sweep that fails does not turn a success into a failure"(package_, api) {
    const { createApiKey, deleteOrphans } = package_;
    await fault(api, { kind: "cut", bytes: 40 });
    await fault(api, DENIED, { operation: "delete", user: FRAGILE });
    const events = [];
    const at = connection(api, FRAGILE);
    const created = await createApiKey({ ...at, onEvent: (event) => events.push(event) });
    const last = events.at(-1);
    const { attemptTag, keepKeyId } = last;
    equal([last.type, keepKeyId], ["orphans-unknown", created.keyId], "the event");
    equal((await deleteOrphans({ ...at, attemptTag, keepKeyId })).length, 1, "the orphan");
    const stored = await storedKeys(api, FRAGILE);
    holds(
      stored.some(({ keyId }) => keyId === created.keyId),
      "the key is kept",
    );
  },

  async "after an abort the sweep goes on through waitUntil"({ createApiKey }, api) {
    const before = (await storedKeys(api, ABORTED)).length;
    await fault(api, { kind: "delay", ms: 60_000, when: "after" });
    const controller = new AbortController();
    const work = [];
    const creating = createApiKey({
      ...connection(api, ABORTED),
      signal: controller.signal,
      waitUntil: (promise) => work.push(promise),
    });
    while ((await storedKeys(api, ABORTED)).length === before) await sleep(5);
    const reason = { my: "reason" };
    controller.abort(reason);
    const thrown = await creating.catch((error) => error);
    equal(thrown === reason, true, "the signal's own reason");
    equal(work.length, 1, "work that goes on");
    await Promise.all(work);
    equal((await storedKeys(api, ABORTED)).length, before, "the orphan is gone");
  },

  async "after an abort without waitUntil the caller is told, and the sweep goes on if it can"(
    { createApiKey, deleteOrphans },
    api,
  ) {
    const before = (await storedKeys(api, ABORTED)).length;
    await fault(api, { kind: "delay", ms: 60_000, when: "after" });
    const controller = new AbortController();
    const events = [];
    const at = connection(api, ABORTED);
    const { signal } = controller;
    const creating = createApiKey({ ...at, signal, onEvent: (event) => events.push(event) });
    while ((await storedKeys(api, ABORTED)).length === before) await sleep(5);
    controller.abort("enough");
    // The telling comes first, since the runtime may not let the sweep run.
    let toldBefore;
    const settled = creating.catch((error) => {
      toldBefore = events.map(({ type }) => type);
      return error;
    });
    equal(await settled, "enough", "the reason");
    const { attemptTag } = events[0];
    if (!livesOn()) {
      equal(toldBefore, ["orphans-unknown"], "the event");
      equal((await deleteOrphans({ ...at, attemptTag })).length, 1, "the orphan");
      return;
    }
    equal(toldBefore[0], "orphans-open", "the event");
    while ((await storedKeys(api, ABORTED)).length > before) await sleep(5);
    while (events.length < 2) await sleep(5);
    equal([events[1].type, events[1].attemptTag], ["orphan-deleted", attemptTag], "the orphan");
  },

  async "a server that drops annotations is reported"({ createApiKey }, api) {
    await fault(api, { kind: "strip-annotations" });
    const events = [];
    const onEvent = (event) => events.push(event);
    const { keyId } = await createApiKey({ ...connection(api, USER), onEvent });
    equal(events, [{ type: "unprotected", keyId }], "the event");
  },

  async "without protection there is no tag and no sweep"({ createApiKey, ConnectionError }, api) {
    const at = { ...connection(api, USER), orphanProtection: false, maxRetries: 0 };
    equal("annotations" in (await createApiKey(at)), false, "annotations");
    await fault(api, { kind: "cut", bytes: 40 });
    const error = await rejectionOf(ConnectionError, createApiKey(at));
    equal([error.orphans, "attemptTag" in error], ["unknown", false], "nothing is known");
    await calm(api);
  },

  async "a delete whose answer is lost finds no key, which is a success if a missing key is"(
    { createApiKey, deleteApiKey },
    api,
  ) {
    const at = connection(api, FRAGILE);
    const lost = { kind: "answer", status: 503, body: "{}", when: "after" };
    for (const missingOk of [true, false]) {
      const { keyId } = await createApiKey(at);
      await fault(api, lost, { operation: "delete", user: FRAGILE });
      const deleting = deleteApiKey({ ...at, keyId, missingOk });
      // Nothing tells a key that this call has deleted from one that was never there.
      equal(
        missingOk ? await deleting : (await rejection(deleting)).code,
        missingOk ? undefined : "NOT_FOUND",
      );
    }
  },
};

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
