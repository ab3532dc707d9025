// The public functions. Each one passes its options to the module unchecked.

import { ValidationError } from "./errors.js";
import type { Audit } from "./finding.js";
import { List } from "./list.js";
import { call, type Given, load, surplus } from "./module.js";
import { PATIENCE } from "./patience.js";
import { rehearse, TAG } from "./rehearsal.js";
import { snapshot } from "./snapshot.js";
import { isSource, SOURCES } from "./source.js";
import { randomTag } from "./tag.js";
import type {
  Account,
  AccountPage,
  ApiKey,
  ApiKeyPage,
  AuditApiKeysOptions,
  ClientOptions,
  CreateApiKeyOptions,
  CreatedApiKey,
  DeleteApiKeyOptions,
  DeleteOrphansOptions,
  InitOptions,
  ListAccountsOptions,
  ListApiKeysOptions,
  ListUsersOptions,
  OneExpiry,
  OpenExpiry,
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
export type * from "./finding.js";
export type { List } from "./list.js";
export type * from "./types.js";

/**
 * Loads the module and warms it up, so that the first call is as quick as the second: a create and a sweep go
 * through it, over a service in memory. Nothing is sent, and no call waits for this, so it may stand at a
 * Worker's module scope. You need it only if the module must come from somewhere else: then pass
 * `fireworks-keys/fireworks_keys.wasm`, compiled or as bytes, before the first call.
 */
export function init(options?: InitOptions): Promise<void>;
export async function init(...given: unknown[]): Promise<void> {
  if (given.length > 1) throw surplus("init");
  const module = moduleOf(given[0]);
  await load("init", PATIENCE, module === undefined ? undefined : () => module);
  await warmUp();
}

/** Whether the module was warmed up. */
let warm = false;

/** Goes once through what most calls go through, so that engines have compiled it. */
async function warmUp(): Promise<void> {
  if (warm) return;
  warm = true;
  // No timer is set, and nothing random is drawn: a Worker's module scope has neither.
  const options = {
    token: "fw",
    accountId: "a",
    userId: "u",
    timeoutMs: Infinity,
    totalTimeoutMs: Infinity,
    fetch: rehearse,
  };
  const key = { ...options, displayName: "n", expiresIn: "1d", annotations: { n: "v" } };
  const draw = (): string => TAG;
  // A module that fails here is replaced, as by any call, and whoever needs it next is told why.
  await Promise.allSettled([
    create([key], undefined, draw),
    removeOrphans([{ ...options, attemptTag: TAG }], undefined),
  ]);
}

function moduleOf(options: unknown): InitOptions["module"] {
  const wrong = (path: string, expected: string, cause?: unknown): ValidationError =>
    new ValidationError(path, expected, { operation: "init", attempts: 0, cause });
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) throw wrong("options", "must be an object");
  try {
    const { module, ...others } = options as InitOptions;
    const [other] = Object.keys(others);
    if (other !== undefined) throw wrong(other, "is not an option; did you mean module?");
    if (module === undefined || isSource(module)) return module;
    throw wrong("module", `${SOURCES}, or a promise of one of these`);
  } catch (cause) {
    if (cause instanceof ValidationError) throw cause;
    throw wrong("module", "could not be read: a getter or a proxy threw", cause);
  }
}

/**
 * Creates an API key and resolves to it as the service describes it. The secret, `key`, is only in this
 * answer.
 *
 * If an answer is lost, the create is retried. The lost attempt may have left a key: it is found by a
 * tag among its annotations and deleted before this promise settles. If that is not possible, the
 * error's `orphans` is `"unknown"`, or the event `orphans-unknown` says so.
 */
export function createApiKey<Given extends OpenExpiry<CreateApiKeyOptions>>(
  options: OneExpiry<Given, CreateApiKeyOptions>,
): Promise<CreatedApiKey>;
export function createApiKey(options: CreateApiKeyOptions): Promise<CreatedApiKey>;
export function createApiKey(...given: unknown[]): Promise<CreatedApiKey> {
  return create(given, undefined);
}

/** Deletes an API key. */
export function deleteApiKey(options: DeleteApiKeyOptions): Promise<void>;
export function deleteApiKey(...given: unknown[]): Promise<void> {
  return remove(given, undefined);
}

