// Mints and revokes a member's keys. A mint is written to the ledger before it is sent, with the end that its
// key will have, so a mint that fails leaves either no key, or a row by which the key is found.

import {
  ApiError,
  ConnectionError,
  type CreatedApiKey,
  createApiKey,
  deleteApiKey,
  FireworksKeysError,
  InvalidResponseError,
  TimeoutError,
  ValidationError,
} from "fireworks-keys";
import { settled } from "../settle.js";
import { asked, LATER_MS, LEDGER_MS } from "./asked.js";
import { ROUNDING_MS } from "./clock.js";
import type { Claim, Refusal, Reservation } from "./ledger.js";
import { Meter } from "./meter.js";
import type { Settings } from "./options.js";
import { LONGEST_MS } from "./pause.js";
import { explained, Problem, retryAfter } from "./problem.js";
import { bodyOf, noSuchKey, wantedLifetime } from "./request.js";
import { SHORTEST_MS } from "./rules.js";

/** @internal Keeps the runtime alive for work that goes on after the answer, if the runtime can do that. */
export type WaitUntil = ((work: Promise<unknown>) => void) | undefined;

/** The annotation that holds a create's tag. */
export const ATTEMPT = "fireworks-keys-attempt";

/** How long a mint's sweep may go on after its last request, in milliseconds. */
const SETTLING_MS = 30_000;

/** The requests that a mint draws at once: the create, and the deletion of its key. */
const DRAWN = 2;

/** How often a mint is tried: as the clocks seem to stand, and as they are shown to stand, twice. */
const TRIES = 3;

/** A mint: for whom, under which tag, and what it sends. */
interface Work {
  settings: Settings;
  member: string;
  attemptTag: string;
  lifetimeMs: number;
  meter: Meter;
  /** When it has begun: the ledger notes it later, by this machine's clock. */
  since: number;
  signal: AbortSignal | undefined;
  waitUntil: WaitUntil;
}

/** Mints a key for a member. */
export async function mint(
  settings: Settings,
  [member = ""]: readonly string[],
  request: Request,
  waitUntil: WaitUntil,
): Promise<Response> {
  const { lifetime } = settings;
  const wanted = (await wantedLifetime(request)) ?? lifetime.default;
  const lifetimeMs = Math.min(Math.max(wanted, lifetime.min), lifetime.max);
  const signal = signalOf(request);
  if (signal?.aborted) throw left();
  const waitMs = settings.pause.waitMs();
  if (waitMs > 0) throw unavailable(waitMs);
  const attemptTag = await settings.members.tag(member);
  const meter = new Meter(settings, member, attemptTag, DRAWN);
  const work = { settings, member, attemptTag, lifetimeMs, meter, since: Date.now(), signal, waitUntil };
  let tried: CreatedApiKey | number = settings.clock.aheadMs;
  for (let tries = 0; tries < TRIES && typeof tried === "number"; tries += 1) {
    tried = await mintOnce(work, tried);
  }
  if (typeof tried === "number") {
    await release(work, meter.hasMade);
    throw wrongClock(tried);
  }
  const { key, keyId, expireTime, createTime } = tried;
  // By the service's clock alone: the member's may be wrong, and a page cannot read another origin's `Date`.
  const expiresInMs = Date.parse(expireTime ?? "") - Date.parse(createTime ?? "");
  const life = expiresInMs > 0 ? { expiresInMs } : {};
  return Response.json({ key, keyId, expireTime, ...life }, { status: 201 });
}

/**
 * Notes a mint, creates its key, and notes which one it is. `aheadMs` is how far the service's clock is taken
 * to be ahead. If a key that is deleted again, or the refusal of its end, shows that this is wrong, it
 * resolves to how far the clock is ahead instead.
 */
