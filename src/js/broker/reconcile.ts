// Revokes the keys in the service's list that the ledger does not know. Each key's tag names the member to
// ask about, so no list of all members is needed. If the ledger does not answer for a member, the member's
// keys stay: an outage must not revoke everybody's keys.

import {
  type ApiKey,
  type ConnectionOptions,
  deleteApiKey,
  listApiKeys,
  ValidationError,
} from "fireworks-keys";
import { asked } from "./asked.js";
import { ATTEMPT } from "./keys.js";
import type { Claim, Standing } from "./ledger.js";
import type { Settings } from "./options.js";
import { within } from "./within.js";

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
}

/** What a run of `reconcile` has done. */
export interface Reconciliation {
  /** How many of the service account's keys the ledger knows. */
  known: number;
  /** The ids of keys that the ledger did not know. They were deleted. */
  revoked: string[];
  /** The id of a key that was spared because it looks like the broker's own token. Add it to `keep`. */
  spared: string[];
  /** The ids in `keep` that the service no longer lists: somebody has deleted these keys. */
  missing: string[];
  /** The keys that could not be checked or deleted. The next run tries again. */
  failed: { keyId: string; error: unknown }[];
  /**
   * Whether the last pass found nothing to revoke. If this is false, somebody may be creating more keys with
   * a key that the ledger does not know. Only an administrator of the service can stop that, by changing the
   * service account's role.
   */
  settled: boolean;
}

/** How many requests run at the same time: as many as Cloudflare allows an invocation. */
const AT_ONCE = 6;

/** How many keys the ledger is asked about at a time. */
const CLAIMS = 100;

/** How many passes over the list are made while there is something to revoke. */
const PASSES = 10;

/** How long the function that returns the token may take, in milliseconds. */
const TOKEN_MS = 30_000;

type Call = Settings["connection"] & { signal?: AbortSignal | undefined };

const STANDINGS: readonly unknown[] = ["live", "revoked", "pending", "lost", "unknown"] satisfies Standing[];

/** @internal Goes over the service account's keys until there is nothing left to revoke. */
export async function reconcile(
  settings: Settings,
  options: ReconcileOptions,
  ...surplus: unknown[]
): Promise<Reconciliation> {
  const { keep, token, signal } = checked(options, surplus);
  const call = { ...settings.connection, ...(token === undefined ? {} : { token }), signal };
  const result: Reconciliation = {
    known: 0,
    revoked: [],
    spared: [],
    missing: [],
    failed: [],
    settled: false,
  };
  for (let pass = 0; pass < PASSES && !result.settled; pass += 1) {
    const before = result.revoked.length;
    Object.assign(result, { known: 0, spared: [], failed: [] });
    await onePass(settings, call, new Set(keep), result);
    signal?.throwIfAborted();
    // A key that has just failed would probably fail again. The next run tries again.
    if (result.failed.length > 0) break;
    result.settled = result.revoked.length === before;
  }
  return result;
}

async function onePass(
  settings: Settings,
  call: Call,
  keep: ReadonlySet<string>,
  result: Reconciliation,
): Promise<void> {
  const kept: ApiKey[] = [];
  const members = new Map<string, ApiKey[]>();
  const strangers: ApiKey[] = [];
  for await (const key of listApiKeys(call)) {
    if (keep.has(key.keyId)) {
      kept.push(key);
      continue;
    }
    const member = await settings.members.of(tagOf(key));
    if (member === undefined) strangers.push(key);
    else if (!members.get(member)?.push(key)) members.set(member, [key]);
  }
  const there = new Set(kept.map(({ keyId }) => keyId));
  result.missing = [...keep].filter((keyId) => !there.has(keyId));
  const own = await tokenLike(settings, kept, strangers);
  if (own) result.spared.push(own.keyId);
  // Revoked before the ledger is asked, so that many members cannot delay it.
  await revokeAll(
    call,
    strangers.filter((key) => key !== own),
    result,
  );
  await each(shuffled([...members]), call, async ([member, keys]) => {
    const { unknown, lost } = await strangersOf(settings, member, keys, result);
    await revokeAll(call, unknown, result);
    // A lost mint counts until all its keys are gone.
    const revoked = new Set(result.revoked);
    for (const key of keys) if (!revoked.has(key.keyId)) lost.delete(tagOf(key) ?? "");
    for (const tag of lost)
      await asked(() => settings.ledger.release(member, tag, true, 0)).catch(settings.onError);
  });
}

