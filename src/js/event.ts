// The events that a caller receives while an operation runs. They never hold a secret.

import type { RotationStage } from "./errors.js";

/** The events that `onEvent` receives, by `type`. */
export type FireworksKeysEvent =
  | {
      /** An attempt failed, and another follows. */
      type: "retry";
      /** How many attempts of this request have failed. */
      attempt: number;
      /** How long until the next, in milliseconds. */
      delayMs: number;
      /** Why it failed. */
      reason: "status" | "connection" | "timeout";
      /** The HTTP status, if the server answered. */
      status?: number;
    }
  | {
      /** An orphan, a key whose secret was never delivered, was deleted. */
      type: "orphan-deleted";
      keyId: string;
      attemptTag: string;
    }
  | {
      /** Orphans may be alive: see `deleteOrphans`. */
      type: "orphans-unknown";
      /** Absent without orphan protection. */
      attemptTag?: string;
      /** The key with that tag that the caller was given. */
      keepKeyId?: string;
    }
  | {
      /** The service did not keep the tag, so the key of a lost answer could not be found. */
      type: "unprotected";
      keyId: string;
    }
  | {
      /** A rotation begins its next stage. */
      type: "rotation";
      stage: RotationStage;
      /** The key that is rotated, once it is found. */
      keyId?: string;
      /** The key that takes over, once there is one. */
      successorId?: string;
    }
  | {
      /** It is not known whether a rotation's new key is stored: both keys are alive. */
      type: "rotation-unknown";
      keyId: string;
      successorId: string;
    };
