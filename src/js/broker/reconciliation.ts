// What a run of `reconcile` takes, and what it comes to.

import type { ConnectionOptions } from "fireworks-keys";
import type { Stop } from "./budget.js";
import type { Duration } from "./duration.js";

/** Options of `reconcile`. */
export interface ReconcileOptions {
  /** The ids of keys to keep although no member holds them, above all the id of the broker's own token. */
  keep?: readonly string[] | undefined;
  /**
   * The token to list and delete with, instead of the broker's. Best use a key of another user: members can
   * delete every key of the service account, including the broker's own token.
   */
  token?: ConnectionOptions["token"] | undefined;
  /** Ends the run when aborted. */
  signal?: AbortSignal | undefined;
  /**
   * How many requests the run may use, to the service and to the ledger: fewer than the platform allows.
   * @default 900
   */
  maxRequests?: number | undefined;
  /** How long the run may take. @default "10m" */
  maxTime?: Duration | undefined;
  /**
   * Where to go on: the `cursor` of the run before. Without one, a broker goes on where its own last run has
   * stopped, if this process remembers that. A cursor of another account, user or first `memberSecret` is
   * refused.
   */
  cursor?: string | undefined;
  /**
   * Revokes even if that looks like a mistake: more than half of the keys that end in time would go, or more
   * than half of those that the ledger calls live. It counts for this run alone. @default false
   */
  force?: boolean | undefined;
}

/** Something that a run has left to do. */
export interface Left {
  /**
   * `requests`, `time`: the budget is used up. `unreachable`: a dozen requests in a row had no answer.
   * `list`: a page could not be listed, or holds entries that name no key. `failed`: keys could not be
   * checked or deleted. `pending`: several keys fit one mint that is under way, and the ledger cannot tell
   * yet which one is its own. `token`: the broker's own token could not be had, so no key without a tag was
   * revoked, or it was exchanged during the run. `own`: several keys look like the broker's own token, and
   * it cannot be told which is the oldest; add the right one to `keep`. `unrecognised`: the ledger does not
   * know more than half of the keys that end in time; `endless`: more than half of the keys that it calls
   * live seem to live too long; see `force` for both. `more`: in every walk over the list there was
   * something to revoke, so somebody may be creating more with a key that the ledger does not know.
   */
  why: Stop | "list" | "failed" | "pending" | "token" | "own" | "unrecognised" | "endless" | "more";
  /** How many keys are known to be left. */
  keys: number;
  /** What went wrong, for `list` and `token`. */
  error?: unknown;
}

/** What a run of `reconcile` has done. */
export interface Reconciliation {
  /** How many of the service account's keys the ledger knows, in the last walk over the list. */
  known: number;
  /** The ids of keys that the ledger did not know. They were deleted. */
  revoked: string[];
  /** The ids of keys that were spared because they look like the broker's own token: add it to `keep`. */
  spared: string[];
  /** The ids in `keep` that the service no longer lists: somebody has deleted these keys. */
  missing: string[];
  /** The keys that could not be checked or deleted. The next run tries again. */
  failed: { keyId: string; error: unknown }[];
  /** Whether a whole walk over the list found nothing to revoke, and nothing is left. */
  settled: boolean;
  /** What is left, and why, unless the run is settled. */
  left?: Left[];
  /** Where the next run goes on, if this one has stopped within the list. */
  cursor?: string;
}
