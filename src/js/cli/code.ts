// The exit codes, and which of them an error means: known to be done, known not to be done, not known.

import { ApiError, FireworksKeysError, RotationError, ValidationError } from "fireworks-keys";

/** The exit codes. */
export const CODE = {
  done: 0,
  found: 1,
  usage: 2,
  refused: 3,
  unknown: 4,
  /** A signal came before anything was sent. Shells have the same for a program that Ctrl-C has ended. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type Code = (typeof CODE)[keyof typeof CODE];

/** The command line is wrong, and nothing was sent. Its message holds no value from the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A signal has ended the command, and nothing was sent. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("ended: nothing was sent");
  }
}

/** Whether an operation may have changed something when it fails. */
export type Effect = "reads" | "deletes" | "creates" | "rotates";

/** What a failed operation's error means. */
export function codeOf(error: unknown, effect: Effect): Code {
  if (error instanceof UsageError) return CODE.usage;
  if (error instanceof InterruptedError) return CODE.interrupted;
  if (!(error instanceof FireworksKeysError)) return CODE.unknown;
  if (error instanceof ValidationError && error.attempts === 0) return CODE.usage;
  switch (effect) {
    case "creates":
      return isWithoutKey(error) ? CODE.refused : CODE.unknown;
    case "rotates":
      return error instanceof RotationError && isUnchanged(error) ? CODE.refused : CODE.unknown;
    case "deletes":
      // An earlier attempt may have been done although its answer was lost.
      return error.attempts === 0 || (error.attempts === 1 && isRefusal(error)) ? CODE.refused : CODE.unknown;
    case "reads":
      return isRefusal(error) ? CODE.refused : CODE.unknown;
  }
}

/** Whether a create has certainly left no key. */
function isWithoutKey({ orphans, attempts, liveKeyIds }: FireworksKeysError): boolean {
  if (liveKeyIds && liveKeyIds.length > 0) return false;
  return orphans === "none" || orphans === "swept" || attempts === 0;
}

/** Whether a rotation has certainly left everything as it was: at most the rotated key is alive. */
function isUnchanged({ liveKeyIds, orphans, reason }: RotationError): boolean {
  if (orphans === "unaccounted" || orphans === "unknown") return false;
  // These two name keys that other rotations have made.
  return liveKeyIds.length < 2 || reason === "unfinished" || reason === "conflict";
}

/** Whether the service itself said no, and a retry would not change that. */
function isRefusal(error: FireworksKeysError): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}
