// The types of what callers pass and receive.

import type { GrpcCode } from "./body.js";
import type { FireworksKeysError } from "./errors.js";
import type { FireworksKeysEvent } from "./event.js";

/** How to reach the service. Every function takes these options. */
export interface ConnectionOptions extends ServiceOptions {
  /** The account's id, such as `acme`; not the resource name `accounts/acme`. `listAccounts` finds it. */
  accountId: string;
}

/** How to reach the service, whatever the account. */
export interface ServiceOptions {
  /**
   * An existing Fireworks API key, or a function that returns one. The function is called once for
   * each attempt, within the attempt's timeout.
   */
  token: string | (() => string | Promise<string>);
  /**
   * The URL of the API. Plain `http:` is only allowed for this machine (`localhost`, `127.0.0.0/8`,
   * `[::1]`). On a page, this may be a path on the page's own origin, such as `/fireworks`.
   * @default "https://api.fireworks.ai"
   */
  baseUrl?: string | undefined;
  /** Allows plain `http:` to any host in `baseUrl`. @default false */
  allowHttp?: boolean | undefined;
  /** Called instead of the global `fetch`, as `fetch(url, init)`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Additional headers. On a page, the service has to allow each of them (CORS). */
  headers?: Record<string, string> | undefined;
  /** How long one attempt may take, including its body, in milliseconds. @default 30_000 */
  timeoutMs?: number | undefined;
  /**
   * How long the operation may take, including retries and waits, in milliseconds. For a list, this
   * is the limit for each page. @default 120_000
   */
  totalTimeoutMs?: number | undefined;
  /** How often a failed request is retried. @default 2 */
  maxRetries?: number | undefined;
  /** Ends the operation at once when aborted. The operation rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Keeps the runtime alive for looks that go on after the answer, 25 seconds at most, such as
   * `(work) => ctx.waitUntil(work)` on Cloudflare Workers.
   */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /** Called with each event on the way. What it throws is ignored. */
  onEvent?: ((event: FireworksKeysEvent) => void) | undefined;
}

/** Options of `init`. */
export interface InitOptions {
  /** The module, if it does not come with the JavaScript: compiled, as bytes, or as a `Response`. */
  module?: ModuleSource | Promise<ModuleSource> | undefined;
}

/** A WebAssembly module in any form that `init` takes. */
export type ModuleSource = CompiledModule | ArrayBuffer | ArrayBufferView | Response;

/** A `WebAssembly.Module`, if the platform's types have one. Node's do not. */
export type CompiledModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer Module } };
}
  ? Module
  : object;

/** When a key ends, given in one of two ways. */
export type Expiry =
  | {
      /**
       * When the key ends: an RFC 3339 time or a Date, in the future. If neither option is named, never. One
       * that is named without a value, such as a variable that is not set, is an error.
       */
      expireTime?: string | Date | undefined;
      expiresIn?: undefined;
    }
  | {
      /**
       * How long the key lives, by the service's own times: a number of seconds, or an integer and one of
       * `s m h d w`, such as `"30d"`; or `"never"`, for a key that never ends.
       */
      expiresIn?: number | string | undefined;
      expireTime?: undefined;
    };

/** Options in which it is open which of the two ways is used, as in code around this package's functions. */
export type OpenExpiry<Options> = Omit<Options, keyof Expiry> & {
  expireTime?: string | Date | undefined;
  expiresIn?: number | string | undefined;
};

/** Forbids what `Options` does not have, and both ways at once. */
export type OneExpiry<Given, Options> = Given & {
  [Name in Exclude<KeyOf<Given>, KeyOf<Options>>]: never;
} & ([Given] extends [{ expireTime: string | Date; expiresIn: number | string }]
    ? { expiresIn: undefined }
    : unknown);

/** The names of the fields that any of these types has. */
type KeyOf<Type> = Type extends unknown ? keyof Type : never;

