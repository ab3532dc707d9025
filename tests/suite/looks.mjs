// Tests that a create whose answers are lost goes on looking for their keys, for as long as it may, and says
// how it ended. The service of these cases commits late.

import { connection, equal, holds, livesOn, repeats } from "./service.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "u" };

/** The API's own refusal, which says that the request was sent once. */
const API = () => Response.json({ code: 4, message: "deadline exceeded" }, { status: 504 });

/** A service that answers the first creates with `lost`, and makes their keys when `commit` is called. */
function service(lost, times = 1) {
  const list = [];
  const late = [];
  const requests = [];
  const fetch = async (url, { method, body }) => {
    requests.push(method === "GET" ? "list" : url.endsWith(":delete") ? "delete" : "create");
    if (method === "GET") return Response.json({ apiKeys: list });
    const request = JSON.parse(body);
    if (url.endsWith(":delete")) {
      const index = list.findIndex(({ keyId }) => keyId === request.keyId);
      if (index < 0) return Response.json({ code: 5, message: "" }, { status: 404 });
      list.splice(index, 1);
      return Response.json({});
    }
    const key = { keyId: `k${requests.length}`, createTime: new Date().toISOString(), ...request.apiKey };
    if (late.length < times) {
      late.push(key);
      return lost();
    }
    list.push(key);
    return Response.json({ ...key, key: "fw_made" });
  };
  return { fetch, list, requests, commit: () => list.push(...late) };
}

/** A create, the events until it settled, all events, and the work that it has handed over. */
async function create({ createApiKey }, options) {
  const events = [];
  const work = [];
  let before;
  const settled = () => {
    before = events.map(({ type }) => type);
  };
  const creating = createApiKey({
    ...at,
    maxRetries: 0,
    waitUntil: (promise) => work.push(promise),
    onEvent: (event) => events.push(event),
    ...options,
  });
  creating.then(settled, settled);
  const outcome = await creating.catch((error) => error);
  return { outcome, before, events, work };
}

const types = (events) => events.map(({ type }) => type);

/**
 * Waits until the late key is deleted, and that is told. Where the runtime repeats requests by itself, there
 * may be another, so that looks go on; elsewhere this is their end.
 */
