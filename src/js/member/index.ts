// The page's half of a key broker: holds a member's key, and a fetch that carries it to the inference host.

import type { Closing, KeyringEvent } from "./event.js";
import { createFetch } from "./fetch.js";
import { type KeyringOptions, read } from "./options.js";
import { createRing } from "./ring.js";

export { KeyringError, type KeyringErrorCode } from "./error.js";
export type { MaybeHeader } from "./options.js";
export type { Closing, KeyringEvent, KeyringOptions };

/** A member's keys, from a broker. */
export interface Keyring {
  /**
   * Resolves to a key that works now. It is fetched when it is first needed, once for all who wait, and
   * renewed before it ends if it was used. A broker that cannot be reached is asked again for some ten
   * seconds; after a refusal, or while `Retry-After` lasts, this rejects with a `KeyringError` at once.
   */
  key(): Promise<string>;
  /**
   * As the global `fetch`, with the key, and only for the inference host: any other address is rejected. It
   * passes on `Content-Type`, `Accept`, `Accept-Language` and `Content-Language`, and follows no redirect. If
   * the host does not accept the key, it sends the request again with that key or with the next one, unless
   * the body is a stream.
   */
  fetch: typeof globalThis.fetch;
  /**
   * Has the broker revoke the keys, unless other tabs use them, and ends this keyring. Never rejects. Call it
   * when the member leaves the page.
   */
  close(): Promise<Closing>;
  /**
   * Has the broker revoke the keys, and ends the keyrings of all tabs that share them, after `close()`, too.
   * Never rejects.
   */
  signOut(): Promise<Closing>;
}

/** Makes a keyring. Throws a `KeyringError` if an option is wrong. Sends nothing until a key is needed. */
export function createKeyring(options: KeyringOptions): Keyring;
export function createKeyring(...given: [KeyringOptions]): Keyring {
  const settings = read(...given);
  const ring = createRing(settings);
  return {
    key: async () => (await ring.hold()).key,
    fetch: createFetch(settings, ring),
    close: () => ring.end(false),
    signOut: () => ring.end(true),
  };
}
