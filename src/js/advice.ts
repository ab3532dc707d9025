// What to do after a rotation that has ended early.

/**
 * The stages of a rotation, in order: `find` lists the keys, `create` makes the successor,
 * `compare` lists again to see whether another rotation is at work, `verify` uses the successor,
 * `persist` has you store it, `revoke` deletes the keys that are too old.
 */
export type RotationStage = "find" | "create" | "compare" | "verify" | "persist" | "revoke";

/** Why a rotation ended. */
export type RotationReason =
  | "missing"
  | "lifetime"
  | "lives-too-long"
  | "unfinished"
  | "conflict"
  | "not-stored"
  | "failed";

/** What happened, and what to run next, by the reason. */
const NEXT: Record<RotationReason, string> = {
  "missing": "the user has no key of this keyId, and nothing has changed; look for it with listApiKeys",
  "lifetime":
    "how long the key was given to live cannot be told, and nothing has changed; say expiresIn or expireTime",
  "lives-too-long":
    "the new key is not handed out; look at your clock, and at what the service makes of expireTime",
  "unfinished":
    "the key has successors: if your store holds one of them, rotate that; " +
    'if they are left from a crash, rotate with onUnfinished: "delete" when they are 15 minutes old',
  "conflict":
    "another rotation may be at work: a successor is there that is not ours, or the key is gone; " +
    "look at your store, and rotate the key that it holds when the others are done, or 15 minutes old",
  "not-stored": "persist returned false; rotate again",
  "failed": "rotate again",
};

/** @internal What happened in a rotation, and what to run next. */
export function nextOf(stage: RotationStage, reason: RotationReason, { length }: readonly string[]): string {
  if (length < 2 || !/^(failed|not-stored|lives-too-long)$/.test(reason)) return NEXT[reason];
  return reason === "failed" && stage === "persist"
    ? "it is unknown whether the new key is stored, so both stay; " +
        "look at your store and rotate the key that it holds, or delete the other with deleteApiKey"
    : "the new key is not stored, and not deleted yet: unless the event orphans-swept comes, " +
        "delete it, the second, with deleteApiKey, and rotate again";
}
