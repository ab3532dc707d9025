// Where a run of `reconcile` has stopped, as a text with which the next run goes on. The text is signed: a
// cursor that is made up, or that belongs to another account, could have the wrong keys deleted.

import type { Settings } from "./options.js";

/** A key that is held back because it may be the broker's token. */
export interface Own {
  keyId: string;
  /** When it was created; null if that cannot be read. */
  createdAt: number | null;
  isTooLong: boolean;
}

/** What a walk over the list has come to. What it weighs is not here: each run weighs for itself. */
export interface Progress {
  /** The page that comes next; undefined for the first one. */
  page: string | undefined;
  /** How many keys the ledger knows so far. */
  known: number;
  /** Whether nothing was revoked or held back so far. */
  isClean: boolean;
  /** Whether one of the keys to keep looks like the broker's token. */
  ownIsKept: boolean;
  /** The oldest key so far that looks like it, and those of which it cannot be told which is older. */
  own: Own[];
  /** The keys to keep when the walk began, and those of them that were found so far. */
  keep: readonly string[];
  found: string[];
}

/** A walk that has not begun. */
export function beginning(keep: readonly string[]): Progress {
  return { page: undefined, known: 0, isClean: true, ownIsKept: false, own: [], keep, found: [] };
}

/** The text of a cursor. `token`: the broker's, if it is known. */
export async function written(
  settings: Settings,
  progress: Progress,
  token: string | undefined,
): Promise<string> {
  const body = encodeURIComponent(JSON.stringify({ ...progress, token: await markOf(settings, token) }));
  return `${await signed(settings, body)}.${body}`;
}

/** Reads a cursor for a run with these keys to keep and this token; undefined if it is not this broker's. */
export async function readCursor(
  settings: Settings,
  text: unknown,
  keep: readonly string[],
  token: string | undefined,
): Promise<Progress | undefined> {
  const [, proof, body] = (typeof text === "string" && /^([0-9a-f]{32})\.([^.].*)$/.exec(text)) || [];
  if (body === undefined || proof !== (await signed(settings, body))) return undefined;
  const { token: mark, ...progress } = JSON.parse(decodeURIComponent(body));
  // With another token, other keys have to be held back.
  return mark === (await markOf(settings, token)) ? resumed(progress, keep) : beginning(keep);
}

/** The progress of a walk that goes on with other keys to keep. */
function resumed(progress: Progress, keep: readonly string[]): Progress {
  const kept = progress.own.filter(({ keyId }) => keep.includes(keyId));
  // A key that is no longer to be kept may stand on a page that was passed.
  const isDropped = progress.keep.some((keyId) => !keep.includes(keyId));
  return {
    ...progress,
    isClean: progress.isClean && !isDropped,
    ownIsKept: (progress.ownIsKept && !isDropped) || kept.length > 0,
    own: progress.own.filter((own) => !kept.includes(own)),
    found: [...progress.found, ...kept.map(({ keyId }) => keyId)],
  };
}

function signed({ members, connection: { accountId, userId } }: Settings, body: string): Promise<string> {
  return members.proof("cursor", `${accountId}/${userId}/${body}`);
}

/** Tells tokens apart without telling them. */
async function markOf({ members }: Settings, token: string | undefined): Promise<string | null> {
  return token === undefined ? null : members.proof("token", token);
}
