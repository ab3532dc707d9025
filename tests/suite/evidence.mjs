// Tests that an answer counts only if it has the shape that the API gives it. Gateways, sign-in pages and
// wrong paths answer with any status, too.

import { connection, equal, holds, rejection, rejectionOf, storedKeys } from "./service.mjs";

const USER = "orphaned";

const json = (body, status = 200) => Response.json(body, { status });
const page = (status) => () =>
  new Response("<html>Please sign in</html>", { status, headers: { "content-type": "text/html" } });

/** What else may answer a request that never reaches the API. */
const IMPOSTORS = {
  "a sign-in page": page(200),
  "an empty body": () => new Response(""),
  "a list": () => json([]),
  "an error": () => json({ error: { message: "no" } }),
  "an error in words": () => json({ error: "no" }),
  "a fault": () => json({ fault: { faultstring: "no" } }),
  "a gRPC status": () => json({ code: 7, message: "no" }),
  "a gRPC status by name": () => json({ code: "PERMISSION_DENIED" }),
  "an error of a framework": () => json({ timestamp: 1, status: 500, error: "no", path: "/" }),
  "a code of another's": () => json({ code: "ERR_NO", message: "no" }),
  "a page that does not exist": page(404),
  "an empty 404": () => new Response(null, { status: 404 }),
  "a 404 in JSON": () => json({ message: "no route" }, 404),
  "a 404 of a framework": () => json({ status: 404, error: "Not Found", path: "/" }, 404),
  "a 404 of a gateway": () => json({ fault: { faultstring: "no route" } }, 404),
};

const isDelete = (url) => url.endsWith(":delete");
const isList = (url, { method }) => method === "GET" && url.includes("/apiKeys");

/** A fetch that answers some requests itself, and does not send them. */
const answering = (isOne, answer) => async (url, init) => (isOne(url, init) ? answer() : fetch(url, init));

/** Whether the emulator stores a key. */
const isStored = async (api, id) => (await storedKeys(api, USER)).some(({ keyId }) => keyId === id);

