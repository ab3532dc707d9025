// Tests timeouts, retries and aborts.

import {
  calm,
  connection,
  countingFetch,
  equal,
  fault,
  holds,
  rejection,
  rejectionOf,
  repeats,
} from "./service.mjs";

const NEVER = () => new Promise(() => {});

export const time = {
  async "an attempt that takes too long is a timeout"({ createApiKey, TimeoutError }, api) {
    // A user of its own: on a slow machine nothing is sent in time, and the delay waits for another case.
    const user = "delayed";
    const at = { ...connection(api, user), maxRetries: 0, orphanProtection: false };
    const hangs = [
      { fetch: NEVER },
      { fetch: async () => ({ status: 200, headers: new Headers(), text: NEVER }) },
      { token: NEVER },
    ];
    for (const trouble of hangs) {
      const error = await rejectionOf(TimeoutError, createApiKey({ ...at, ...trouble, timeoutMs: 20 }));
      equal([error.limit, error.code], ["attempt", "TIMEOUT"], "limit and code");
      holds(error.message.includes("20 ms"), error.message);
    }
    await fault(api, { kind: "delay", ms: 5_000 }, { user });
    await rejectionOf(TimeoutError, createApiKey({ ...at, timeoutMs: 100 }));
  },

  async "the total timeout covers everything"({ createApiKey, TimeoutError }, api) {
    const options = { ...connection(api), fetch: NEVER, totalTimeoutMs: 500 };
    const error = await rejectionOf(TimeoutError, createApiKey(options));
    equal([error.limit, error.orphans, error.attempts], ["total", "unknown", 1], "limit");
    holds(error.attemptTag.length > 0, "the tag");
  },

  async "a request that may succeed later is tried again"({ createApiKey, ApiError }, api) {
    const events = [];
    // A user of its own, because a create that another case has given up on may still be sent.
    const user = "slowed";
    const at = { ...connection(api, user), onEvent: (event) => events.push(event) };
    const headers = { "retry-after": "0" };
    const body = '{"code": 8, "message": "slow down"}';
    await fault(api, { kind: "answer", status: 429, headers, body }, { times: 2, user });
    // A page of another origin cannot see the header, so there the backoff applies.
    await createApiKey(at);
    equal(
      events.map(({ type, status }) => [type, status]),
      [
        ["retry", 429],
        ["retry", 429],
      ],
      "429",
    );
    equal(
      events.map(({ attempt }) => attempt),
      [1, 2],
      "attempts",
    );
    await fault(api, { kind: "answer", status: 429, body }, { times: 1, user });
    const error = await rejectionOf(ApiError, createApiKey({ ...at, maxRetries: 0 }));
    equal(error.attempts, 1, "no retry");
    // If the runtime may have sent the request twice, the package has to sweep.
    equal(error.orphans, repeats() ? "unaccounted" : "none", "orphans");
  },

  async "a server's word on retries is obeyed"({ createApiKey, ApiError }, api) {
    let sent = 0;
    const answering = (status, headers) => async () => {
      sent += 1;
      return new Response('{"message": "no"}', { status, headers });
    };
    const at = { ...connection(api), orphanProtection: false };
    for (const [status, headers, attempts, retryAfterMs] of [
      [500, { "x-should-retry": "false" }, 1, undefined],
      [400, { "x-should-retry": "true", "retry-after-ms": "1" }, 3, 1],
      [503, { "retry-after": "61" }, 1, 61_000],
      [503, { "retry-after-ms": "2" }, 3, 2],
      [404, { "retry-after": "0" }, 1, 0],
    ]) {
      sent = 0;
      const error = await rejectionOf(ApiError, createApiKey({ ...at, fetch: answering(status, headers) }));
      equal([sent, error.attempts, error.retryAfterMs], [attempts, attempts, retryAfterMs], status);
    }
    // If the wait would outlast the total timeout, the call fails at once.
    const fetch = answering(503, { "retry-after": "30" });
    const error = await rejectionOf(ApiError, createApiKey({ ...at, fetch, totalTimeoutMs: 5_000 }));
    equal(error.retryAfterMs, 30_000, "retryAfterMs");
  },

  async "an abort is answered with the signal's own reason"({ createApiKey, listApiKeys }, api) {
    const at = connection(api);
    const fetch = countingFetch();
    const reason = new Error("mine");
    const aborted = AbortSignal.abort(reason);
    equal((await rejection(createApiKey({ ...at, fetch, signal: aborted }))) === reason, true, "before");
    equal(fetch.count, 0, "nothing is sent");
    for (const trouble of [
      { fetch: NEVER },
      { token: NEVER },
      { fetch: async () => ({ status: 200, headers: new Headers(), text: NEVER }) },
      { fetch: () => Promise.reject(new Error("no")), maxRetries: 9 },
      { fetch: async () => new Response("{}", { status: 503, headers: { "retry-after": "50" } }) },
    ]) {
      for (const call of [createApiKey, listApiKeys]) {
        const controller = new AbortController();
        const calling = Promise.resolve(call({ ...at, ...trouble, signal: controller.signal }));
        setTimeout(() => controller.abort(reason), 10);
        equal((await rejection(calling)) === reason, true, "the reason");
      }
    }
    const plain = new AbortController();
    plain.abort();
    equal((await rejection(createApiKey({ ...at, signal: plain.signal }))).name, "AbortError", "name");
    await calm(api);
  },

  async "a signal that outlives the call is left alone"({ createApiKey }, api) {
    let listeners = 0;
    const { signal } = new AbortController();
    const counting = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: () => (listeners += 1),
      removeEventListener: () => (listeners -= 1),
    };
    await createApiKey({ ...connection(api), signal: counting });
    equal(listeners, 0, "listeners");
  },

  async "a timeout may be longer than a timer can be"({ createApiKey }, api) {
    for (const timeoutMs of [2 ** 31, 1e300, Infinity]) {
      await createApiKey({ ...connection(api), timeoutMs, totalTimeoutMs: timeoutMs });
    }
  },
};
