// The rules that this package's own ledgers follow, as pure functions: from what a ledger remembers of one
// member to its answer and to what it has to write. See `Ledger` for what each call means.

import type { Claim, Limits, Mint, Refusal, Reservation, Standing } from "./ledger.js";

/** How much later than it was asked for a key may end: services and clocks round. */
const ROUNDING_MS = 1_000;

/**
 * How far ahead of now a time may lie that was noted before: machines' clocks differ a little. What lies
 * further ahead was noted by a clock that has been set back since. It would count until that time, so it no
 * longer counts at all.
 */
const SKEW_MS = 60_000;

/** What is remembered of a mint or a deletion. Times are milliseconds since 1970, by the ledger's clock. */
export interface Row {
  /** The tag of the mint, or the name of the deletion. */
  tag: string;
  /**
   * `open`: a mint whose answer has not come; `live`: a mint whose key is in `keyId`; `gone`: a mint whose
   * key was deleted; `void`: a mint that made none; `deletion`: not a mint.
   */
  state: "open" | "live" | "gone" | "void" | "deletion";
  keyId: string | null;
  notedAt: number;
  /** When the key ends by the service's clock, as the create asks for. */
  endsAt: number;
  /** When the key has ended by the ledger's clock. */
  livesUntil: number;
  /** Until when a mint's answer may come. */
  settleBy: number;
  /** Until when it counts in the window: as a mint, and for what was drawn from the bucket. */
  countsUntil: number;
  /** How many requests were drawn under this tag. */
  requests: number;
}

/** A member's bucket: how many requests were drawn and have not been refilled at a time. */
export interface Bucket {
  drawn: number;
  at: number;
}

/** What a ledger remembers of one member. */
export interface Memory {
  rows: ReadonlyMap<string, Row>;
  bucket: Bucket;
}

/** An answer, and what has to be written in one step before it is given. */
export interface Step<Answer> {
  answer: Answer;
  row?: Row;
  bucket?: Bucket;
}

/** A bucket from which nothing was drawn. */
export const FULL: Bucket = { drawn: 0, at: 0 };

/** See `Ledger.reserve`. */
export function reserve(
  { rows, bucket }: Memory,
  mint: Mint,
  limits: Limits,
  now: number,
): Step<Reservation | Refusal> {
  const { attemptTag: tag, aheadMs, settleMs, requests } = mint;
  const noted = rows.get(tag);
  if (noted) {
    const endsAt = endOf(noted.notedAt, mint);
    if (noted.state !== "open" || noted.endsAt === endsAt) return { answer: { endsAt: noted.endsAt } };
    // Another clock of the service's: the end moves, and the mint counts once.
    return { answer: { endsAt }, row: { ...noted, endsAt } };
  }
  const all = [...rows.values()].filter(({ notedAt }) => notedAt <= now + SKEW_MS);
  const answer = refusalOf(all, limits, now) ?? idleOf(all, now) ?? drawn(bucket, requests, limits, now);
  if ("limit" in answer) return { answer };
  const endsAt = endOf(now, mint);
  const livesUntil = endsAt - aheadMs;
  const settleBy = now + settleMs;
  const countsUntil = now + limits.windowMs;
  const row: Row = {
    ...{ tag, state: "open", keyId: null, notedAt: now },
    ...{ endsAt, livesUntil, settleBy, countsUntil, requests },
  };
  return { answer: { endsAt }, row, bucket: answer };
}

/** See `Ledger.draw`. */
export function draw(
  { rows, bucket }: Memory,
  tag: string,
  requests: number,
  limits: Limits,
  now: number,
): Step<Refusal | null> {
  const noted = rows.get(tag) ?? blank(tag, "deletion", now, now + limits.windowMs);
  const more = requests - noted.requests;
  if (more <= 0) return { answer: null };
  const answer = drawn(bucket, more, limits, now);
  if ("limit" in answer) return { answer };
  // With the last row the bucket is forgotten: it must be full by then.
  const countsUntil = Math.max(noted.countsUntil, now + limits.windowMs);
  return { answer: null, row: { ...noted, requests, countsUntil }, bucket: answer };
}

/** See `Ledger.settle`. */
export function settle(
  { rows, bucket }: Memory,
  tag: string,
  keyId: string,
  requests: number,
  now: number,
): Step<boolean> {
  const row = rows.get(tag);
  if (row?.state === "live") return { answer: row.keyId === keyId };
  // Once its time is up, reconcile may have taken the key for an orphan.
  if (row?.state !== "open" || row.settleBy <= now) return { answer: false };
  return { answer: true, ...returned({ ...row, state: "live", keyId }, requests, bucket) };
}

/** See `Ledger.release`. */
export function release(
  { rows, bucket }: Memory,
  tag: string,
  made: boolean,
  requests: number,
  now: number,
): Step<undefined> {
  const row = rows.get(tag);
  if (row === undefined) {
    // Its reservation may still arrive, and must find that it is void.
    return made ? { answer: undefined } : { answer: undefined, row: blank(tag, "void", now, now + VOID_MS) };
  }
  if (row.state === "open" || (made && row.state === "live")) {
    const state = made ? "gone" : "void";
    return { answer: undefined, ...returned({ ...row, state }, requests, bucket) };
  }
  return { answer: undefined };
}

