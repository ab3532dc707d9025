// What callers pass and receive.

import type { GrpcCode } from "./body.js";
import type { FireworksKeysError } from "./errors.js";
import type { FireworksKeysEvent } from "./event.js";

/** What every function needs to know of the service. */
export interface ConnectionOptions {
  /**
   * An existing Fireworks API key, or a function that returns one. The function is asked once for
   * each attempt, within the attempt's timeout.
   */
  token: string | (() => string | Promise<string>);
  /** The account's id, such as `acme`; not the resource name `accounts/acme`. */
  accountId: string;
  /**
   * Where the API is. Plain `http:` only for this machine (`localhost`, `127.0.0.0/8`, `[::1]`).
   * On a page, a path such as `/fireworks` means the page's own origin.
   * @default "https://api.fireworks.ai"
   */
  baseUrl?: string | undefined;
  /** Lets `baseUrl` be plain `http:` to any host. @default false */
  allowHttp?: boolean | undefined;
  /** Called instead of the global `fetch`, as `fetch(url, init)`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Further headers. From a page, each one has to be allowed by the service (CORS). */
  headers?: Record<string, string> | undefined;
  /** How long one attempt may take, its body included, in milliseconds. @default 30_000 */
  timeoutMs?: number | undefined;
  /**
   * How long the operation may take, its retries and waits included, in milliseconds; of a list,
   * each page. @default 120_000
   */
  totalTimeoutMs?: number | undefined;
  /** How often a request that failed is tried again. @default 2 */
  maxRetries?: number | undefined;
  /** Ends the operation at once; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Keeps the runtime alive for a sweep that goes on after the answer, such as
   * `(work) => ctx.waitUntil(work)` on Cloudflare Workers.
   */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /** Is told what happens on the way. What it throws is ignored. */
  onEvent?: ((event: FireworksKeysEvent) => void) | undefined;
}

/** Options of `init`. */
export interface InitOptions {
  /** The module, where it does not come with the JavaScript: compiled, its bytes, or an answer. */
  module?: ModuleSource | Promise<ModuleSource> | undefined;
}

/** A WebAssembly module in any form that it can be handed over in. */
export type ModuleSource = CompiledModule | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Response;

/** A `WebAssembly.Module`, where the platform's types know of one: Node's own do not. */
export type CompiledModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer Module } };
}
  ? Module
  : object;

/** When a key ends, in one of two ways. */
export type Expiry =
  | {
      /** When the key ends: an RFC 3339 time or a Date, in the future. Without either, never. */
      expireTime?: string | Date | undefined;
      expiresIn?: undefined;
    }
  | {
      /**
       * How long the key lives: a number of seconds, or an integer and one of `s m h d w`, such
       * as `"30d"`.
       */
      expiresIn?: number | string | undefined;
      expireTime?: undefined;
    };

/** What the new key is to be. */
export interface NewKeyOptions extends ConnectionOptions {
  /** The id of the user or service account that the key belongs to. */
  userId: string;
  /** What people call the key. The service says `default` when it is absent. */
  displayName?: string | undefined;
  /** Free labels, text to text. Names beginning `fireworks-keys-` are this package's own. */
  annotations?: Record<string, string> | undefined;
  /**
   * Marks the attempts of this create, so that `deleteOrphans` finds what they left. Creates may
   * share one: each tells its own keys from the others'.
   * @default 128 random bits
   */
  attemptTag?: string | undefined;
  /** Whether to mark the key and sweep up after lost answers. @default true */
  orphanProtection?: boolean | undefined;
}

/** Options of `createApiKey`. */
export type CreateApiKeyOptions = NewKeyOptions & Expiry;

/** Options of `deleteApiKey`. */
export interface DeleteApiKeyOptions extends ConnectionOptions {
  /** The id of the key's owner. */
  userId: string;
  /** Which key. */
  keyId: string;
  /** Whether it is a success that there is no such key. @default false */
  missingOk?: boolean | undefined;
}

/** Options of `deleteOrphans`. */
export interface DeleteOrphansOptions extends ConnectionOptions {
  /** The id of the user that the create was for. */
  userId: string;
  /** The create's tag, from its error or its event. */
  attemptTag: string;
  /** The id of the key that the create returned, if it did: it is kept. */
  keepKeyId?: string | undefined;
}

/** What a rotation takes, but for when the new key ends. */
export interface RotationOptions extends ConnectionOptions {
  /** The id of the key's owner. */
  userId: string;
  /** Which key: the one that your store holds now. */
  keyId: string;
  /**
   * Stores the new key; called once at most. Return or resolve to `false` if it is not stored: then it
   * is deleted. If this throws, or resolves to something whose `ok` is `false`, such as a `Response`, or takes longer than what
   * is left of `totalTimeoutMs`, nobody knows, and both keys stay. Anything else means that it is
   * stored.
   */
  persist: (created: CreatedApiKey) => unknown;
  /** Whether the new key is used before it is stored. @default true */
  verify?: boolean | undefined;
  /**
   * How many earlier generations stay alive, the rotated key first, for those who read the store
   * before; 0 after a leak. @default 1
   */
  keep?: number | undefined;
  /**
   * What to do where the key has successors already, from a crash, say. `error`: nothing, but list
   * them. `delete`: rotate, and delete those that are at least 15 minutes older than the new key once
   * it is stored; younger ones are a conflict.
   * @default "error"
   */
  onUnfinished?: "error" | "delete" | undefined;
}

