// What an audit finds.

import type { ApiKey } from "./types.js";

/** Why a key is a risk. Times are RFC 3339, as the service wrote them. */
export type Finding =
  | {
      /** It never ends. */
      type: "never-expires";
    }
  | {
      /** It has ended but is still listed. */
      type: "expired";
      expireTime: string;
    }
  | {
      /** It ends within `expiringWithin`. */
      type: "expiring-soon";
      expireTime: string;
    }
  | {
      /** It was never used. */
      type: "never-used";
    }
  | {
      /** It was not used for `staleAfter`, counted from its creation if it was never used. */
      type: "stale";
      since: string;
    }
  | {
      /** Fireworks knows its plaintext. */
      type: "plaintext-known";
    }
  | {
      /** One of its times cannot be read, so the audit cannot judge the key by it. */
      type: "unreadable-time";
      field: "createTime" | "expireTime" | "lastUsed";
    }
  | {
      /** The same create made another key, too. At most one of these keys can be in use. */
      type: "shared-attempt";
      attemptTag: string;
      keyIds: string[];
    };

/** A key, and why it is a risk. */
export interface AuditedKey {
  /** The key as the service describes it. */
  key: ApiKey;
  /** Empty if the key is not a risk. */
  findings: Finding[];
}

/** What an audit found. */
export interface Audit {
  /** Every key, the oldest first. */
  keys: AuditedKey[];
  /** How many keys each finding is about. */
  counts: Record<Finding["type"], number>;
}
