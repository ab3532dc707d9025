// The errors of a keyring. They hold neither a key nor what identifies the member to the broker.

/** What went wrong, as a code for programs. */
export type KeyringErrorCode =
  /** An option of `createKeyring` is wrong: see `path`. */
  | "VALIDATION"
  /** `authorization` threw, or did not return the value of a header. */
  | "AUTHORIZATION"
  /** The broker gave no complete answer. */
  | "CONNECTION"
  /** The broker refused: see `status`, `problem` and `retryAfterMs`. */
  | "BROKER"
  /** The broker answered without a key. */
  | "INVALID_RESPONSE"
  /** `keyring.fetch` was called with an address that must not get the key. Nothing was sent. */
  | "ADDRESS"
  /** The keyring was closed. */
  | "CLOSED";

/** Thrown by `createKeyring`, and what a keyring's promises reject with. */
export class KeyringError extends Error {
  /** `ValidationError` if an option is wrong, as for the other functions of this package. */
  declare readonly name: "KeyringError" | "ValidationError";
  declare readonly code: KeyringErrorCode;
  /** The path of the wrong option. */
  declare readonly path?: string;
  /** The status of the broker's answer. */
  declare readonly status?: number;
  /** The broker's own code, such as `mint-limit`. */
  declare readonly problem?: string | undefined;
  /**
   * How long the broker asks to wait, in milliseconds; 0 if it does not say. The keyring waits for five
   * minutes at the most.
   */
  declare readonly retryAfterMs?: number;

  /** @internal */
  constructor(code: KeyringErrorCode, message: string, more?: Partial<KeyringError>) {
    super(`keyring: ${message}`);
    Object.assign(this, { name: "KeyringError", code }, more);
  }
}