async function mintOnce(work: Work, aheadMs: number): Promise<CreatedApiKey | number> {
  const { settings, member, attemptTag, lifetimeMs, meter, since, signal, waitUntil } = work;
  const { ledger, clock, displayName } = settings;
  const { endsAt } = await reserve(work, aheadMs);
  /** How far the service's clock is ahead, if an answer shows that a key would live too long or too short. */
  const correctedBy = (answeredAt: number): number | undefined => {
    const tookMs = Math.max(0, Date.now() - since);
    clock.learn(answeredAt, endsAt - Math.max(lifetimeMs, SHORTEST_MS) - aheadMs, tookMs);
    const { shownMs } = clock;
    const livesLonger = endsAt - answeredAt > lifetimeMs + ROUNDING_MS;
    return livesLonger || (shownMs - aheadMs) * 2 > lifetimeMs ? shownMs : undefined;
  };
  if (signal?.aborted) {
    await release(work, meter.hasMade);
    throw left();
  }
  const call = { ...meter.connection(endsAt), displayName, attemptTag, waitUntil };
  // Without the member's signal: a create that was sent is not aborted, because it may have made a key.
  const created = await createApiKey({ ...call, expireTime: writable(endsAt) }).catch(async (error) => {
    const made = madeBy(error);
    meter.hasMade ||= made === true;
    const { dateMs } = meter;
    // A service may also make a key that has ended already, which the module deletes.
    if (made !== undefined && (isBadRequest(error) || error instanceof InvalidResponseError)) {
      const corrected = dateMs === undefined ? undefined : correctedBy(dateMs);
      if (corrected !== undefined) return corrected;
      if (dateMs === undefined && aheadMs !== 0) {
        clock.forget();
        return 0;
      }
    }
    // If that is not known, the row stays: it counts, and the key that may be left is found by it.
    if (made !== undefined) await release(work, meter.hasMade);
    if (signal?.aborted) throw left();
    throw upstream(settings, isBadRequest(error) && dateMs === undefined ? undated(error) : error);
  });
  if (typeof created === "number") return created;
  meter.hasMade = true;
  const { keyId } = created;
  try {
    const createdAt = timeOf(created.createTime);
    const corrected = createdAt === undefined ? undefined : correctedBy(createdAt);
    check(created, { attemptTag, endsAt });
    if (createdAt === undefined) throw new Error("it cannot be told how long the key lives");
    if (signal?.aborted) throw left();
    if (corrected !== undefined) {
      await deleteApiKey({ ...meter.connection(), keyId, missingOk: true });
      return corrected;
    }
    const known = await asked(() => ledger.settle(member, attemptTag, keyId, meter.sent));
    if (!known) throw new Error("the ledger has lost a mint that it was told of");
    if (signal?.aborted) throw left();
    return created;
  } catch (error) {
    await deleteApiKey({ ...meter.connection(), keyId, missingOk: true })
      .then(() => release(work, true))
      .catch(settings.onError);
    throw error instanceof Problem ? error : notMinted(error);
  }
}

/** Has the ledger forget a mint, or count it without its key. */
async function release({ settings, member, attemptTag, meter }: Work, made: boolean): Promise<void> {
  const { ledger, onError } = settings;
  await asked(() => ledger.release(member, attemptTag, made, meter.sent)).catch(onError);
}

/** Has the ledger note a mint, unless that would exceed a limit. Doing so again moves the end of its key. */
async function reserve(work: Work, aheadMs: number): Promise<Reservation> {
  const { settings, member, attemptTag, lifetimeMs, waitUntil } = work;
  const { ledger, limits, connection } = settings;
  const settleMs = LEDGER_MS + (connection.totalTimeoutMs ?? 0) + SETTLING_MS;
  const mint = { attemptTag, lifetimeMs, aheadMs, settleMs, requests: DRAWN };
  const reserving = settled(() => ledger.reserve(member, mint, limits));
  const answer = await asked(() => reserving).catch((error: unknown) => {
    // It may have been noted, or may be yet, and nothing is sent for it.
    const undo = (): Promise<void> => release(work, work.meter.hasMade);
    const undone = undo();
    waitUntil?.(undone);
    reserving.then(undo, () => undefined);
    throw error;
  });
  if (isReservation(answer)) return answer;
  if (isRefusal(answer)) throw limited(answer);
  throw new Problem(503, "unavailable", "This cannot be done now.", {
    headers: retryAfter(LATER_MS),
    cause: new TypeError("the ledger's answer is none"),
  });
}

function isReservation(answer: unknown): answer is Reservation {
  const { endsAt } = (answer ?? {}) as Partial<Reservation>;
  return Number.isSafeInteger(endsAt) && Math.abs(endsAt as number) <= 8.64e15;
}

function isRefusal(answer: unknown): answer is Refusal {
  const { limit, retryAfterMs } = (answer ?? {}) as Partial<Refusal>;
  return typeof limit === "string" && Object.hasOwn(LIMITED, limit) && Number.isFinite(retryAfterMs);
}

const LIMITED = {
  mints: ["mint-limit", "You have asked for too many keys of late."],
  live: ["live-limit", "You have too many keys that are alive."],
  requests: ["request-limit", "You have asked for too much of late."],
} as const;

/** Tells a member which limit is reached. */
function limited({ limit, retryAfterMs }: Refusal): Problem {
  const [code, what] = LIMITED[limit];
  return new Problem(429, code, what, { headers: retryAfter(retryAfterMs) });
}

