// `delete`: deletes one key, or those that a create has left behind.

import {
  type DeleteApiKeyOptions,
  type DeleteOrphansOptions,
  deleteApiKey,
  deleteOrphans,
} from "fireworks-keys";
import { CODE, type Code, codeOf, UsageError } from "./code.js";
import { say, toJson, visible } from "./output.js";
import type { Session } from "./session.js";

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
    const deleted = isTag
      ? await deleteOrphans(options as DeleteOrphansOptions)
      : await deleteApiKey(options as DeleteApiKeyOptions).then(() => [String(asked.keyId)]);
    if (!json && deleted.length === 0) say("there was nothing to delete");
    if (json) session.print(toJson({ deleted }));
    else if (deleted.length > 0) session.print(deleted.map(visible).join("\n"));
    return CODE.done;
  } catch (error) {
    session.sayError(error);
    const code = codeOf(error, "deletes");
    if (code === CODE.unknown) say("it is not known whether it is deleted");
    return code;
  }
}
