// Mints and revokes a member's keys. A mint is written to the ledger before it is sent, so a mint that fails
// leaves either no key, or a row by which the key is found.

import {
  ApiError,
  ConnectionError,
  type CreatedApiKey,
  createApiKey,
  deleteApiKey,
  FireworksKeysError,
  type FireworksKeysEvent,
  TimeoutError,
  ValidationError,
} from "fireworks-keys";
import type { Settings } from "./options.js";
import { Problem, retryAfter } from "./problem.js";
import { bodyOf, noSuchKey, wantedLifetime } from "./request.js";
import { within } from "./within.js";

/** @internal Keeps the runtime alive for work that goes on after the answer, if the runtime can do that. */
export type WaitUntil = ((work: Promise<unknown>) => void) | undefined;

/** The annotation that holds a create's tag. */
export const ATTEMPT = "fireworks-keys-attempt";

/** How long the ledger may take, in milliseconds. */
const LEDGER_MS = 10_000;

/** How long a mint's sweep may go on after its last request, in milliseconds. */
const SETTLING_MS = 30_000;

/** How long a member should wait if the service does not say, in milliseconds. */
const LATER_MS = 5_000;

/** Mints a key for a member. */
export async function mint(
  settings: Settings,
  member: string,
  request: Request,
  waitUntil: WaitUntil,
): Promise<Response> {
  const { lifetime, ledger, connection, displayName, onError } = settings;
  const wanted = (await wantedLifetime(request)) ?? lifetime.default;
  const lifetimeMs = Math.min(Math.max(wanted, lifetime.min), lifetime.max);
  const signal = signalOf(request);
  if (signal?.aborted) throw left();
  const attemptTag = await settings.members.tag(member);
  await reserve(settings, member, attemptTag, lifetimeMs);
  const expiresIn = lifetimeMs / 1_000;
  let isUnknown = false;
  const onEvent = (event: FireworksKeysEvent): unknown => {
    isUnknown ||= event.type === "unknown-lifetime";
    return connection.onEvent?.(event);
  };
  const call = { ...connection, displayName, expiresIn, attemptTag, signal, waitUntil, onEvent };
  const created = await createApiKey(call).catch(async (error: unknown) => {
    // In all other cases the row stays: it counts, and the key that may be left is found by it.
    if (isWithoutKey(error)) await asked(() => ledger.release(member, attemptTag)).catch(onError);
    throw signal?.aborted ? left() : upstream(error);
  });
  const { key, keyId } = created;
  // The last attempt began before, and its key lives so long from then.
  const expiresAt = Date.now() + lifetimeMs;
  try {
    if (isUnknown) throw new Error("it cannot be told how long the key lives");
    check(created, attemptTag);
    const known = await asked(() => ledger.settle(member, attemptTag, keyId, expiresAt));
    if (!known) throw new Error("the ledger has lost a mint that it was told of");
    if (signal?.aborted) throw left();
  } catch (error) {
    // Without the member's signal, because nobody else would delete the key.
    await deleteApiKey({ ...connection, keyId, missingOk: true })
      .then(() => asked(() => ledger.release(member, attemptTag)))
      .catch(onError);
    throw error instanceof Problem
      ? error
      : new Problem(502, "upstream", "No key could be minted.", { cause: error });
  }
  return Response.json({ key, keyId, expireTime: created.expireTime }, { status: 201 });
}

/** Has the ledger note a mint, unless that would exceed a limit. */
async function reserve(
  { ledger, limits, connection }: Settings,
  member: string,
  attemptTag: string,
  lifetimeMs: number,
): Promise<void> {
  const sentBy = Date.now() + LEDGER_MS + (connection.totalTimeoutMs ?? 0);
  const refusal = await asked(() =>
    ledger.reserve(
      member,
      {
        attemptTag,
        expiresAt: sentBy + lifetimeMs,
        settleBy: sentBy + SETTLING_MS,
      },
      limits,
    ),
  );
  if (!refusal) return;
  const [code, what] =
    refusal.limit === "mints"
      ? (["mint-limit", "You have asked for too many keys of late."] as const)
      : (["live-limit", "You have too many keys that are alive."] as const);
  throw new Problem(429, code, what, { headers: retryAfter(refusal.retryAfterMs) });
}

/** Revokes a member's own key, even if the member does not wait for it. Revoking it again succeeds, too. */
export async function revoke(
  { ledger, connection }: Settings,
  member: string,
  keyId: string,
  request: Request,
): Promise<Response> {
  await bodyOf(request);
  const [standing] = await asked(() => ledger.standings(member, [{ keyId }]));
  if (standing === "live") {
    await deleteApiKey({ ...connection, keyId, missingOk: true }).catch((error: unknown) => {
      throw upstream(error);
    });
    await asked(() => ledger.revoke(member, keyId));
  } else if (standing !== "revoked") {
    throw noSuchKey();
  }
  return new Response(null, { status: 204 });
}

/** Asks the ledger, which may be remote, with a time limit. */
export async function asked<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  return within(LEDGER_MS, "the ledger", question).catch((cause: unknown) => {
    throw new Problem(503, "unavailable", "This cannot be done now.", {
      headers: retryAfter(LATER_MS),
      cause,
    });
  });
}

/**
 * The signal of a request, if the runtime's requests have one that says that the member has left. Deno's is
 * aborted after every answer, too, and Deno warns as soon as it is read.
 */
function signalOf(request: Request): AbortSignal | undefined {
  const signal = "Deno" in globalThis ? undefined : request.signal;
  return signal instanceof AbortSignal ? signal : undefined;
}

/** The answer to a member who has closed the connection. */
function left(): Problem {
  return new Problem(400, "bad-request", "You have left.");
}

/** Refuses a key that `reconcile` could not match to its member. */
function check({ annotations }: CreatedApiKey, attemptTag: string): void {
  if (annotations?.[ATTEMPT] !== attemptTag) {
    throw new Error("the service does not keep annotations: nobody could tell whose a key is");
  }
}

/** Whether a failed create has certainly left no key: its error says so, or nothing was sent. */
function isWithoutKey(error: unknown): boolean {
  if (!(error instanceof FireworksKeysError)) return false;
  return error.orphans === "none" || error.orphans === "swept" || error.attempts === 0;
}

/** Tells a member of a failure behind the broker: 503 if a retry may help, otherwise 500 or 502. */
function upstream(cause: unknown): Problem {
  const busy =
    cause instanceof ConnectionError ||
    cause instanceof TimeoutError ||
    (cause instanceof ApiError && (cause.status === 429 || cause.status === 503));
  if (busy) {
    const wait = cause instanceof ApiError ? cause.retryAfterMs : undefined;
    const headers = retryAfter(wait ?? LATER_MS);
    return new Problem(503, "unavailable", "The service cannot be reached now.", { headers, cause });
  }
  // Only the operator can fix a wrong configuration.
  if (cause instanceof ValidationError)
    return new Problem(500, "failed", "The broker is not set up.", { cause });
  return new Problem(502, "upstream", "The service has refused.", { cause });
}