/**
 * Revokes a member's own key, even if the member does not wait for it. Revoking it again succeeds, too. The
 * key may have been minted under any of the member's hashes.
 */
export async function revoke(
  settings: Settings,
  members: readonly string[],
  keyId: string,
  request: Request,
): Promise<Response> {
  const { ledger } = settings;
  await bodyOf(request);
  const claim: Claim = { keyId, attemptTag: null, endsAt: null };
  let isRevoked = false;
  for (const member of members) {
    const [standing] = await asked(() => ledger.standings(member, [claim]));
    if (standing === "live") await revokeLive(settings, member, keyId);
    isRevoked ||= standing === "live" || standing === "revoked";
    if (isRevoked) break;
  }
  if (!isRevoked) throw noSuchKey();
  return new Response(null, { status: 204 });
}

async function revokeLive(settings: Settings, member: string, keyId: string): Promise<void> {
  const { ledger, limits } = settings;
  const tag = `deletion ${crypto.randomUUID()}`;
  const refusal = await asked(() => ledger.draw(member, tag, 1, limits));
  if (refusal) throw limited(refusal);
  const meter = new Meter(settings, member, tag, 1);
  await deleteApiKey({ ...meter.connection(), keyId, missingOk: true }).catch((error: unknown) => {
    throw upstream(settings, error);
  });
  await asked(() => ledger.revoke(member, keyId));
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

/** Refuses a key that `reconcile` could not match to its mint. */
function check(
  { annotations, expireTime }: CreatedApiKey,
  { attemptTag, endsAt }: { attemptTag: string; endsAt: number },
): void {
  if (annotations?.[ATTEMPT] !== attemptTag) {
    throw new Error("the service does not keep annotations: nobody could tell whose a key is");
  }
  const ends = timeOf(expireTime);
  if (ends === undefined) throw new Error("it cannot be told when the key ends");
  if (ends > endsAt + ROUNDING_MS) throw new Error("the key ends later than was asked for");
}

/** The end of a key as the module takes it: it refuses one that has passed by this machine's clock. */
function writable(endsAt: number): Date {
  return new Date(Math.max(endsAt, Date.now() + 5_000));
}

function isBadRequest(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 400;
}

/** A refusal that a wrong clock may be the reason of, which cannot be told. */
function undated(cause: ApiError): Error {
  const hint = "its answer has no Date: if its clock is not the ledger's, the key's end may have passed";
  return new Error(`${cause.message} (${hint})`, { cause });
}

/** The broker cannot tell which clock the service goes by: only the operator can set one right. */
function wrongClock(aheadMs: number): Problem {
  const seconds = `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs < 0 ? "behind" : "ahead of"}`;
  const cause = new Error(
    `no key lived as long as it should: the service's clock seems to be ${seconds} the ledger's, ` +
      "but does not go by that, either; look at the clock of the broker's machine and of its ledger",
  );
  return new Problem(502, "clock", "The broker's clock and the service's differ.", { cause });
}

function notMinted(cause: unknown): Problem {
  return new Problem(502, "upstream", "No key could be minted.", { cause });
}

/** A time in milliseconds, if it can be read. */
function timeOf(time: unknown): number | undefined {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Whether a failed create has made a key, which is deleted by now; undefined if one may be left. */
function madeBy(error: unknown): boolean | undefined {
  if (!(error instanceof FireworksKeysError)) return undefined;
  if (error.orphans === "swept") return true;
  return error.orphans === "none" || error.attempts === 0 ? false : undefined;
}

/** Tells a member of a failure behind the broker: 503 if a retry may help, otherwise 500 or 502. */
function upstream({ pause }: Settings, cause: unknown): Problem {
  const busy =
    cause instanceof ConnectionError ||
    cause instanceof TimeoutError ||
    (cause instanceof ApiError && (cause.status === 429 || cause.status === 503));
  if (busy) {
    const wait = pause.waitMs() || (cause instanceof ApiError && cause.retryAfterMs) || LATER_MS;
    return unavailable(Math.min(wait, LONGEST_MS), cause);
  }
  // Only the operator can fix a wrong configuration.
  if (cause instanceof ValidationError)
    return new Problem(500, "failed", "The broker is not set up.", { cause });
  return new Problem(502, "upstream", "The service has refused.", { cause: explained(cause) });
}

function unavailable(waitMs: number, cause?: unknown): Problem {
  const headers = retryAfter(waitMs);
  return new Problem(503, "unavailable", "The service cannot be reached now.", { headers, cause });
}
