// Finds the broker's own token in the list, which shows only how a key begins. `reconcile` must not revoke
// it.

import type { Own, Progress } from "./cursor.js";
import type { Listed } from "./listed.js";
import type { Settings } from "./options.js";
import { within } from "./within.js";

/** How long the function that returns the token may take, in milliseconds. */
const TOKEN_MS = 30_000;

/** The text of the broker's token, or why it cannot be had. */
export interface OwnToken {
  text: string | undefined;
  error?: unknown;
}

/** Asks for the broker's token. */
export async function ownToken({ connection: { token } }: Settings): Promise<OwnToken> {
  try {
    const text: unknown = typeof token === "function" ? await within(TOKEN_MS, "token", token) : token;
    if (typeof text === "string" && text !== "") return { text };
    throw new TypeError("the function token has returned no key");
  } catch (error) {
    return { text: undefined, error };
  }
}

/**
 * Holds the oldest key back that looks like the broker's token, because nobody can create an older one, and
 * every key of which it cannot be told whether it is younger. If `keep` has the token, none is held back.
 * Returns the other keys.
 */
export function withoutOwn(progress: Progress, keys: readonly Listed[]): Listed[] {
  const held = progress.own.map(listedOf);
  const others: Listed[] = [];
  for (const key of keys) (key.looksOwn && key.member === null ? held : others).push(key);
  if (progress.ownIsKept) {
    progress.own = [];
    return [...others, ...held];
  }
  const oldest = Math.min(...held.map(({ createdAt }) => createdAt));
  const isYounger = ({ createdAt }: Listed): boolean => Number.isFinite(createdAt) && createdAt > oldest;
  progress.own = held.filter((key) => !isYounger(key)).map(ownOf);
  return [...others, ...held.filter(isYounger)];
}

function ownOf({ keyId, createdAt, isTooLong }: Listed): Own {
  return { keyId, createdAt: Number.isFinite(createdAt) ? createdAt : null, isTooLong };
}

/** A key that was held back, as it was listed. */
function listedOf({ keyId, createdAt, isTooLong }: Own): Listed {
  const began = createdAt ?? Infinity;
  const endsAt = isTooLong ? Infinity : began;
  return { keyId, createdAt: began, isTooLong, endsAt, tag: null, member: null, looksOwn: true };
}