/**
 * Deletes the keys that carry a create's attempt tag, at any time and from any process, and
 * resolves to their ids. If the create returned a key, pass its id as `keepKeyId`.
 */
export function deleteOrphans(options: DeleteOrphansOptions): Promise<string[]>;
export function deleteOrphans(...given: unknown[]): Promise<string[]> {
  return removeOrphans(given, undefined);
}

/** Lists API keys: of one user, or of everybody with `userId: "-"`. */
export function listApiKeys(options: ListApiKeysOptions): List<ApiKey, ApiKeyPage>;
export function listApiKeys(...given: unknown[]): List<ApiKey, ApiKeyPage> {
  return list("listApiKeys", given, NO_DEFAULTS, KEYS);
}

/** Lists the account's users and service accounts. */
export function listUsers(options: ListUsersOptions): List<User, UserPage>;
export function listUsers(...given: unknown[]): List<User, UserPage> {
  return list("listUsers", given, NO_DEFAULTS, USERS);
}

/** Lists the accounts that the token may see. A token is enough. */
export function listAccounts(options: ListAccountsOptions): List<Account, AccountPage>;
export function listAccounts(...given: unknown[]): List<Account, AccountPage> {
  return list("listAccounts", given, NO_DEFAULTS, ACCOUNTS);
}

/**
 * Checks every key, of one user or of everybody with `userId: "-"`, for risks: for example, that it never
 * expires or that nobody uses it. An audit changes nothing.
 */
export function auditApiKeys(options: AuditApiKeysOptions): Promise<Audit>;
export function auditApiKeys(...given: unknown[]): Promise<Audit> {
  return audit(given, undefined);
}

/**
 * Replaces an API key without downtime: creates its successor, tries it, calls `persist` so that you store
 * it, and only then deletes the keys that are more than `keep` generations old. Wherever the rotation ends,
 * the key in your store works; run it again to finish. Two rotations of one key at the same time notice
 * each other. With `onUnfinished: "delete"`, make sure that only one runs at a time.
 */
export function rotateApiKey<Given extends OpenExpiry<RotateApiKeyOptions>>(
  options: OneExpiry<Given, RotateApiKeyOptions>,
): Promise<Rotation>;
export function rotateApiKey(options: RotateApiKeyOptions): Promise<Rotation>;
export function rotateApiKey(...given: unknown[]): Promise<Rotation> {
  return rotate(given, undefined);
}

/** The name of a client's function that returns its defaults. A console does not show what has it. */
const DEFAULTS = Symbol("defaults");

/** The same functions, with default options that you give once. The defaults stay private. */
export class FireworksKeys<Defaults extends OpenExpiry<ClientOptions> = ClientOptions> {
  /** @internal The name that a console shows, even of minified code. */
  static readonly name = "FireworksKeys";
  // Not a private field: a client behind a proxy, as frameworks make them, could not read it.
  declare private readonly [DEFAULTS]: () => Defaults;

  /** A call's own options override these defaults. If a default is wrong, the calls that read it reject. */
  constructor(...[defaults, ...others]: [defaults: OneExpiry<Defaults, ClientOptions>]) {
    const copy = snapshot(Object(defaults)) as Defaults;
    const value = (): Defaults => {
      if (others.length > 0) throw surplus("FireworksKeys");
      return copy;
    };
    Object.defineProperty(this, DEFAULTS, { value });
  }

  /** See {@link createApiKey}. */
  create<Given extends Needed<OpenExpiry<CreateApiKeyOptions>, Defaults>>(
    options: OneExpiry<Given, CreateApiKeyOptions>,
  ): Promise<CreatedApiKey>;
  create(...given: Rest<CreateApiKeyOptions, Defaults>): Promise<CreatedApiKey>;
  async create(...given: unknown[]): Promise<CreatedApiKey> {
    return await create(given, this[DEFAULTS]());
  }

  /** See {@link deleteApiKey}. */
  async delete(...given: Rest<DeleteApiKeyOptions, Defaults>): Promise<void> {
    return await remove(given, this[DEFAULTS]());
  }