/** The member's keys that the ledger does not know, and the tags of the member's lost mints. */
async function strangersOf(
  { ledger }: Settings,
  member: string,
  keys: ApiKey[],
  result: Reconciliation,
): Promise<{ unknown: ApiKey[]; lost: Set<string> }> {
  const unknown: ApiKey[] = [];
  const lost = new Set<string>();
  for (let start = 0; start < keys.length; start += CLAIMS) {
    const some = keys.slice(start, start + CLAIMS);
    const claims = some.map(claimOf);
    try {
      const standings = await asked(() => ledger.standings(member, claims));
      if (!isAnswer(standings, claims.length)) throw new TypeError("the ledger's answer is none");
      some.forEach((key, index) => {
        const standing = standings[index];
        // The answer of a pending mint may still come. Nobody holds the key of a lost one.
        if (standing === "live" || standing === "pending") result.known += 1;
        else unknown.push(key);
        if (standing === "lost") lost.add(tagOf(key) ?? "");
      });
    } catch (error) {
      for (const { keyId } of some) result.failed.push({ keyId, error });
    }
  }
  return { unknown, lost };
}

function claimOf(key: ApiKey): Claim {
  const endsAt = endOf(key);
  const isKnown = Number.isFinite(endsAt);
  return { keyId: key.keyId, attemptTag: tagOf(key) ?? null, endsAt: isKnown ? endsAt : null };
}

function isAnswer(standings: unknown, length: number): standings is Standing[] {
  return (
    Array.isArray(standings) &&
    standings.length === length &&
    standings.every((each) => STANDINGS.includes(each))
  );
}

/** Revokes keys: first those that can still be used, and of these the newest first. */
async function revokeAll(call: Call, keys: ApiKey[], result: Reconciliation): Promise<void> {
  const now = Date.now();
  const urgency = (key: ApiKey): [number, number] => [Number(endOf(key) > now), timeOf(key.createTime)];
  const sorted = keys
    .map((key) => ({ key, urgency: urgency(key) }))
    .sort(({ urgency: one }, { urgency: other }) => other[0] - one[0] || other[1] - one[1]);
  await each(sorted, call, async ({ key: { keyId } }) => {
    try {
      await deleteApiKey({ ...call, keyId, missingOk: true });
      result.revoked.push(keyId);
    } catch (error) {
      result.failed.push({ keyId, error });
    }
  });
}

/**
 * The key that is most likely the broker's token, if `keep` does not have it: without its token, the broker
 * would stop working. It is the oldest key whose prefix fits, because nobody can create an older one.
 */
async function tokenLike(
  { connection: { token } }: Settings,
  kept: ApiKey[],
  strangers: ApiKey[],
): Promise<ApiKey | undefined> {
  // If the function fails here, it has failed for the list, too.
  const text = typeof token === "function" ? await within(TOKEN_MS, "token", token).catch(() => "") : token;
  const fits = ({ prefix }: ApiKey): boolean => Boolean(prefix) && text.startsWith(prefix as string);
  if (kept.some(fits)) return undefined;
  const [oldest] = strangers
    .filter(fits)
    .sort((one, other) => timeOf(one.createTime) - timeOf(other.createTime));
  return oldest;
}

function tagOf({ annotations }: ApiKey): string | undefined {
  return annotations?.[ATTEMPT];
}

function endOf({ expireTime }: ApiKey): number {
  return expireTime === undefined ? Infinity : timeOf(expireTime);
}

/** A time in milliseconds. A time that cannot be read counts as later than any other. */
function timeOf(time: unknown): number {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? Infinity : ms;
}

/** Shuffles, so that runs that cannot reach all members reach different ones. */
function shuffled<Item>(items: Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}

/** Does the work for each item, a few at a time, until the signal is aborted. */
async function each<Item>(
  items: Item[],
  { signal }: Call,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (signal?.aborted) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Checks the options strictly, because a typo or a text instead of a list could delete the wrong keys. */
function checked(
  options: ReconcileOptions,
  surplus: readonly unknown[],
): ReconcileOptions & { keep: readonly string[] } {
  const wrong = (path: string, expected: string): ValidationError =>
    new ValidationError(path, expected, { operation: "reconcile", attempts: 0 });
  if (surplus.length > 0) throw wrong("arguments", "must be one object that holds all options");
  if (typeof options !== "object" || options === null) throw wrong("options", "must be an object");
  const { keep = [], token, signal, ...others } = options;
  const [name] = Object.keys(others);
  if (name !== undefined) throw wrong(name, "is not an option");
  if (!Array.isArray(keep)) throw wrong("keep", "must be a list of ids");
  const index = keep.findIndex((keyId) => typeof keyId !== "string" || keyId === "");
  if (index >= 0) throw wrong(`keep.${index}`, "must be the id of a key");
  return { keep, token, signal };
}
