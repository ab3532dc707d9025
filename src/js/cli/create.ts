// `create`: makes a key only if it is known where its secret goes, and deletes it if it cannot get there.

import { type CreateApiKeyOptions, type CreatedApiKey, createApiKey, deleteApiKey } from "fireworks-keys";
import { CODE, type Code, codeOf } from "./code.js";
import { type Destination, destinationOf } from "./handover.js";
import { say, toJson, visible } from "./output.js";
import type { Progress } from "./progress.js";
import type { Session } from "./session.js";

/** Creates a key and hands it over. */
export async function create(session: Session): Promise<Code> {
  const { print: isPrinted, output, exec, json, annotation, ...asked } = session.values;
  const { accountId, userId } = asked as { accountId?: string; userId?: string };
  const ids = { FIREWORKS_ACCOUNT_ID: accountId, FIREWORKS_USER_ID: userId };
  const destination = destinationOf({ print: isPrinted, output, exec, json }, ids);
  const progress = session.progress();
  const { onEvent, waitUntil } = progress;
  let code: Code;
  try {
    const options = {
      ...asked,
      ...(annotation === undefined ? {} : { annotations: annotation }),
      ...(await session.connection()),
      onEvent,
      waitUntil,
    } as unknown as CreateApiKeyOptions;
    const created = await createApiKey(options);
    const { keyId } = created;
    session.interrupt.lastWords = () => {
      say(`${keyId} is alive, unless it was said to be deleted; it is not known whether it is stored`);
      progress.sayWhatIsOpen();
    };
    code = await handOver(created, destination, options);
    if (code === CODE.done) tell(session, created);
  } catch (error) {
    destination.discard();
    code = await failed(session, error, progress);
  }
  await progress.settled();
  progress.sayWhatIsOpen();
  return code;
}

/** Hands the key over, or deletes it where it is known that nobody has it. */
async function handOver(
  created: CreatedApiKey,
  destination: Destination,
  { token, accountId, userId, baseUrl, allowHttp }: CreateApiKeyOptions,
): Promise<Code> {
  const { keyId } = created;
  const handedOver = await destination.take(created);
  if (handedOver.outcome === "stored") return CODE.done;
  say(handedOver.why);
  if (handedOver.outcome === "unknown") {
    say(`it is not known whether the key is stored: ${keyId} is alive; delete it if it is not stored`);
    return CODE.unknown;
  }
  destination.discard();
  try {
    await deleteApiKey({ token, accountId, userId, baseUrl, allowHttp, keyId, missingOk: true });
    say(`the key could not be handed over; ${keyId} is deleted`);
    return CODE.refused;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say(`the key could not be handed over, and nobody has it; ${keyId} may be alive: delete it`);
    return CODE.unknown;
  }
}

/** The code for a create that made no key that can be handed over. Looks after what it may have left. */
async function failed(session: Session, error: unknown, progress: Progress): Promise<Code> {
  if (session.isEnding(error)) {
    await progress.settled();
    const isClean = progress.orphans === undefined || progress.orphans === "swept";
    say(isClean ? "ended: there is no new key" : "ended");
    return isClean ? CODE.refused : CODE.unknown;
  }
  session.sayError(error);
  const { liveKeyIds = [] } = Object(error) as { liveKeyIds?: readonly string[] };
  for (const keyId of liveKeyIds) say(`${keyId} is alive, and nobody has its secret: delete it`);
  const code = codeOf(error, "creates");
  if (code !== CODE.unknown) return code;
  await progress.settled();
  return progress.orphans === "swept" && liveKeyIds.length === 0 ? CODE.refused : code;
}

/** Tells of the key that was handed over. */
function tell(session: Session, { key: _, ...created }: CreatedApiKey): void {
  const { keyId, expireTime } = created;
  say(`created ${keyId}, which ${expireTime === undefined ? "never ends" : `ends ${expireTime}`}`);
  if (session.values.print) return;
  session.print(session.values.json ? toJson(created) : visible(String(keyId)));
}
