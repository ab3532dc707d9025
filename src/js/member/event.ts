// What a keyring tells a page of, to show it. Events never hold a key.

import type { KeyringError } from "./error.js";

/** The events that `onEvent` receives, by `type`. */
export type KeyringEvent =
  | {
      /** There is a new key. */
      type: "key";
      keyId: string;
      /** How long it still lives, in milliseconds. */
      expiresInMs: number;
      /** Whether another tab has fetched it. */
      isShared: boolean;
    }
  | {
      /** A request to the broker failed. */
      type: "failure";
      error: KeyringError;
      /** How long the keyring sends the broker no further request, in milliseconds. */
      retryInMs: number;
    }
  | {
      /** The inference host no longer accepts the key, or never did: the next one is fetched. */
      type: "refused";
      keyId: string;
    }
  | {
      /** The broker has revoked the key. */
      type: "revoked";
      keyId: string;
    }
  | {
      /** The keyring was closed, here or by a `signOut()` in another tab. */
      type: "closed";
    };

/** What is known of a keyring's keys once it is closed. */
export interface Closing {
  /** The ids of the keys that the broker has revoked. */
  revoked: string[];
  /** The ids of those of which that is not known, or that other tabs use. They end by themselves. */
  pending: string[];
}
