// The public surface. Each function hands its options to the module as they are.

import { ValidationError } from "./errors.js";
import { List } from "./list.js";
import { call, load } from "./module.js";
import { PATIENCE } from "./patience.js";
import { snapshot } from "./snapshot.js";
import type {
  ApiKey,
  ApiKeyPage,
  Audit,
  AuditApiKeysOptions,
  ClientOptions,
  CreateApiKeyOptions,
  CreatedApiKey,
  DeleteApiKeyOptions,
  DeleteOrphansOptions,
  InitOptions,
  ListApiKeysOptions,
  ListUsersOptions,
  RotateApiKeyOptions,
  Rotation,
  User,
  UserPage,
} from "./types.js";
import { Watch } from "./watch.js";

export type { GrpcCode } from "./body.js";
export type { Operation, Orphans, RotationReason, RotationStage, Successor } from "./errors.js";
export {
  ApiError,
  ConnectionError,
  FireworksKeysError,
  InvalidResponseError,
  ModuleLoadError,
  RotationError,
  TimeoutError,
  ValidationError,
} from "./errors.js";
export type { FireworksKeysEvent } from "./event.js";
export type { List } from "./list.js";
export type * from "./types.js";

/**
 * Loads the module now, so that the first call does not have to. Never needed, but where the module
 * must come from somewhere else: hand over `fireworks-keys/fireworks_keys.wasm`, compiled or as
 * bytes, before the first call.
 */
export async function init(options?: InitOptions): Promise<void> {
  const module = moduleOf(options);
  await load("init", PATIENCE, module === undefined ? undefined : () => module);
}

function moduleOf(options: InitOptions | undefined): InitOptions["module"] {
  const wrong = (path: string, expected: string, cause?: unknown): ValidationError =>
    new ValidationError(path, expected, { operation: "init", attempts: 0, cause });
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) throw wrong("options", "must be an object");
  try {
    const { module, ...others } = options;
    const [other] = Object.keys(others);
    if (other === undefined) return module;
    throw wrong(other, "is not an option; did you mean module?");
  } catch (cause) {
    if (cause instanceof ValidationError) throw cause;
    throw wrong("module", "could not be read: a getter or a proxy threw", cause);
  }
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
  return keys(options, NO_DEFAULTS);
}

/** Lists the account's users and service accounts. */
export function listUsers(options: ListUsersOptions): List<User, UserPage> {
  return users(options, NO_DEFAULTS);
}

/**
 * Looks at every key, of one user or of everybody with `userId: "-"`, for what makes it a risk: that
 * it never expires, that nobody uses it. Reads only.
 */
export function auditApiKeys(options: AuditApiKeysOptions): Promise<Audit> {
  return audit(options, undefined);
}

/**
 * Replaces an API key without downtime: creates its successor, tries it, has you store it with
 * `persist`, and only then deletes what is older than `keep` generations. Wherever it ends, what your
 * store holds works; run it again to finish. Two rotations of one key at a time notice each other;
 * with `onUnfinished: "delete"` see to it that there is one.
 */
export function rotateApiKey(options: RotateApiKeyOptions): Promise<Rotation> {
  return rotate(options, undefined);
}

/** The same functions, with options that need not be repeated. The defaults stay private. */
export class FireworksKeys<Defaults extends ClientOptions = ClientOptions> {
  /** @internal What a console calls it, minified or not. */
  static readonly name = "FireworksKeys";
  readonly #defaults: Defaults;

  /** What a call gives comes before what is given here. Wrong defaults are each call's error. */
  constructor(defaults: Defaults & Known<Defaults>) {
    this.#defaults = snapshot(Object(defaults)) as Defaults;
  }