/**
 * Options of `rotateApiKey`. Where this call gives neither `expireTime` nor `expiresIn`, the new key
 * lives as long as its predecessor was given; what a client's defaults say is for keys that are new.
 */
export type RotateApiKeyOptions = RotationOptions & Expiry;

/** A rotation that is done. */
export interface Rotation {
  /** The new key, as it was handed to `persist`. */
  created: CreatedApiKey;
  /** The ids of the keys that were deleted. */
  revoked: string[];
  /** What should have been deleted as well; the next rotation tries again, up to 100 of them. */
  pending: PendingRevocation[];
}

/** A key that could not be revoked. */
export interface PendingRevocation {
  keyId: string;
  /** Why. */
  error: FireworksKeysError;
}

/** What every list takes. */
export interface ListOptions extends ConnectionOptions {
  /** How many items a page may hold. */
  pageSize?: number | undefined;
  /** Where to go on: the `nextPageToken` of an earlier page. */
  pageToken?: string | undefined;
  /** Which items, as a filter of AIP-160. */
  filter?: string | undefined;
  /** In which order: field names, each with an optional ` desc`. */
  orderBy?: string | undefined;
  /** Which fields. */
  readMask?: string | undefined;
}

/** Options of `listApiKeys`. */
export interface ListApiKeysOptions extends ListOptions {
  /** The id of the keys' owner; `-` for everybody's, where the token may see them. */
  userId: string;
}

/** Options of `listUsers`. */
export interface ListUsersOptions extends ListOptions {
  /** Not used; a client's default may hold it. */
  userId?: string | undefined;
}

/** Options of `auditApiKeys`. */
export interface AuditApiKeysOptions extends ConnectionOptions {
  /** The id of the keys' owner; `-` for everybody's, where the token may see them. */
  userId: string;
  /**
   * How long a key may go unused before it is stale: a number of seconds, or an integer and one of
   * `s m h d w`. @default "90d"
   */
  staleAfter?: number | string | undefined;
  /** How long before its end a key is expiring soon, as `staleAfter`. @default "14d" */
  expiringWithin?: number | string | undefined;
  /** How many keys a page may hold: more pages, each of them smaller. */
  pageSize?: number | undefined;
  /** Which keys, as a filter of AIP-160. */
  filter?: string | undefined;
}

/** Why a key is a risk. Times are as the service wrote them, RFC 3339. */
export type Finding =
  | {
      /** It has no end. */
      type: "never-expires";
    }
  | {
      /** It has ended, and is still listed. */
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
      /** It was not used for `staleAfter`; where it never was, not since it was created. */
      type: "stale";
      since: string;
    }
  | {
      /** Fireworks knows its plaintext. */
      type: "plaintext-known";
    }
  | {
      /** A time of it cannot be read, so that nothing is known of it. */
      type: "unreadable-time";
      field: "createTime" | "expireTime" | "lastUsed";
    }
  | {
      /** Another key was made by the same create: at the most one of them is held by anybody. */
      type: "shared-attempt";
      attemptTag: string;
      keyIds: string[];
    };

/** A key, and why it is a risk. */
export interface AuditedKey {
  /** The key as the service describes it. */
  key: ApiKey;
  /** Nothing, where it is none. */
  findings: Finding[];
}

/** What an audit found. */
export interface Audit {
  /** Every key, the oldest first. */
  keys: AuditedKey[];
  /** How many keys each finding is about. */
  counts: Record<Finding["type"], number>;
}

/** What a client may be given once: everything but what belongs to one call. */
export type ClientOptions = Partial<
  Omit<CreateApiKeyOptions, "expireTime" | "expiresIn" | "attemptTag"> &
    Omit<ListApiKeysOptions, "pageToken"> &
    AuditApiKeysOptions &
    Omit<RotationOptions, "keyId"> &
    Pick<DeleteApiKeyOptions, "missingOk">
> &
  Expiry;

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

/** One page of keys. */
export interface ApiKeyPage {
  /** The keys. */
  apiKeys?: ApiKey[];
  /** Where the next page starts; empty or absent on the last. */
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
  /** Where the next page starts; empty or absent on the last. */
  nextPageToken?: string;
  /** How many users there are in all. */
  totalSize?: number;
  [field: string]: unknown;
}

/** What tells the errors of this package apart: `VALIDATION` and so on, or the API's own name. */
export type ErrorCode =
  | "VALIDATION"
  | "CONNECTION"
  | "TIMEOUT"
  | "INVALID_RESPONSE"
  | "ROTATION"
  | "MODULE_LOAD"
  | GrpcCode;
