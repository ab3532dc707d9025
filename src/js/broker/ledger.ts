// The interface of ledgers. A ledger remembers who holds which key, and what each member has used of the
// limits. It never stores a secret, and knows members only by a keyed hash.

/** A mint that is about to be sent. It holds durations only: every time is the ledger's own. */
export interface Mint {
  /** The tag that every key of this mint has among its annotations. */
  attemptTag: string;
  /** How long its key is to live, in milliseconds. */
  lifetimeMs: number;
  /** By how much the service's clock is ahead of the ledger's, in milliseconds; negative if it is behind. */
  aheadMs: number;
  /** How long its answer may take, in milliseconds. After that, a key that it has made is an orphan. */
  settleMs: number;
  /** How many requests it may send before it draws more. */
  requests: number;
}

/** What one member may do. */
export interface Limits {
  /** How many keys the member may mint within the window. */
  mints: number;
  /** The length of the window, in milliseconds. */
  windowMs: number;
  /** How many of the member's keys may be alive at a time. */
  live: number;
  /** How many requests the member's bucket holds. It refills evenly, from empty to full in one window. */
  requests: number;
}

/** A mint that is noted. */
export interface Reservation {
  /**
   * When its key ends by the service's clock, in milliseconds since 1970. This is what the create asks for:
   * the last whole second of its lifetime, or of two seconds if its lifetime is shorter.
   */
  endsAt: number;
}

/** Says that work would exceed a limit. */
export interface Refusal {
  /** Which limit it would exceed. */
  limit: "mints" | "live" | "requests";
  /** When to try again, in milliseconds from now. */
  retryAfterMs: number;
}

/** A key that the ledger is asked about. */
export interface Claim {
  keyId: string;
  /** The tag among its annotations, or null if they are not known. */
  attemptTag: string | null;
  /** When it ends, in milliseconds since 1970, or null if it never ends or that is not known. */
  endsAt: number | null;
}

/**
 * What the ledger knows of a key. `live`: it was minted for the member; `revoked`: it was minted for the
 * member and has been deleted; `pending`: a mint that is under way may have made it; `lost`: a mint whose
 * answer never came may have made it; `unknown`: the broker did not make it.
 */
export type Standing = "live" | "revoked" | "pending" | "lost" | "unknown";

/**
 * Remembers who holds which key. `member` is a keyed hash of the member's id. Each call is about one member,
 * so that a ledger can be split by members. Each call is one atomic step, and may be sent again: the same
 * call with the same tag or id changes nothing more. Arguments and answers are plain JSON. A ledger that
 * cannot answer rejects; then nothing is minted.
 */
export interface Ledger {
  /**
   * Notes a mint before it is sent, and draws its requests, unless that would exceed a limit. If the mint is
   * noted already and open, this only moves the end of its key: to the lifetime after the time when it was
   * noted, by what is known of the service's clock now.
   */
  reserve(member: string, mint: Mint, limits: Limits): Promise<Reservation | Refusal>;
  /**
   * Draws requests from the member's bucket, unless it holds too few. `tag` is a mint's tag or names a
   * deletion, and `requests` is how many are drawn under that tag in all.
   */
  draw(member: string, tag: string, requests: number, limits: Limits): Promise<Refusal | null>;
  /**
   * Notes which key a mint has made, and that it has sent `requests` requests: what it drew and did not send
   * goes back to the bucket. Returns false if the mint is unknown, is released or has taken too long; the
   * key must then be deleted.
   */
  settle(member: string, attemptTag: string, keyId: string, requests: number): Promise<boolean>;
  /**
   * Notes that a mint has left no key, and how many requests it has sent. If no key can have been made
   * (`made` is false), the mint no longer counts at all, even where its reservation arrives later than this.
   * Otherwise only its key no longer counts.
   */
  release(member: string, attemptTag: string, made: boolean, requests: number): Promise<void>;
  /** Notes that a member's key was deleted. */
  revoke(member: string, keyId: string): Promise<void>;
  /** Returns what it knows of these keys, in the same order. Changes nothing. */
  standings(member: string, claims: Claim[]): Promise<Standing[]>;
}
