// Where a run of `reconcile` has stopped, as a text with which the next run goes on.

/** What a walk over the list has come to. */
export interface Progress {
  /** The page that comes next; undefined for the first one. */
  page: string | undefined;
  /** How many keys the ledger knows so far. */
  known: number;
  /** How many keys end in time and have not ended, and how many of these would be revoked. */
  ending: number;
  going: number;
  /** Whether keys that end in time may be revoked: the ledger has recognised one, or it was decided. */
  isCleared: boolean;
  /** Whether nothing was revoked or held back so far. */
  isClean: boolean;
  /** Whether one of the keys to keep looks like the broker's token. */
  ownIsKept: boolean;
  /** The oldest key so far that looks like it. */
  own: { keyId: string; createdAt: number; isTooLong: boolean } | undefined;
  /** The keys to keep that were found so far. */
  found: string[];
}

/** A walk that has not begun. */
export function beginning(isCleared = false): Progress {
  return {
    page: undefined,
    ...{ known: 0, ending: 0, going: 0, isCleared, isClean: true, ownIsKept: false },
    own: undefined,
    found: [],
  };
}

/** The text of a cursor. */
export function written(progress: Progress): string {
  return encodeURIComponent(JSON.stringify(progress));
}

/** Reads a cursor; undefined if it is none. */
export function readCursor(text: unknown): Progress | undefined {
  try {
    const read = JSON.parse(decodeURIComponent(text as string)) as Partial<Progress> | null;
    return isProgress(read) ? { ...beginning(), ...read } : undefined;
  } catch {
    return undefined;
  }
}

function isProgress(value: Partial<Progress> | null): value is Progress {
  if (typeof value !== "object" || value === null) return false;
  const { page, known, ending, going, isCleared, isClean, ownIsKept, own, found } = value;
  return (
    (page === undefined || typeof page === "string") &&
    [known, ending, going].every(Number.isSafeInteger) &&
    [isCleared, isClean, ownIsKept].every((flag) => typeof flag === "boolean") &&
    (own === undefined ||
      (typeof own?.keyId === "string" &&
        Number.isFinite(own.createdAt) &&
        typeof own.isTooLong === "boolean")) &&
    Array.isArray(found) &&
    found.every((keyId) => typeof keyId === "string")
  );
}