export const evidence = {
  async "a deletion that something else answers is not told as done"({ createApiKey, deleteApiKey }, api) {
    const at = connection(api, USER);
    const { keyId } = await createApiKey(at);
    // The API's own words are not enough while its list shows the key.
    const answers = { ...IMPOSTORS, "the API itself": () => json({ code: 5, message: "" }, 404) };
    for (const [name, answer] of Object.entries(answers)) {
      for (const missingOk of [false, true]) {
        const fetch = answering(isDelete, answer);
        await rejection(deleteApiKey({ ...at, keyId, missingOk, fetch })).catch((error) => {
          throw new Error(`${name}: ${error.message}`);
        });
      }
    }
    await deleteApiKey({ ...at, keyId });
    holds(!(await isStored(api, keyId)), "it was there all the time");
  },

  async "a deletion whose answer is an object with other fields is looked up"(
    { createApiKey, deleteApiKey },
    api,
  ) {
    const at = connection(api, USER);
    const { keyId } = await createApiKey(at);
    const done = async (url, init) => {
      const response = await fetch(url, init);
      return isDelete(url) ? json({ keyId: "k" }) : response;
    };
    await deleteApiKey({ ...at, keyId, fetch: done });
    holds(!(await isStored(api, keyId)), "it is deleted");
  },

  async "a key is missing only if its owner's list can be read"({ deleteApiKey, ApiError }, api) {
    const at = connection(api, USER);
    const missing = (wrong) => deleteApiKey({ ...at, keyId: "no-such-key", missingOk: true, ...wrong });
    // Each takes five seconds, because a list may lag behind.
    await Promise.all([
      missing(),
      rejection(missing({ userId: "nobody" })),
      rejection(missing({ accountId: "elsewhere" })),
      rejection(missing({ baseUrl: `${api}/wrong` })),
    ]);
    const error = await rejectionOf(ApiError, deleteApiKey({ ...at, keyId: "no-such-key" }));
    equal(error.code, "NOT_FOUND", "code");
  },

  async "a list that something else answers is not empty"(
    { listApiKeys, auditApiKeys, deleteOrphans, listUsers },
    api,
  ) {
    const bodies = [{ message: "hello" }, { totalSize: 3 }, { apiKeys: {}, users: {} }, { apiKey: [] }];
    const answers = [...Object.values(IMPOSTORS), ...bodies.map((body) => () => json(body))];
    for (const answer of answers) {
      const at = { ...connection(api, USER), fetch: async () => answer(), maxRetries: 0 };
      await rejection(listApiKeys(at));
      await rejection(listUsers(at));
      await rejection(auditApiKeys(at));
      await rejection(deleteOrphans({ ...at, attemptTag: "some tag" }));
    }
    for (const body of [{}, { nextPageToken: "", totalSize: 0 }, { apiKeys: null }, { apiKeys: [] }]) {
      const { keys } = await auditApiKeys({ ...connection(api, USER), fetch: async () => json(body) });
      equal(keys.length, 0, JSON.stringify(body));
    }
  },

  async "a list that is shorter than it says does not show that a key is missing"({ deleteApiKey }, api) {
    const missing = (fetch) =>
      deleteApiKey({ ...connection(api, USER), keyId: "no-such-key", missingOk: true, fetch });
    const short = missing(answering(isList, () => json({ apiKeys: [], totalSize: 1 })));
    // While the pages are read, a key may be made or deleted.
    const changing = [
      [3, 2],
      [2, 3],
    ].map(([before, after]) =>
      missing(async (url, { method }) => {
        if (method === "POST") return json({ code: 5 }, 404);
        if (url.includes("pageToken=2")) return json({ apiKeys: [{ keyId: "b" }], totalSize: after });
        return json({ apiKeys: [{ keyId: "a" }], totalSize: before, nextPageToken: "2" });
      }),
    );
    const [error] = await Promise.all([rejection(short), ...changing]);
    equal(error.code, "INVALID_RESPONSE", "code");
  },

  async "a sweep names no orphan as deleted that lives"({ createApiKey, deleteOrphans }, api) {
    const at = connection(api, USER);
    for (const [name, answer] of Object.entries(IMPOSTORS)) {
      const { keyId, annotations } = await createApiKey(at);
      const attemptTag = annotations["fireworks-keys-attempt"];
      const events = [];
      const onEvent = ({ type }) => events.push(type);
      const fetch = answering(isDelete, answer);
      await rejection(deleteOrphans({ ...at, attemptTag, fetch, onEvent }));
      equal(events, [], name);
      equal(await deleteOrphans({ ...at, attemptTag }), [keyId], "the orphan");
    }
  },

  async "a rotation names no key as revoked that lives"({ createApiKey, rotateApiKey }, api) {
    const at = connection(api, USER);
    for (const name of ["a sign-in page", "an error", "a page that does not exist"]) {
      const { keyId } = await createApiKey(at);
      const fetch = answering(isDelete, IMPOSTORS[name]);
      const { revoked, pending } = await rotateApiKey({ ...at, keyId, keep: 0, persist() {}, fetch });
      equal([revoked, pending.map((each) => each.keyId)], [[], [keyId]], name);
      holds(await isStored(api, keyId), "it lives");
    }
  },

  async "a new key is not stored because a sign-in page answers for the account"(
    { createApiKey, rotateApiKey, RotationError },
    api,
  ) {
    const at = connection(api, USER);
    const isAccount = (url, { method }) => method === "GET" && /\/accounts\/[^/]+$/.test(url);
    for (const answer of [page(200), () => json([]), () => json({ error: "no" })]) {
      const { keyId } = await createApiKey(at);
      let stored = 0;
      const persist = () => (stored += 1);
      const fetch = answering(isAccount, answer);
      const error = await rejectionOf(RotationError, rotateApiKey({ ...at, keyId, persist, fetch }));
      equal([error.stage, stored], ["verify", 0], "the rotation");
    }
  },
};
