// Revokes the keys in the service's list that the ledger does not know. Each key's tag names the member to
// ask about, so no list of all members is needed. If the ledger does not answer for a member, the member's
// keys stay: an outage must not revoke everybody's keys.

import { type ConnectionOptions, ValidationError } from "fireworks-keys";
import { Budget } from "./budget.js";
import { beginning, readCursor, written } from "./cursor.js";
import { milliseconds } from "./duration.js";
import type { Settings } from "./options.js";
import { ownToken } from "./own.js";
import type { ReconcileOptions, Reconciliation } from "./reconciliation.js";
import { Walk } from "./walk.js";

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