/** See `Ledger.revoke`. */
export function revoke({ rows }: Memory, keyId: string): Step<undefined> {
  const row = [...rows.values()].find((row) => row.keyId === keyId);
  if (row?.state !== "live") return { answer: undefined };
  return { answer: undefined, row: { ...row, state: "gone" } };
}

/** See `Ledger.standings`. */
export function standings({ rows }: Memory, claims: readonly Claim[], now: number): Standing[] {
  const keys = new Map<string, Row>();
  for (const row of rows.values()) if (row.keyId !== null) keys.set(row.keyId, row);
  return claims.map(({ keyId, attemptTag, endsAt }) => {
    const own = keys.get(keyId);
    if (own) return own.state === "live" ? "live" : "revoked";
    // Anybody can copy a tag. It counts only while the mint has no key, and only for a key that ends in time.
    const mint = attemptTag === null ? undefined : rows.get(attemptTag);
    const fits = mint?.state === "open" && endsAt !== null && endsAt <= mint.endsAt + ROUNDING_MS;
    if (!fits) return "unknown";
    return now < mint.settleBy && mint.notedAt <= now + SKEW_MS ? "pending" : "lost";
  });
}

/** The tags of the rows that are no longer needed, and when the next one is not. */
export function outdated({ rows }: Memory, now: number): { tags: string[]; next: number | undefined } {
  const tags: string[] = [];
  let next: number | undefined;
  for (const row of rows.values()) {
    const end = forgetAt(row);
    if (end <= now) tags.push(row.tag);
    else next = Math.min(next ?? end, end);
  }
  return { tags, next };
}

/** When a row is no longer needed: its key has ended, its answer cannot come, and it does not count. */
export function forgetAt({ state, countsUntil, livesUntil, settleBy }: Row): number {
  return Math.max(countsUntil, livesUntil, state === "open" ? settleBy : 0);
}

/** When the key of a mint ends by the service's clock: a whole second, so that the service need not round. */
function endOf(notedAt: number, { lifetimeMs, aheadMs }: Mint): number {
  return Math.floor((notedAt + Math.max(lifetimeMs, SHORTEST_MS) + aheadMs) / 1_000) * 1_000;
}

/** The shortest lifetime that is asked for: a key that ends sooner could have ended before it is made. */
export const SHORTEST_MS = 2_000;

/** How long a void mint is remembered whose reservation has not arrived, in milliseconds. */
const VOID_MS = 600_000;

/** How many mints of a member that were never sent are remembered. */
const MOST_VOID = 100;

/** Bounds the mints that are never sent: such a mint draws no request, and leaves a row. */
function idleOf(rows: readonly Row[], now: number): Refusal | undefined {
  const ends = rows.filter(({ state }) => state === "void").map(forgetAt);
  const left = ends.filter((end) => end > now);
  if (left.length < MOST_VOID) return undefined;
  return { limit: "requests", retryAfterMs: Math.min(...left) - now };
}

/** The limit that another mint would exceed. A mint whose answer was lost counts until its key would end. */
function refusalOf(rows: readonly Row[], limits: Limits, now: number): Refusal | undefined {
  const later = (times: number[], most: number): number | undefined =>
    times
      .filter((time) => time > now)
      .sort((one, other) => one - other)
      .at(-most);
  const minted = rows.filter(({ state }) => state === "open" || state === "live" || state === "gone");
  const living = rows.filter(({ state }) => state === "open" || state === "live");
  // Another mint is allowed as soon as fewer than the limit are left.
  const mints = later(
    minted.map(({ notedAt }) => notedAt + limits.windowMs),
    limits.mints,
  );
  if (mints !== undefined) return { limit: "mints", retryAfterMs: mints - now };
  const live = later(
    living.map(({ state, livesUntil, settleBy }) =>
      state === "open" ? Math.max(livesUntil, settleBy) : livesUntil,
    ),
    limits.live,
  );
  if (live !== undefined) return { limit: "live", retryAfterMs: live - now };
  return undefined;
}

/** The bucket once so many more requests are drawn from it. */
function drawn(bucket: Bucket, requests: number, limits: Limits, now: number): Bucket | Refusal {
  const { drawn, at } = bucket.at <= now + SKEW_MS ? bucket : FULL;
  const perMs = limits.requests / limits.windowMs;
  const left = Math.max(0, drawn - Math.max(0, now - at) * perMs);
  const excess = left + requests - limits.requests;
  if (excess > 0) return { limit: "requests", retryAfterMs: Math.ceil(excess / perMs) };
  return { drawn: left + requests, at: Math.max(now, at) };
}

/** The row of work that has sent so many requests, and the bucket that got the others back. */
function returned(row: Row, requests: number, { drawn, at }: Bucket): { row: Row; bucket: Bucket } {
  const unsent = Math.max(0, row.requests - requests);
  return {
    row: { ...row, requests: row.requests - unsent },
    bucket: { drawn: Math.max(0, drawn - unsent), at },
  };
}

/** A row without a key. */
function blank(tag: string, state: "void" | "deletion", now: number, countsUntil: number): Row {
  return {
    ...{ tag, state, keyId: null, notedAt: now, endsAt: now },
    ...{ livesUntil: now, settleBy: now, countsUntil, requests: 0 },
  };
}