  /** See {@link createApiKey}. */
  async create(...[options]: Rest<CreateApiKeyOptions, Defaults>): Promise<CreatedApiKey> {
    return create(options, this.#defaults);
  }

  /** See {@link deleteApiKey}. */
  async delete(...[options]: Rest<DeleteApiKeyOptions, Defaults>): Promise<void> {
    return remove(options, this.#defaults);
  }

  /** See {@link deleteOrphans}. */
  async deleteOrphans(...[options]: Rest<DeleteOrphansOptions, Defaults>): Promise<string[]> {
    return removeOrphans(options, this.#defaults);
  }

  /** See {@link listApiKeys}. */
  list(...[options]: Rest<ListApiKeysOptions, Defaults>): List<ApiKey, ApiKeyPage> {
    return keys(options, () => this.#defaults);
  }

  /** See {@link auditApiKeys}. */
  async audit(...[options]: Rest<AuditApiKeysOptions, Defaults>): Promise<Audit> {
    return audit(options, this.#defaults);
  }

  /** See {@link rotateApiKey}. */
  async rotate(...[options]: Rest<RotateApiKeyOptions, Defaults>): Promise<Rotation> {
    return rotate(options, this.#defaults);
  }

  /** See {@link listUsers}. */
  users(...[options]: Rest<ListUsersOptions, Defaults>): List<User, UserPage> {
    return users(options, () => this.#defaults);
  }
}

/** No option that nobody knows. */
type Known<Defaults> = { [Name in Exclude<keyof Defaults, keyof ClientOptions>]: never };

/** The options that the defaults are sure to give. Where their type says nothing, any option may be among them. */
type Given<Defaults> = ClientOptions extends Defaults
  ? keyof Defaults
  : { [Name in keyof Defaults]-?: undefined extends Defaults[Name] ? never : Name }[keyof Defaults];

/** What a client's method still takes: what the defaults give has become optional. */
type Needed<Options, Defaults> = Options extends unknown
  ? Omit<Options, Given<Defaults>> & Partial<Pick<Options, Given<Defaults> & keyof Options>>
  : never;

/** A client's method's arguments: none are needed where the defaults say it all. */
type Rest<Options, Defaults> =
  Record<never, never> extends Needed<Options, Defaults>
    ? [options?: Needed<Options, Defaults>]
    : [options: Needed<Options, Defaults>];

// A client's lists ask for its defaults when they are fetched: a method that was taken off its client
// has none, and must reject like the others.
type DefaultsOf = () => unknown;

const NO_DEFAULTS: DefaultsOf = () => undefined;

function create(options: unknown, defaults: unknown): Promise<CreatedApiKey> {
  const watch = new Watch();
  return call(
    "createApiKey",
    options,
    defaults,
    (module, options, waitedMs) => module.createApiKey(options, defaults, watch, waitedMs),
    watch,
  );
}

function remove(options: unknown, defaults: unknown): Promise<void> {
  return call("deleteApiKey", options, defaults, (module, options, waitedMs) =>
    module.deleteApiKey(options, defaults, waitedMs),
  );
}

function removeOrphans(options: unknown, defaults: unknown): Promise<string[]> {
  return call("deleteOrphans", options, defaults, (module, options, waitedMs) =>
    module.deleteOrphans(options, defaults, waitedMs),
  );
}

function audit(options: unknown, defaults: unknown): Promise<Audit> {
  return call("auditApiKeys", options, defaults, (module, options, waitedMs) =>
    module.auditApiKeys(options, defaults, waitedMs),
  );
}

function rotate(options: unknown, defaults: unknown): Promise<Rotation> {
  const watch = new Watch();
  return call(
    "rotateApiKey",
    options,
    defaults,
    (module, options, waitedMs) => module.rotateApiKey(options, defaults, watch, waitedMs),
    watch,
  );
}

function keys(given: unknown, defaultsOf: DefaultsOf): List<ApiKey, ApiKeyPage> {
  const options = snapshot(given);
  return new List(
    async (pageToken, seen) => {
      const defaults = defaultsOf();
      return call("listApiKeys", options, defaults, (module, options, waitedMs) =>
        module.listApiKeys(options, defaults, pageToken, seen, waitedMs),
      );
    },
    (page) => page.apiKeys ?? [],
  );
}

function users(given: unknown, defaultsOf: DefaultsOf): List<User, UserPage> {
  const options = snapshot(given);
  return new List(
    async (pageToken, seen) => {
      const defaults = defaultsOf();
      return call("listUsers", options, defaults, (module, options, waitedMs) =>
        module.listUsers(options, defaults, pageToken, seen, waitedMs),
      );
    },
    (page) => page.users ?? [],
  );
}
