// Fetches an issuer's keys (JWKS) and keeps them. `jose` fetches and checks a set; when to fetch, and which
// set serves after a failure, is decided here.

import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from "jose";

/** How old a set may be before it is fetched anew, in milliseconds. */
const FRESH_MS = 600_000;

/** How old a set may be to serve while it cannot be fetched anew, in milliseconds. */
const STALE_MS = 3_600_000;

/** How long no set is fetched after another has arrived, whatever keys tokens name, in milliseconds. */
const COOLDOWN_MS = 30_000;

/** How long no set is fetched after a failure, in milliseconds. */
const RETRY_MS = 10_000;

/** How long a fetch may take, in milliseconds. */
const FETCH_MS = 5_000;

/** How often a request looks whether another's fetch has ended, in milliseconds. */
const LOOK_MS = 25;

/** Makes a function that finds the key of a token in the set at this address. */
export function remoteKeys(url: URL, onError: (error: unknown) => void): JWTVerifyGetKey {
  // It never decides to fetch by itself.
  const remote = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_MS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
  });
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let notBefore = Number.NEGATIVE_INFINITY;
  let fetchingUntil = 0;
  let failure: unknown = new Error("the issuer's keys have not arrived");

  // The clock may be set back: a set that seems to have arrived later than now is not fresh.
  const isFresh = (): boolean => fetchedAt <= Date.now() && Date.now() - fetchedAt < FRESH_MS;
  const isThere = (): boolean => Math.abs(Date.now() - fetchedAt) < STALE_MS;

  /** Fetches the set, unless that was tried a moment ago. */
  async function refresh(): Promise<void> {
    if (isComing(notBefore, COOLDOWN_MS)) return;
    // Should the runtime end this request, others neither wait for it nor hold back for longer than this.
    fetchingUntil = Date.now() + FETCH_MS;
    notBefore = fetchingUntil;
    try {
      await remote.reload();
      fetchedAt = Date.now();
      notBefore = fetchedAt + COOLDOWN_MS;
      if (remote.jwks()?.keys.length === 0) onError(new Error("the issuer publishes no key at all"));
    } catch (error) {
      failure = error;
      notBefore = Date.now() + RETRY_MS;
      // Without a set the caller is told.
      if (isThere()) onError(error);
    } finally {
      fetchingUntil = 0;
    }
  }

  /** Waits for another request's fetch. Its promise cannot be shared: some runtimes forbid that. */
  async function otherFetch(): Promise<void> {
    while (isComing(fetchingUntil, FETCH_MS)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  return async (header, token) => {
    if (!isFresh()) await refresh();
    if (!isThere()) await otherFetch();
    if (!isThere()) throw failure;
    try {
      return await remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const before = fetchedAt;
      await refresh();
      await otherFetch();
      if (fetchedAt === before) throw error;
      return remote(header, token);
    }
  };
}

/** Whether a time is yet to come, which was set so many milliseconds ahead at the most. */
function isComing(time: number, mostMs: number): boolean {
  const left = time - Date.now();
  return left > 0 && left <= mostMs;
}
