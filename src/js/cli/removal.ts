// `delete`: deletes one key, or those that a create has left behind.

import {
  ApiError,
  type DeleteApiKeyOptions,
  type DeleteOrphansOptions,
  deleteApiKey,
  deleteOrphans,
} from "fireworks-keys";
import { CODE, type Code, codeOf, UsageError } from "./code.js";
import { say, toJson, visible } from "./output.js";
import type { Session } from "./session.js";

/** The ids of keys that were deleted, and of those that are not there. */
interface Removed {
  readonly deleted: readonly string[];
  readonly missing: readonly string[];
}

/** Deletes. */
export async function remove(session: Session): Promise<Code> {
  const { json, ...asked } = session.values;
  const isTag = asked.attemptTag !== undefined;
  if (isTag === (asked.keyId !== undefined))
    throw new UsageError("say which: a key's id or --attempt-tag TAG");
  const other = isTag ? ["missingOk", "--missing-ok"] : ["keepKeyId", "--keep-key-id"];
  if (asked[String(other[0])] !== undefined) throw new UsageError(`${other[1]} does not go with that`);
  const { onEvent } = session.progress();
  const options = { ...asked, ...(await session.connection()), onEvent } as unknown;
  try {
    const removed = isTag
      ? { deleted: await deleteOrphans(options as DeleteOrphansOptions), missing: [] }
      : await removeKey(options as DeleteApiKeyOptions);
    const { deleted, missing } = removed;
    for (const keyId of missing) say(`there is no key ${keyId}`);
    if (!json && deleted.length + missing.length === 0) say("there was nothing to delete");
    if (json) session.print(toJson(removed));
    else if (deleted.length > 0) session.print(deleted.map(visible).join("\n"));
    return CODE.done;
  } catch (error) {
    if (!session.isEnding(error)) session.sayError(error);
    const code = codeOf(error, "deletes");
    if (code === CODE.unknown) say("it is not known whether it is deleted");
    return code;
  }
}

/** Deletes a key. One that is not there is told apart from one that was deleted. */
async function removeKey({ missingOk, ...options }: DeleteApiKeyOptions): Promise<Removed> {
  const { keyId } = options;
  try {
    await deleteApiKey(options);
    return { deleted: [keyId], missing: [] };
  } catch (error) {
    if (!missingOk || !(error instanceof ApiError && error.code === "NOT_FOUND")) throw error;
    const isOnlyAttempt = error.attempts === 1;
    // A list has to bear it out.
    await deleteApiKey({ ...options, missingOk }).catch((unconfirmed) => {
      throw isOnlyAttempt ? unconfirmed : error;
    });
    if (!isOnlyAttempt) say("an attempt whose answer was lost may have deleted it");
    return { deleted: [], missing: [keyId] };
  }
}
