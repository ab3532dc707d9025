// What callers pass and receive.

/** What every function needs to know of the service. */
export interface ConnectionOptions {
  /** An existing Fireworks API key, or a function that returns one; it is asked for each request. */
  token: string | (() => string | Promise<string>);
  /** The account's id, such as `acme`; not the resource name `accounts/acme`. */
  accountId: string;
  /** The id of the user or service account that the key belongs to. */
  userId: string;
  /**
   * Where the API is. Plain `http:` only for this machine (`localhost`, `127.0.0.0/8`, `[::1]`).
   * On a page, a path such as `/fireworks` means the page's own origin.
   * @default "https://api.fireworks.ai"
   */
  baseUrl?: string | undefined;
}

/** Options of {@link createApiKey}. */
export interface CreateApiKeyOptions extends ConnectionOptions {
  /** What people call the key. The service says `default` when it is absent. */
  displayName?: string | undefined;
  /** When the key ends: an RFC 3339 time or a Date, in the future. Absent: never. */
  expireTime?: string | Date | undefined;
  /** Free labels, text to text. */
  annotations?: Record<string, string> | undefined;
}

/** An API key as the service describes it. Fields that this version has not heard of are kept. */
export interface ApiKey {
  /** Identifies the key, mainly to delete it. */
  keyId: string;
  /** What people call it. */
  displayName?: string;
  /** When it was created, RFC 3339. */
  createTime?: string;
  /** Whether Fireworks does not know the plaintext. */
  secure?: boolean;
  /** The owner's e-mail. */
  email?: string;
  /** The first few characters of the key, to recognise it by. */
  prefix?: string;
  /** When it ends, RFC 3339. Absent: never. */
  expireTime?: string;
  /** Free labels. */
  annotations?: Record<string, string>;
  /** When it was last used, RFC 3339. Absent: never. */
  lastUsed?: string;
  [field: string]: unknown;
}

/** A key that was just created, with its secret, which is told this once. */
export interface CreatedApiKey extends ApiKey {
  /** The secret. */
  key: string;
}
