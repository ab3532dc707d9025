// One way into every class of outcome that a create can have, without a server.

const good = { token: "fw_token_of_the_test", accountId: "acme", userId: "ci-bot" };
const never = () => new Promise(() => {});
const refused = (status) => async () => Response.json({ code: 5, message: "no" }, { status });

/** What goes on after calls have settled. */
export const work = [];

/** Options of a create whose answer is lost, and whose key is found, so that no look follows. */
function losing(lost) {
  let annotations;
  return {
    ...good,
    maxRetries: 0,
    waitUntil: (looks) => work.push(looks),
    fetch: async (url, { method, body }) => {
      if (method === "GET") return Response.json({ apiKeys: [{ keyId: "orphan", annotations }] });
      if (url.endsWith(":delete")) return Response.json({});
      ({ annotations } = JSON.parse(body).apiKey);
      return lost();
    },
    attemptTag: "tag",
  };
}

/** Options by the name of what comes of them. */
export const outcomes = {
  created: () => ({ ...good, fetch: async () => Response.json({ keyId: "k", key: "fw_new_key" }) }),
  validation: () => ({ ...good, expireTme: "x" }),
  throwing: () => ({
    ...good,
    get accountId() {
      throw new Error("mine");
    },
  }),
  wrongUrl: () => ({ ...good, baseUrl: "https://[" }),
  wrongDate: () => ({ ...good, expireTime: {} }),
  throwingNames: () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("mine");
        },
      },
    ),
  throwingSignal: () => ({
    ...good,
    maxRetries: 0,
    orphanProtection: false,
    signal: {
      aborted: false,
      addEventListener() {
        throw new Error("mine");
      },
      removeEventListener() {},
    },
  }),
  noRequest: () => ({ ...good, maxRetries: 0, orphanProtection: false, baseUrl: "http://localhost:1" }),
  refused: () => ({ ...good, fetch: refused(404) }),
  retried: () => {
    let sent = 0;
    return {
      ...good,
      fetch: async (_, { method }) => {
        sent += 1;
        if (method === "GET") return Response.json({ apiKeys: [] });
        if (sent > 1) return Response.json({ keyId: "k", key: "fw_new_key" });
        return Response.json({ code: 8 }, { status: 429, headers: { "retry-after-ms": "0" } });
      },
    };
  },
  unreachable: () => ({ ...good, maxRetries: 0, orphanProtection: false, fetch: () => Promise.reject("no") }),
  throwingFetch: () => ({
    ...good,
    maxRetries: 0,
    orphanProtection: false,
    fetch: () => {
      throw 7;
    },
  }),
  unreadable: () => ({ ...good, orphanProtection: false, fetch: async () => new Response("<html>") }),
  swept: () => losing(() => Promise.reject(new Error("lost"))),
  timedOut: () => ({ ...good, maxRetries: 0, orphanProtection: false, timeoutMs: 1, fetch: never }),
  aborted: () => {
    const controller = new AbortController();
    queueMicrotask(() => controller.abort());
    return { ...losing(never), signal: controller.signal };
  },
  abortedBefore: () => ({ ...good, signal: AbortSignal.abort() }),
  tokenFunction: () => ({ ...good, token: async () => good.token, fetch: refused(403) }),
  tokenRejects: () => ({ ...good, token: () => Promise.reject(new Error("vault")) }),
};

/** A service with a key, and what a rotation of it asks for. */
function rotating(persist, keys = [{ keyId: "k", annotations: { team: "infra" } }]) {
  return {
    ...good,
    keyId: "k",
    keep: 0,
    persist,
    fetch: async (url, { method, body }) => {
      if (url.endsWith("/acme")) return Response.json({ name: "accounts/acme" });
      if (method === "GET") return Response.json({ apiKeys: keys });
      if (url.endsWith(":delete")) return Response.json({});
      const { annotations } = JSON.parse(body).apiKey;
      return Response.json({ keyId: "new", key: "fw_new_key", annotations });
    },
  };
}

/** The same for rotations. */
export const rotations = {
  rotated: () => rotating(async () => {}),
  notStored: () => rotating(() => false),
  persistThrows: () =>
    rotating(({ key }) => {
      throw new Error(`vault ${key}`);
    }),
  unfinished: () =>
    rotating(() => {}, [{ keyId: "k" }, { keyId: "left", annotations: { "fireworks-keys-rotates": "k" } }]),
  // There is no time to look whether a list lags behind.
  missing: () => ({ ...rotating(() => {}, []), totalTimeoutMs: 2_000 }),
  // Long enough for the requests before: what a lost create leaves is looked for, and kept, for minutes.
  persistHangs: () => ({ ...rotating(never), totalTimeoutMs: 1_500 }),
};
