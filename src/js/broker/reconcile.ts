// Revokes the keys in the service's list that the ledger does not know. Each key's tag names the member to
// ask about, so no list of all members is needed. If the ledger does not answer for a member, the member's
// keys stay: an outage must not revoke everybody's keys.

import { type ConnectionOptions, ValidationError } from "fireworks-keys";
import { Budget, type Stop } from "./budget.js";
import { beginning, readCursor, written } from "./cursor.js";
import { type Duration, milliseconds } from "./duration.js";
import type { Settings } from "./options.js";
import { ownToken } from "./own.js";
import { Walk } from "./walk.js";

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

/** How many walks over the list are made while there is something to revoke. */
const WALKS = 10;

/** @internal Goes over the service account's keys until there is nothing left to revoke. */
export async function reconcile(
  settings: Settings,
  options: ReconcileOptions,
  ...surplus: unknown[]
): Promise<Reconciliation> {
  const result = await run(settings, checked(settings, options, surplus));
  settings.cursor = result.cursor;
  return result;
}

async function run(settings: Settings, checked: Checked): Promise<Reconciliation> {
  const { keep, token, signal, budget, cursor, force } = checked;
  const own = await ownToken(settings);
  const progress = cursor === undefined ? undefined : await readCursor(settings, cursor, keep, own.text);
  if (cursor !== undefined && !progress) throw wrong("cursor", "must be the cursor of an earlier run");
  const result: Reconciliation = {
    ...{ known: 0, revoked: [], spared: [], missing: [], failed: [], settled: false },
  };
  const gone = new Set<string>();
  let start = progress ?? beginning(keep);
  let isReleased = force;
  for (let count = 0; count < WALKS; count += 1) {
    const isResumed = count === 0 && progress !== undefined;
    const means = { settings, budget, keep, token, signal, own, start, isResumed, isReleased, gone, result };
    const walk = new Walk(means);
    const stop = await walk.run();
    signal?.throwIfAborted();
    const { progress: at, left, brake } = walk;
    result.known = at.known;
    result.spared = at.own.map(({ keyId }) => keyId);
    if (stop) {
      const all = [stop, ...left, ...brake.left];
      return { ...result, left: all, cursor: await written(settings, at, own.text) };
    }
    result.missing = keep.filter((keyId) => at.keep.includes(keyId) && !at.found.includes(keyId));
    // A key that has just failed would probably fail again. The next run tries again.
    if (left.length > 0) return { ...result, left: [...left, ...brake.left] };
    if (at.isClean) return { ...result, settled: true };
    // A walk that an earlier run has begun has not weighed the whole list.
    if (walk.isWhole) {
      if (brake.left.length > 0) return { ...result, left: brake.left };
      isReleased = true;
    }
    start = beginning(keep);
  }
  return { ...result, left: [{ why: "more", keys: 0 }] };
}

/** What the options say, checked. */
interface Checked {
  keep: readonly string[];
  token: ConnectionOptions["token"] | undefined;
  signal: AbortSignal | undefined;
  budget: Budget;
  cursor: unknown;
  force: boolean;
}

/** Checks the options strictly, because a typo or a text instead of a list could delete the wrong keys. */
function checked(settings: Settings, options: ReconcileOptions, surplus: readonly unknown[]): Checked {
  if (surplus.length > 0) throw wrong("arguments", "must be one object that holds all options");
  if (typeof options !== "object" || options === null) throw wrong("options", "must be an object");
  const {
    keep = [],
    token,
    signal,
    maxRequests = 900,
    maxTime = "10m",
    cursor = settings.cursor,
    force = false,
    ...others
  } = options;
  const [name] = Object.keys(others);
  if (name !== undefined) throw wrong(name, "is not an option");
  if (!Array.isArray(keep)) throw wrong("keep", "must be a list of ids");
  const index = keep.findIndex((keyId) => typeof keyId !== "string" || keyId === "");
  if (index >= 0) throw wrong(`keep.${index}`, "must be the id of a key");
  if (!Number.isSafeInteger(maxRequests) || maxRequests < 1) {
    throw wrong("maxRequests", "must be a positive integer");
  }
  const ms = milliseconds(maxTime);
  if (ms === undefined) {
    throw wrong("maxTime", "must be a number of seconds, or an integer and one of s m h d w, such as 5m");
  }
  if (typeof force !== "boolean") throw wrong("force", "must be true or false");
  return { keep, token, signal, budget: new Budget(maxRequests, ms), cursor, force };
}

function wrong(path: string, expected: string): ValidationError {
  return new ValidationError(path, expected, { operation: "reconcile", attempts: 0 });
}