async function found(events, work) {
  while (!types(events).includes("orphan-deleted")) await new Promise((resolve) => setTimeout(resolve, 20));
  if (repeats()) return;
  await work;
  while (types(events).at(-1) !== "orphans-swept") await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A create that fails, whose key comes after the first look. */
async function late(package_) {
  const { fetch, list, commit } = service(API);
  const { outcome, before, events, work } = await create(package_, { fetch });
  equal([outcome.orphans, outcome.keyIds], ["unaccounted", []], "what is known at first");
  equal(before, ["orphans-open"], "told before it settles");
  const { attemptTag, lastLookMs } = events[0];
  holds(attemptTag === outcome.attemptTag && lastLookMs <= 20_000, "the tag, and how long it takes");
  commit();
  equal(work.length, 1, "the work");
  await found(events, work[0]);
  equal(list, [], "the key is gone");
  equal(types(events).slice(0, 2), ["orphans-open", "orphan-deleted"], "the order");
  if (!repeats()) equal(events[2], { type: "orphans-swept", attemptTag }, "the end");
}

/** A create that succeeds at its second attempt, while the key of the first comes late. */
async function lateBesideSuccess(package_) {
  const { fetch, list, commit } = service(API);
  const { outcome, before, events, work } = await create(package_, { fetch, maxRetries: 1 });
  equal(before, ["retry", "orphans-open"], "told before it settles");
  equal(events[1].keepKeyId, outcome.keyId, "the key that is kept");
  commit();
  await found(events, work[0]);
  equal(
    list.map(({ keyId }) => keyId),
    [outcome.keyId],
    "one key",
  );
  equal(types(events)[2], "orphan-deleted", "what follows");
}

/** The same without a `waitUntil`. */
async function lateWithoutWaitUntil(package_) {
  const { fetch, list, requests, commit } = service(API);
  const { outcome, before, events } = await create(package_, { fetch, waitUntil: undefined });
  equal(outcome.orphans, "unaccounted", "what is known");
  equal(before, [livesOn() ? "orphans-open" : "orphans-unaccounted"], "told before it settles");
  commit();
  if (!livesOn()) {
    equal(requests, ["create", "list"], "nothing goes on");
    return;
  }
  equal(events[0].lastLookMs, 120_000, "how long it looks");
  await found(events);
  equal([list, types(events)[1]], [[], "orphan-deleted"], "what follows");
}

/** No retry follows. */
const LAST = { "x-should-retry": "false" };

export const looks = {
  async "a key that is committed late is found by a later look, wherever the runtime lives on"(package_) {
    // Each of them waits for a while.
    await Promise.all([late, lateBesideSuccess, lateWithoutWaitUntil].map((scenario) => scenario(package_)));
  },

  async "a refusal that is not the API's proves nothing"(package_) {
    for (const [orphans, told, answer] of [
      ["none", [], () => Response.json({ code: 5, message: "no such user" }, { status: 404 })],
      ["none", [], () => Response.json({ error: "too large" }, { status: 413 })],
      // Frameworks and gateways have an error, too, and more beside it, or codes of their own.
      [
        "unaccounted",
        ["orphans-open"],
        () => Response.json({ timestamp: 1, status: 413, error: "Payload Too Large" }, { status: 413 }),
      ],
      ["unaccounted", ["orphans-open"], () => Response.json({ code: 404, message: "m" }, { status: 404 })],
      ["unaccounted", ["orphans-open"], () => new Response("<html>sign in</html>")],
      ["unaccounted", ["orphans-open"], () => Response.json({ error: "upstream" })],
      ["unaccounted", ["orphans-open"], () => new Response("<html>nginx</html>", { status: 404 })],
      ["unaccounted", ["orphans-open"], () => new Response("<html>nginx</html>", { status: 413 })],
      ["unaccounted", ["orphans-open"], () => new Response(null, { status: 401 })],
      // A gateway that says so may have asked the service twice.
      [
        "unaccounted",
        ["orphans-open"],
        () => Response.json({ error: "gave up" }, { status: 504, headers: LAST }),
      ],
      [
        "unaccounted",
        ["orphans-open"],
        () => new Response(null, { status: 302, headers: { location: "/" } }),
      ],
    ]) {
      const { fetch, requests } = service(answer);
      const { outcome, events } = await create(package_, { fetch });
      equal([outcome.orphans, types(events)], [orphans, told], `${outcome.status}`);
      equal(requests.length, told.length + 1, "looks");
    }
  },

  async "a success without a lost attempt starts no later looks"(package_, api) {
    const { fetch, requests } = service(API, 0);
    const { before, work } = await create(package_, { fetch });
    // Where the runtime repeats requests by itself, there is a look, which a waitUntil takes over. A fetch of
    // the caller's is taken to end in the runtime's own.
    const looks = repeats() ? 1 : 0;
    equal([before, work.length], [[], looks], "nothing else goes on");
    await Promise.all(work);
    equal(requests, ["create", "list"].slice(0, 1 + looks), "requests");
    const held = await create(package_, { ...connection(api), fetch: undefined });
    equal([held.before, held.work.length], [[], looks], "the work");
    await Promise.all(held.work);
    equal(held.events, [], "nothing to tell");
  },

  async "an aborted create is swept in the background"(package_) {
    const { fetch, list, requests, commit } = service(() => new Promise(() => {}));
    const controller = new AbortController();
    const creating = create(package_, { fetch, signal: controller.signal });
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    commit();
    controller.abort("enough");
    const { outcome, before, events, work } = await creating;
    equal([outcome, before[0]], ["enough", "orphans-open"], "told before it settles");
    await found(events, work[0]);
    equal([list, types(events)[1]], [[], "orphan-deleted"], "what follows");
  },

  async "a list that does not show the new key proves nothing"(package_) {
    if (!repeats()) return;
    let lists = 0;
    const { fetch, list } = service(API, 0);
    const lagging = async (url, init) => {
      if (init.method !== "GET") return fetch(url, init);
      lists += 1;
      // The runtime has sent the create twice.
      if (lists === 1) return Response.json({ apiKeys: [] });
      return Response.json({ apiKeys: [...list, { ...list[0], keyId: "twin" }] });
    };
    const { outcome, events, before } = await create(package_, { fetch: lagging, waitUntil: undefined });
    equal([outcome.keyId, before], [list[0].keyId, ["orphans-open"]], "told before it settles");
    while (lists < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    equal(types(events)[0], "orphans-open", "the first");
  },
};