  /** See {@link deleteOrphans}. */
  async deleteOrphans(...given: Rest<DeleteOrphansOptions, Defaults>): Promise<string[]> {
    return await removeOrphans(given, this[DEFAULTS]());
  }

  /** See {@link listApiKeys}. */
  list(...given: Rest<ListApiKeysOptions, Defaults>): List<ApiKey, ApiKeyPage> {
    return list("listApiKeys", given, () => this[DEFAULTS](), KEYS);
  }

  /** See {@link auditApiKeys}. */
  async audit(...given: Rest<AuditApiKeysOptions, Defaults>): Promise<Audit> {
    return await audit(given, this[DEFAULTS]());
  }

  /** See {@link rotateApiKey}. */
  rotate<Given extends Needed<OpenExpiry<RotateApiKeyOptions>, Defaults>>(
    options: OneExpiry<Given, RotateApiKeyOptions>,
  ): Promise<Rotation>;
  rotate(...given: Rest<RotateApiKeyOptions, Defaults>): Promise<Rotation>;
  async rotate(...given: unknown[]): Promise<Rotation> {
    return await rotate(given, this[DEFAULTS]());
  }

  /** See {@link listAccounts}. */
  accounts(...given: Rest<ListAccountsOptions, Defaults>): List<Account, AccountPage> {
    return list("listAccounts", given, () => this[DEFAULTS](), ACCOUNTS);
  }

  /** See {@link listUsers}. */
  users(...given: Rest<ListUsersOptions, Defaults>): List<User, UserPage> {
    return list("listUsers", given, () => this[DEFAULTS](), USERS);
  }
}

/** The options that the defaults certainly give; any option, if their type does not say which. */
type Defaulted<Defaults> = ClientOptions extends Defaults
  ? keyof Defaults
  : { [Name in keyof Defaults]-?: undefined extends Defaults[Name] ? never : Name }[keyof Defaults];

/** The options of a client's method. Those that the defaults give are optional. */
type Needed<Options, Defaults> = Options extends unknown
  ? Omit<Options, Defaulted<Defaults>> & Partial<Pick<Options, Defaulted<Defaults> & keyof Options>>
  : never;

/** The arguments of a client's method. If the defaults give all that is required, none are needed. */
type Rest<Options, Defaults> =
  Record<never, never> extends Needed<Options, Defaults>
    ? [options?: Needed<Options, Defaults>]
    : [options: Needed<Options, Defaults>];

// A client's lists read its defaults only when they are fetched. If the method was detached from its
// client, reading them throws, and then the list must reject as the other methods do.
type DefaultsOf = () => unknown;

const NO_DEFAULTS: DefaultsOf = () => undefined;

const KEYS = ({ apiKeys }: ApiKeyPage): ApiKey[] | undefined => apiKeys;
const USERS = ({ users }: UserPage): User[] | undefined => users;
const ACCOUNTS = ({ accounts }: AccountPage): Account[] | undefined => accounts;

function create(given: Given, defaults: unknown, draw = randomTag): Promise<CreatedApiKey> {
  return call("createApiKey", given, defaults, new Watch(), draw);
}

function remove(given: Given, defaults: unknown): Promise<void> {
  return call("deleteApiKey", given, defaults);
}

function removeOrphans(given: Given, defaults: unknown): Promise<string[]> {
  return call("deleteOrphans", given, defaults);
}

function audit(given: Given, defaults: unknown): Promise<Audit> {
  return call("auditApiKeys", given, defaults);
}

function rotate(given: Given, defaults: unknown): Promise<Rotation> {
  return call("rotateApiKey", given, defaults, new Watch(), randomTag);
}

function list<Item, Page extends { nextPageToken?: string }>(
  operation: "listAccounts" | "listApiKeys" | "listUsers",
  [options, ...others]: Given,
  defaultsOf: DefaultsOf,
  itemsOf: (page: Page) => Item[] | undefined,
): List<Item, Page> {
  const given = [snapshot(options), ...others];
  return new List(
    async (pageToken, seen, surplus = []) => {
      return await call(operation, [...given, ...surplus], defaultsOf(), seen, () => pageToken);
    },
    (page) => itemsOf(page) ?? [],
  );
}
