// `rotate`: the command of --exec stores the new key, and its exit code says whether it did.

import { type CreatedApiKey, type RotateApiKeyOptions, type Rotation, rotateApiKey } from "fireworks-keys";
import { CODE, type Code, codeOf, UsageError } from "./code.js";
import { commandOf, type HandedOver } from "./handover.js";
import { say, toJson, visible } from "./output.js";
import type { Progress } from "./progress.js";
import type { Session } from "./session.js";

/** Rotates a key. */
export async function rotate(session: Session): Promise<Code> {
  const { exec, json, noVerify, ...asked } = session.values;
  if (typeof exec !== "string") throw new UsageError("rotate needs --exec COMMAND, which stores the new key");
  const { accountId, userId, keyId } = asked as Record<string, string | undefined>;
  const destination = commandOf(exec, {
    FIREWORKS_ACCOUNT_ID: accountId,
    FIREWORKS_USER_ID: userId,
    FIREWORKS_ROTATED_KEY_ID: keyId,
  });
  const progress = session.progress();
  const storing = new Storing((created) => {
    session.interrupt.lastWords = () => {
      say(`it is not known whether ${created.keyId} is stored, nor which keys are alive: look at your store`);
      progress.sayWhatIsOpen();
    };
    return destination.take(created);
  });
  const options = {
    ...asked,
    ...(noVerify === undefined ? {} : { verify: false }),
    ...(await session.connection()),
    onEvent: progress.onEvent,
    waitUntil: progress.waitUntil,
    persist: storing.persist,
  } as unknown as RotateApiKeyOptions;
  let code: Code;
  try {
    const rotation = await rotateApiKey(options);
    code = tell(session, rotation, json === true);
  } catch (error) {
    // A command that took too long goes on, and what it says in the end is what is known.
    code = await failed(session, error, await storing.ended(), progress);
  }
  await progress.settled();
  return progress.sayWhatIsOpen() ? CODE.unknown : code;
}

/** The command that stores the key, from its start to its end. */
class Storing {
  readonly #take: (created: CreatedApiKey) => Promise<HandedOver>;
  #created: CreatedApiKey | undefined;
  #taking: Promise<HandedOver> | undefined;

  constructor(take: (created: CreatedApiKey) => Promise<HandedOver>) {
    this.#take = take;
  }

  /** For `rotateApiKey`. */
  readonly persist = async (created: CreatedApiKey): Promise<boolean> => {
    this.#created = created;
    this.#taking = this.#take(created);
    const taken = await this.#taking;
    if (taken.outcome === "unknown") throw new Error(taken.why);
    if (taken.outcome === "not-stored") say(taken.why);
    return taken.outcome === "stored";
  };

  /** How it ended, and for which key; undefined if it was not started. */
  async ended(): Promise<{ taken: HandedOver; keyId: string } | undefined> {
    if (!this.#created || !this.#taking) return undefined;
    return { taken: await this.#taking, keyId: this.#created.keyId };
  }
}

function tell(session: Session, { created, revoked, pending }: Rotation, json: boolean): Code {
  const { key: _, ...public_ } = created;
  const failures = pending.map(({ keyId, error }) => ({ keyId, error: error.message }));
  const lines = [
    `stored\t${created.keyId}`,
    ...revoked.map((keyId) => `deleted\t${keyId}`),
    ...failures.map(({ keyId }) => `not deleted\t${keyId}`),
  ].map((line) => line.split("\t").map(visible).join("\t"));
  session.print(json ? toJson({ created: public_, revoked, pending: failures }) : lines.join("\n"));
  for (const { keyId, error } of failures) say(`${keyId} may be alive: ${error}`);
  return failures.length === 0 ? CODE.done : CODE.unknown;
}

/** The code for a rotation that did not come to its end. */
async function failed(
  session: Session,
  error: unknown,
  ended: Awaited<ReturnType<Storing["ended"]>>,
  progress: Progress,
): Promise<Code> {
  const isAborted = session.isEnding(error);
  if (!isAborted) session.sayError(error);
  if (ended?.taken.outcome === "stored") {
    say(
      `${ended.keyId} is stored, and no earlier key is deleted: rotate again, with --key-id ${ended.keyId}`,
    );
    return CODE.unknown;
  }
  if (ended?.taken.outcome === "unknown") {
    say(`it is not known whether ${ended.keyId} is stored: both keys stay; look at your store`);
    return CODE.unknown;
  }
  if (!isAborted) return codeOf(error, "rotates");
  await progress.settled();
  return progress.orphans === undefined || progress.orphans === "swept" ? CODE.refused : CODE.unknown;
}
