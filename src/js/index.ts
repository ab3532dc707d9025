// The public surface. Each function hands its options to the module as they are.

import { List } from "./list.js";
import { call, load, provide } from "./module.js";
import type {
  ApiKey,
  ApiKeyPage,
  ClientOptions,
  CreateApiKeyOptions,
  CreatedApiKey,
  DeleteApiKeyOptions,
  DeleteOrphansOptions,
  InitOptions,
  ListApiKeysOptions,
  ListUsersOptions,
  User,
  UserPage,
} from "./types.js";

export type * from "./types.js";
export type { GrpcCode } from "./body.js";
export type { Operation, Orphans } from "./errors.js";
export type { List } from "./list.js";
export {
  ApiError,
  ConnectionError,
  FireworksKeysError,
  InvalidResponseError,
  ModuleLoadError,
  TimeoutError,
  ValidationError,
} from "./errors.js";

/**
 * Loads the module now, so that the first call does not have to. Never needed, but where the module
 * must come from somewhere else: hand over `fireworks-keys/fireworks_keys.wasm`, compiled or as
 * bytes, before the first call.
 */
export async function init(options?: InitOptions): Promise<void> {
  const module = options?.module;
  if (module !== undefined) provide(() => module);
  await load("init");
}

/**
 * Creates an API key and resolves to it as the service describes it. Its secret, `key`, is in this
 * answer and nowhere else.
 *
 * A create whose answer is lost is tried again; the key that the lost attempt may have left is
 * found by a tag among its annotations and deleted before this settles. Where that cannot be done,
 * the error's `orphans` is `"unknown"`, or the event `orphans-unknown` says so.
 */
export function createApiKey(options: CreateApiKeyOptions): Promise<CreatedApiKey> {
  return create(options, undefined);
}

/** Deletes an API key. */
export function deleteApiKey(options: DeleteApiKeyOptions): Promise<void> {
  return remove(options, undefined);
}

/**
 * Deletes the keys that carry a create's attempt tag, at any time and from any process, and
 * resolves to their ids. Name the key that the create returned, if it did, as `keepKeyId`.
 */
export function deleteOrphans(options: DeleteOrphansOptions): Promise<string[]> {
  return removeOrphans(options, undefined);
}

/** Lists API keys: of one user, or of everybody with `userId: "-"`. */
export function listApiKeys(options: ListApiKeysOptions): List<ApiKey, ApiKeyPage> {
  return keys(options, undefined);
}

/** Lists the account's users and service accounts. */
export function listUsers(options: ListUsersOptions): List<User, UserPage> {
  return users(options, undefined);
}

/** The same functions, with options that need not be repeated. The defaults stay private. */
export class FireworksKeys<Defaults extends ClientOptions = ClientOptions> {
  readonly #defaults: Defaults;

  /** What a call gives comes before what is given here. Wrong defaults are each call's error. */
  constructor(defaults: Defaults & Known<Defaults>) {
    this.#defaults = Object(defaults) as Defaults;
  }

  /** See {@link createApiKey}. */
  create(...[options]: Rest<CreateApiKeyOptions, Defaults>): Promise<CreatedApiKey> {
    return create(options, this.#defaults);
  }

  /** See {@link deleteApiKey}. */
  delete(...[options]: Rest<DeleteApiKeyOptions, Defaults>): Promise<void> {
    return remove(options, this.#defaults);
  }

  /** See {@link deleteOrphans}. */
  deleteOrphans(...[options]: Rest<DeleteOrphansOptions, Defaults>): Promise<string[]> {
    return removeOrphans(options, this.#defaults);
  }

  /** See {@link listApiKeys}. */
  list(...[options]: Rest<ListApiKeysOptions, Defaults>): List<ApiKey, ApiKeyPage> {
    return keys(options, this.#defaults);
  }

  /** See {@link listUsers}. */
  users(...[options]: Rest<ListUsersOptions, Defaults>): List<User, UserPage> {
    return users(options, this.#defaults);
  }
}

/** No option that nobody knows. */
type Known<Defaults> = { [Name in Exclude<keyof Defaults, keyof ClientOptions>]: never };

/** What a client's method still takes: the defaults' options have become optional. */
type Needed<Options, Defaults> = Options extends unknown
  ? Omit<Options, keyof Defaults> & Partial<Pick<Options, keyof Defaults & keyof Options>>
  : never;

/** A client's method's arguments: none are needed where the defaults say it all. */
type Rest<Options, Defaults> =
  Record<never, never> extends Needed<Options, Defaults>
    ? [options?: Needed<Options, Defaults>]
    : [options: Needed<Options, Defaults>];

function create(options: unknown, defaults: unknown): Promise<CreatedApiKey> {
  return call("createApiKey", (module) => module.createApiKey(options, defaults));
}

function remove(options: unknown, defaults: unknown): Promise<void> {
  return call("deleteApiKey", (module) => module.deleteApiKey(options, defaults));
}

function removeOrphans(options: unknown, defaults: unknown): Promise<string[]> {
  return call("deleteOrphans", (module) => module.deleteOrphans(options, defaults));
}

function keys(options: unknown, defaults: unknown): List<ApiKey, ApiKeyPage> {
  return new List(
    (pageToken, seen) =>
      call("listApiKeys", (module) => module.listApiKeys(options, defaults, pageToken, seen)),
    (page) => page.apiKeys ?? [],
  );
}

function users(options: unknown, defaults: unknown): List<User, UserPage> {
  return new List(
    (pageToken, seen) =>
      call("listUsers", (module) => module.listUsers(options, defaults, pageToken, seen)),
    (page) => page.users ?? [],
  );
}