/** Options that describe the new key. */
export interface NewKeyOptions extends ConnectionOptions {
  /** The id of the user or service account that the key belongs to. */
  userId: string;
  /** The key's name for people. Without one, the service names the key `default`. */
  displayName?: string | undefined;
  /** Free labels, text to text. Names that begin with `fireworks-keys-` are reserved for this package. */
  annotations?: Record<string, string> | undefined;
  /**
   * Marks the attempts of this create, so that `deleteOrphans` finds the keys that they left behind.
   * Give each create a tag of its own: `deleteOrphans` deletes every key with a tag, but for one.
   * @default 128 random bits
   */
  attemptTag?: string | undefined;
  /** Whether to mark the key, and to delete the keys that lost answers leave. @default true */
  orphanProtection?: boolean | undefined;
}

/** Options of `createApiKey`. */
export type CreateApiKeyOptions = NewKeyOptions & Expiry;

/** Options of `deleteApiKey`. */
export interface DeleteApiKeyOptions extends ConnectionOptions {
  /** The id of the key's owner. */
  userId: string;
  /** The id of the key. */
  keyId: string;
  /**
   * Whether to succeed if the user has no such key: the API says so, and a complete list of the user's keys
   * does not show it. @default false
   */
  missingOk?: boolean | undefined;
}

/** Options of `deleteOrphans`. */
export interface DeleteOrphansOptions extends ConnectionOptions {
  /** The id of the user that the create was for. */
  userId: string;
  /** The create's tag, from its error or its event. Every key with it is deleted, but for `keepKeyId`. */
  attemptTag: string;
  /** The id of the key that the create returned, if it returned one. This key is kept. */
  keepKeyId?: string | undefined;
}

/** Options of a rotation, except for when the new key ends. */
export interface RotationOptions extends ConnectionOptions {
  /** The id of the key's owner. */
  userId: string;
  /** The id of the key to rotate: the one that your store holds now. */
  keyId: string;
  /**
   * Stores the new key; called at most once. Return or resolve to `false` if the key is not stored: it is
   * then deleted. If this function throws, if it resolves to something whose `ok` is `false`, such as a
   * `Response`, or if it takes longer than what is left of `totalTimeoutMs`, the rotation cannot know
   * whether the key is stored, and both keys stay. Any other result means that it is stored.
   */
  persist: (created: CreatedApiKey) => unknown;
  /** Whether to try the new key before it is stored. @default true */
  verify?: boolean | undefined;
  /**
   * How many earlier generations stay alive, the rotated key first, for programs that read the store
   * before the rotation. Pass 0 after a leak. @default 1
   */
  keep?: number | undefined;
  /**
   * What to do if the key already has successors, for example from a crash. `error`: change nothing, and
   * list them in the error. `delete`: rotate, and once the new key is stored, delete the successors that
   * are at least 15 minutes older than it; younger ones are a conflict.
   * @default "error"
   */
  onUnfinished?: "error" | "delete" | undefined;
}

/**
 * Options of `rotateApiKey`. If this call gives neither `expireTime` nor `expiresIn`, the new key lives as
 * long as its predecessor was given to live. A client's defaults are only for keys without a predecessor.
 */
export type RotateApiKeyOptions = RotationOptions & Expiry;

/** What a rotation has done. */
export interface Rotation {
  /** The new key, as it was passed to `persist`. */
  created: CreatedApiKey;
  /** The ids of the keys that were deleted. */
  revoked: string[];
  /** The keys that could not be deleted. The next rotation tries again, for up to 100 of them. */
  pending: PendingRevocation[];
}

/** A key that could not be revoked. */
export interface PendingRevocation {
  keyId: string;
  /** Why it could not be revoked. */
  error: FireworksKeysError;
}

/** Which part of a list to fetch. */
export interface PageOptions {
  /** How many items a page may hold. */
  pageSize?: number | undefined;
  /** The page to start with: the `nextPageToken` of an earlier page. */
  pageToken?: string | undefined;
  /** Which items to list, as an AIP-160 filter. */
  filter?: string | undefined;
  /** Which fields to return. */
  readMask?: string | undefined;
}

/** Options of the lists of keys and users. */
export interface ListOptions extends ConnectionOptions, PageOptions {
  /** The order: field names, each with an optional ` desc`. */
  orderBy?: string | undefined;
}

/** Options of `listApiKeys`. */
export interface ListApiKeysOptions extends ListOptions {
  /** The id of the keys' owner; `-` for everybody's keys, if the token may see them. */
  userId: string;
}

/** Options of `listUsers`. */
export interface ListUsersOptions extends ListOptions {
  /** Ignored. It is accepted because a client's defaults may hold it. */
  userId?: string | undefined;
}

