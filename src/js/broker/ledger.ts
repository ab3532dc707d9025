// What a ledger is, and the rules that every ledger keeps. A ledger says who holds which key; it never
// holds a secret, and knows a member by a keyed hash only.

/** A mint that is about to be sent. Times are milliseconds since 1970. */
export interface Mint {
  /** What every key of this mint carries among its annotations. */
  attemptTag: string;
  /** When its key has ended at the latest. */
  expiresAt: number;
  /** Until when its answer may still come: later, what it has left is an orphan. */
  settleBy: number;
}

/** What one member may do. */
export interface Limits {
  /** How many keys are minted within the window. */
  mints: number;
  /** In milliseconds. */
  windowMs: number;
  /** How many keys live at a time. */
  live: number;
}

/** A mint would exceed a limit. */
export interface Refusal {
  /** Which. */
  limit: "mints" | "live";
  /** When it is worth another try, in milliseconds from now. */
  retryAfterMs: number;
}

/** A key that somebody asks about. */
export interface Claim {
  keyId: string;
  /** The tag among its annotations, where they are known. */
  attemptTag?: string | undefined;
}

/**
 * What the ledger knows of a key. `live`: it was minted for the member; `revoked`: so it was, and is
 * deleted; `pending`: a mint that is under way may have made it; `lost`: a mint whose answer never came
 * may have made it; `unknown`: the broker did not make it.
 */
export type Standing = "live" | "revoked" | "pending" | "lost" | "unknown";

/**
 * Says who holds which key. `member` is a keyed hash of the member's id. Everything is asked of one
 * member, so that a ledger can be split by members. Whoever cannot answer rejects: then nothing is minted.
 */
export interface Ledger {
  /** Writes a mint down before it is sent, unless it would exceed a limit. At once, or not at all. */
  reserve(member: string, mint: Mint, limits: Limits): Promise<Refusal | undefined>;
  /** Writes down which key a mint has made, and when that ends. False where nothing is known of the mint. */
  settle(member: string, attemptTag: string, keyId: string, expiresAt: number): Promise<boolean>;
  /** Forgets a mint that has left no key. */
  release(member: string, attemptTag: string): Promise<void>;
  /** Writes down that a member's key is deleted. */
  revoke(member: string, keyId: string): Promise<void>;
  /** What is known of keys, in their order. Changes nothing. */
  standings(member: string, claims: Claim[]): Promise<Standing[]>;
}

/** @internal A mint as it is stored. */
export interface Row extends Mint {
  /** The key that it has made, once that is known. */
  keyId: string | null;
  mintedAt: number;
  /** From when on nothing depends on it. */
  forgetAt: number;
  revoked: boolean;
}

/** @internal Where one member's rows are. */
export interface Rows {
  all(): Row[];
  /** Adds a row, or replaces the one of that tag. */
  put(row: Row): void;
  delete(attemptTag: string): void;
}

/** @internal See {@link Ledger.reserve}; also forgets what nothing depends on any more. */
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
    // Anybody can copy a tag: it says something only while its mint has no key.
    const open = rows.find((row) => row.attemptTag === attemptTag && row.keyId === null);
    if (open) return now < open.settleBy ? "pending" : "lost";
    return "unknown";
  });
}

/** @internal Drops the rows that nothing depends on any more; returns when the next one can be dropped. */
export function forget(rows: Rows, now: number): number | undefined {
  let next: number | undefined;
  for (const { attemptTag, forgetAt } of rows.all()) {
    if (forgetAt <= now) rows.delete(attemptTag);
    else next = Math.min(next ?? forgetAt, forgetAt);
  }
  return next;
}

/** A mint whose answer was lost counts like any other until its key, if there is one, has ended. */
function refusalOf(rows: Row[], limits: Limits, now: number): Refusal | undefined {
  const later = (times: number[], most: number): number | undefined =>
    times.sort((one, other) => one - other).at(-most);
  const minted = rows.map(({ mintedAt }) => mintedAt + limits.windowMs).filter((end) => end > now);
  const living = rows
    .filter(({ revoked, expiresAt }) => !revoked && expiresAt > now)
    .map(({ expiresAt }) => expiresAt);
  // The limit gives way when the last but so many of those that count have gone.
  const mints = later(minted, limits.mints);
  if (mints !== undefined) return { limit: "mints", retryAfterMs: mints - now };
  const live = later(living, limits.live);
  if (live !== undefined) return { limit: "live", retryAfterMs: live - now };
  return undefined;
}
