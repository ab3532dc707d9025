// What `reconcile` needs of a key in the service's list. The rest is dropped, because a list may be long and
// its annotations large.

import type { ApiKey } from "fireworks-keys";
import { ROUNDING_MS } from "./clock.js";
import { ATTEMPT } from "./keys.js";
import type { Claim } from "./ledger.js";
import type { Settings } from "./options.js";

/** A key in the list. */
export interface Listed {
  keyId: string;
  /** The tag, if the broker has made it. */
  tag: string | null;
  /** The member that the tag names. */
  member: string | null;
  /** When it ends, in milliseconds since 1970; infinite if it never does or that cannot be read. */
  endsAt: number;
  /** When it was created; infinite if that cannot be read. */
  createdAt: number;
  /**
   * Whether it is known that no key of the broker's is like this: it never ends, or lives longer than any
   * may. Of a key whose times cannot be read that is not known.
   */
  isTooLong: boolean;
  /** Whether it begins as the broker's token does. */
  looksOwn: boolean;
}

/** How wrong the time may be that has to stand in for the one when a key began. */
const SKEW_MS = 86_400_000;

/**
 * Reads a key of the list; undefined if it has no id. `token` is the broker's, if it is known, and `now` the
 * service's time.
 */
export async function listed(
  key: ApiKey | null | undefined,
  { members, lifetime }: Settings,
  token: string | undefined,
  now: number,
): Promise<Listed | undefined> {
  const { keyId, prefix, annotations, expireTime, createTime } = key ?? {};
  if (typeof keyId !== "string" || keyId === "") return undefined;
  const tag: unknown = annotations?.[ATTEMPT];
  const member = (await members.of(tag)) ?? null;
  const isEndless = (expireTime ?? "") === "";
  const endsAt = timeOf(expireTime);
  const createdAt = timeOf(createTime);
  // A key cannot have begun later than now.
  const beganBy = Number.isFinite(createdAt) ? createdAt : now + SKEW_MS;
  const isLong = Number.isFinite(endsAt) && endsAt - beganBy > lifetime.max + ROUNDING_MS;
  return {
    keyId,
    tag: member === null ? null : (tag as string),
    member,
    endsAt,
    createdAt,
    isTooLong: isEndless || isLong,
    looksOwn: typeof prefix === "string" && prefix !== "" && token?.startsWith(prefix) === true,
  };
}

/** What the ledger is asked about a key. */
export function claimOf({ keyId, tag, endsAt }: Listed): Claim {
  return { keyId, attemptTag: tag, endsAt: Number.isFinite(endsAt) ? endsAt : null };
}

/** Sorts keys: first those that live too long, then those that can be used now, and of these the newest. */
export function mostDangerousFirst(keys: Iterable<Listed>, now: number): Listed[] {
  const danger = ({ isTooLong, endsAt }: Listed): number => Number(isTooLong) * 2 + Number(endsAt > now);
  return [...keys].sort(
    (one, other) => danger(other) - danger(one) || compare(other.createdAt, one.createdAt),
  );
}

/** The order of two times; the difference of two that are infinite is no number. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** A time in milliseconds. A time that cannot be read counts as later than any other. */
function timeOf(time: unknown): number {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? Infinity : ms;
}