/** Options of `listAccounts`. The service orders the accounts by name. */
export interface ListAccountsOptions extends ServiceOptions, PageOptions {
  /** Ignored, as `userId` is. They are accepted because a client's defaults may hold them. */
  accountId?: string | undefined;
  userId?: string | undefined;
}

/** Options of `auditApiKeys`. */
export interface AuditApiKeysOptions extends ConnectionOptions {
  /** The id of the keys' owner; `-` for everybody's keys, if the token may see them. */
  userId: string;
  /**
   * How long a key may go unused before it is stale: a number of seconds, or an integer and one of
   * `s m h d w`. @default "90d"
   */
  staleAfter?: number | string | undefined;
  /** How long before its end a key is expiring soon, written like `staleAfter`. @default "14d" */
  expiringWithin?: number | string | undefined;
  /** How many keys a page may hold. Smaller pages take more requests. */
  pageSize?: number | undefined;
  /** Which keys to audit, as an AIP-160 filter. */
  filter?: string | undefined;
}

/** The options that a client can give once: all except those that belong to one call. */
export type ClientOptions = Partial<
  Omit<CreateApiKeyOptions, "expireTime" | "expiresIn" | "attemptTag"> &
    Omit<ListApiKeysOptions, "pageToken"> &
    AuditApiKeysOptions &
    Omit<RotationOptions, "keyId"> &
    Pick<DeleteApiKeyOptions, "missingOk">
> &
  Expiry;

/** An API key as the service describes it. Fields that this version does not know are kept. */
export interface ApiKey {
  /** Identifies the key, for example to delete it. */
  keyId: string;
  /** The key's name for people. */
  displayName?: string;
  /** When it was created, RFC 3339. */
  createTime?: string;
  /** Whether Fireworks does not know the plaintext. */
  secure?: boolean;
  /** The owner's e-mail. */
  email?: string;
  /** The first few characters of the key, to recognise it by. */
  prefix?: string;
  /** When it ends, RFC 3339. Absent if it never does. */
  expireTime?: string;
  /** Free labels. */
  annotations?: Record<string, string>;
  /** When it was last used, RFC 3339. Absent if it never was. */
  lastUsed?: string;
  [field: string]: unknown;
}

/** A key that was just created, with its secret, which the service shows only once. */
export interface CreatedApiKey extends ApiKey {
  /** The secret. */
  key: string;
}

/** One page of keys. */
export interface ApiKeyPage {
  /** The keys. */
  apiKeys?: ApiKey[];
  /** The token of the next page; empty or absent on the last page. */
  nextPageToken?: string;
  /** How many keys there are in all. */
  totalSize?: number;
  [field: string]: unknown;
}

/** A user or service account as the service describes it. */
export interface User {
  /** The resource name: `accounts/{account}/users/{user}`. */
  name: string;
  email?: string;
  role?: string;
  displayName?: string;
  serviceAccount?: boolean;
  state?: string;
  /** RFC 3339. */
  createTime?: string;
  [field: string]: unknown;
}

/** One page of users. */
export interface UserPage {
  /** The users. */
  users?: User[];
  /** The token of the next page; empty or absent on the last page. */
  nextPageToken?: string;
  /** How many users there are in all. */
  totalSize?: number;
  [field: string]: unknown;
}

/** An account as the service describes it. */
export interface Account {
  /** The resource name: `accounts/{account}`. */
  name: string;
  displayName?: string;
  email?: string;
  state?: string;
  /** RFC 3339. */
  createTime?: string;
  [field: string]: unknown;
}

/** One page of accounts. */
export interface AccountPage {
  /** The accounts. */
  accounts?: Account[];
  /** The token of the next page; empty or absent on the last page. */
  nextPageToken?: string;
  /** How many accounts there are in all. */
  totalSize?: number;
  [field: string]: unknown;
}

/** The codes that tell this package's errors apart: `VALIDATION` and so on, or the API's own name. */
export type ErrorCode =
  | "VALIDATION"
  | "CONNECTION"
  | "TIMEOUT"
  | "INVALID_RESPONSE"
  | "ROTATION"
  | "MODULE_LOAD"
  | GrpcCode;
