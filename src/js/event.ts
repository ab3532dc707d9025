// The events that a caller receives while an operation runs. They never hold a secret.

import type { RotationStage } from "./advice.js";

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
      /** Absent without orphan protection. */
      attemptTag?: string;
    }
  | {
      /**
       * The answers of one or more attempts of a create were lost, and their keys are not all found yet. The
       * package goes on looking, for as long as the runtime lives, and one of the next three events is the
       * end of it. Comes before the create settles.
       */
      type: "orphans-open";
      /** Absent without orphan protection. */
      attemptTag?: string;
      /** The key with that tag that the caller is given. */
      keepKeyId?: string;
      /** How long from now the last look begins, in milliseconds. */
      lastLookMs: number;
    }
  | {
      /** Each lost attempt of a create is accounted for: its key was found and is deleted. */
      type: "orphans-swept";
      /** Absent without orphan protection. */
      attemptTag?: string;
      /** The key with that tag that the caller was given. */
      keepKeyId?: string;
    }
  | {
      /**
       * The last look has found fewer keys than a create's lost attempts may have made. The others were never
       * made, or they come later: see `deleteOrphans`.
       */
      type: "orphans-unaccounted";
      /** Absent without orphan protection. */
      attemptTag?: string;
      /** The key with that tag that the caller was given. */
      keepKeyId?: string;
    }
  | {
      /** Orphans may be alive, and the package could not look: see `deleteOrphans`. */
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
      /** The service made a key that ends before the time that was asked for. */
      type: "shorter-lifetime";
      keyId: string;
    }
  | {
      /** The answer does not tell how long the key lives. */
      type: "unknown-lifetime";
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
