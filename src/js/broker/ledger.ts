// The interface of ledgers, and the rules that all of them follow. A ledger remembers who holds which key.
// It never stores a secret, and knows members only by a keyed hash.

/** A mint that is about to be sent. Times are milliseconds since 1970. */
export interface Mint {
  /** The tag that every key of this mint has among its annotations. */
  attemptTag: string;
  /** When its key will have ended at the latest. */
  expiresAt: number;
  /** Until when its answer may arrive. After that, a key that it has made is an orphan. */
  settleBy: number;
}

/** What one member may do. */
export interface Limits {
  /** How many keys the member may mint within the window. */
  mints: number;
  /** The length of the window, in milliseconds. */
  windowMs: number;
  /** How many of the member's keys may be alive at a time. */
  live: number;
}

/** Says that a mint would exceed a limit. */
export interface Refusal {
  /** Which limit it would exceed. */
  limit: "mints" | "live";
  /** When to try again, in milliseconds from now. */
  retryAfterMs: number;
}

/** A key that the ledger is asked about. */
export interface Claim {
  keyId: string;
  /** The tag among its annotations, if they are known. */
  attemptTag?: string | undefined;
}

/**
 * What the ledger knows of a key. `live`: it was minted for the member; `revoked`: it was minted for the
 * member and has been deleted; `pending`: a mint that is under way may have made it; `lost`: a mint whose
 * answer never came may have made it; `unknown`: the broker did not make it.
 */
export type Standing = "live" | "revoked" | "pending" | "lost" | "unknown";

/**
 * Remembers who holds which key. `member` is a keyed hash of the member's id. Each call is about one member,
 * so that a ledger can be split by members. A ledger that cannot answer rejects; then nothing is minted.
 */
export interface Ledger {
  /** Notes a mint before it is sent, unless it would exceed a limit. Check and note are one atomic step. */
  reserve(member: string, mint: Mint, limits: Limits): Promise<Refusal | undefined>;
  /** Notes which key a mint has made, and when the key ends. Returns false if the mint is unknown. */
  settle(member: string, attemptTag: string, keyId: string, expiresAt: number): Promise<boolean>;
  /** Forgets a mint that left no key. */
  release(member: string, attemptTag: string): Promise<void>;
  /** Notes that a member's key was deleted. */
  revoke(member: string, keyId: string): Promise<void>;
  /** Returns what it knows of these keys, in the same order. Changes nothing. */
  standings(member: string, claims: Claim[]): Promise<Standing[]>;
}

/** @internal A mint as it is stored. */
export interface Row extends Mint {
  /** The id of the key that it has made, once that is known. */
  keyId: string | null;
  mintedAt: number;
  /** When the row is no longer needed. */
  forgetAt: number;
  revoked: boolean;
}

/** @internal The storage of one member's rows. */
export interface Rows {
  all(): Row[];
  /** Adds a row, or replaces the one with its tag. */
  put(row: Row): void;
  delete(attemptTag: string): void;
}

/** @internal See {@link Ledger.reserve}. Also deletes the rows that are no longer needed. */
export function reserve(rows: Rows, mint: Mint, limits: Limits, now: number): Refusal | undefined {
  forget(rows, now);
  const refusal = refusalOf(rows.all(), limits, now);
  if (refusal) return refusal;
  const forgetAt = Math.max(mint.expiresAt, now + limits.windowMs);
  rows.put({ ...mint, keyId: null, mintedAt: now, forgetAt, revoked: false });
  return undefined;
}

/** @internal See {@link Ledger.settle}. */
export function settle(rows: Rows, attemptTag: string, keyId: string, expiresAt: number): boolean {
  const row = rows.all().find((row) => row.attemptTag === attemptTag);
  if (row) rows.put({ ...row, keyId, expiresAt });
  return row !== undefined;
}

/** @internal See {@link Ledger.revoke}. */
export function revoke(rows: Rows, keyId: string): void {
  const row = rows.all().find((row) => row.keyId === keyId);
  if (row) rows.put({ ...row, revoked: true });
}

/** @internal See {@link Ledger.standings}. */
export function standings(rows: Row[], claims: Claim[], now: number): Standing[] {
  return claims.map(({ keyId, attemptTag }) => {
    const own = rows.find((row) => row.keyId === keyId);
    if (own) return own.revoked ? "revoked" : "live";
    // Anybody can copy a tag, so it only counts while its mint has no key.
    const open = rows.find((row) => row.attemptTag === attemptTag && row.keyId === null);
    if (open) return now < open.settleBy ? "pending" : "lost";
    return "unknown";
  });
}

/** @internal Deletes the rows that are no longer needed, and returns when the next one can be deleted. */
export function forget(rows: Rows, now: number): number | undefined {
  let next: number | undefined;
  for (const { attemptTag, forgetAt } of rows.all()) {
    if (forgetAt <= now) rows.delete(attemptTag);
    else next = Math.min(next ?? forgetAt, forgetAt);
  }
  return next;
}

/** The limit that another mint would exceed. A mint whose answer was lost counts until its key would end. */
function refusalOf(rows: Row[], limits: Limits, now: number): Refusal | undefined {
  const later = (times: number[], most: number): number | undefined =>
    times.sort((one, other) => one - other).at(-most);
  const minted = rows.map(({ mintedAt }) => mintedAt + limits.windowMs).filter((end) => end > now);
  const living = rows
    .filter(({ revoked, expiresAt }) => !revoked && expiresAt > now)
    .map(({ expiresAt }) => expiresAt);
  // Another mint is allowed as soon as fewer than the limit are left.
  const mints = later(minted, limits.mints);
  if (mints !== undefined) return { limit: "mints", retryAfterMs: mints - now };
  const live = later(living, limits.live);
  if (live !== undefined) return { limit: "live", retryAfterMs: live - now };
  return undefined;
}
