// Reads a broker's configuration. What is wrong with the broker's own options throws when it is made: there
// is no configuration that lets everyone in. The connection's are checked by the module at the first call.

import { type ConnectionOptions, ValidationError } from "fireworks-keys";
import { isHeaderName } from "../host.js";
import { redactText } from "../redact.js";
import { notify } from "../settle.js";
import { type Duration, milliseconds } from "./duration.js";
import type { Ledger, Limits } from "./ledger.js";
import { Members } from "./member.js";

/** Options of `createKeyBroker`. */
export interface KeyBrokerOptions extends Omit<ConnectionOptions, "signal" | "waitUntil"> {
  /**
   * The service account that the keys belong to: one of the broker's own, with the role
   * `inference-user`, as keys carry no scope.
   */
  userId: string;
  /**
   * Says who asks: the member's id, or nothing where that is not known. It must not read the request's
   * body. If it throws, or takes longer than ten seconds, the answer is 503.
   */
  authenticate: (request: Request) => MaybeMember | Promise<MaybeMember>;
  /**
   * What members' ids are hashed with, at least 32 characters. It is not the token: another one makes
   * everybody a new member.
   */
  memberSecret: string;
  /** How long keys live: what a member may ask for is moved into these bounds. */
  lifetime?: {
    /** @default "1m" */
    min?: Duration | undefined;
    /** @default "1h" */
    max?: Duration | undefined;
    /** Where nothing is asked for. @default "5m" */
    default?: Duration | undefined;
  };
  /** What one member may do. */
  limits?: {
    /** How many keys are minted within a window. @default 30 */
    mints?: number | undefined;
    /** @default "1h" */
    window?: Duration | undefined;
    /** How many keys live at a time. @default 5 */
    live?: number | undefined;
  };
  /** The origins of the pages that may ask, such as `https://app.example.com`. */
  allowedOrigins: readonly string[];
  /** Whether these pages may send cookies. @default false */
  allowCredentials?: boolean | undefined;
  /** Headers that these pages may send beside `authorization` and `content-type`. */
  allowedHeaders?: readonly string[] | undefined;
  /** Where the broker's paths begin, such as `/api`. @default "" */
  basePath?: string | undefined;
  /** Says who holds which key. */
  ledger: Ledger;
  /** What the keys are called. @default "brokered" */
  displayName?: string | undefined;
  /**
   * Is told what went wrong behind an answer of 500 and above, as nothing of it stands there.
   * @default its name and message on the console, without what looks like a secret
   */
  onError?: ((error: unknown) => unknown) | undefined;
}

/** A member's id, or what says that there is none. */
export type MaybeMember = string | undefined | null | false;

/** @internal A configuration that was checked. */
export interface Settings {
  /** What every call of the module is given. */
  connection: ConnectionOptions & { userId: string };
  authenticate: KeyBrokerOptions["authenticate"];
  members: Members;
  lifetime: { min: number; max: number; default: number };
  limits: Limits;
  allowedOrigins: ReadonlySet<string>;
  allowCredentials: boolean;
  allowedHeaders: readonly string[];
  basePath: string;
  ledger: Ledger;
  displayName: string;
  onError: (error: unknown) => void;
}

/** Shorter ones can be guessed. */
const SHORTEST_SECRET = 32;

/** How long a mint takes at the most, its retries included: a member waits for it. */
const MINT_MS = 30_000;

/** @internal Reads and checks a configuration; the first that is wrong is the error. */
export function read(options: KeyBrokerOptions): Settings {
  if (typeof options !== "object" || options === null) throw wrong("options", "must be an object");
  const {
    authenticate,
    memberSecret,
    lifetime = {},
    limits = {},
    allowedOrigins,
    allowCredentials = false,
    allowedHeaders = [],
    basePath = "",
    ledger,
    displayName = "brokered",
    onError = log,
    token,
    accountId,
    userId,
    baseUrl,
    allowHttp,
    fetch,
    headers,
    timeoutMs,
    totalTimeoutMs = MINT_MS,
    maxRetries,
    onEvent,
    ...others
  } = options;
  none(others, "");
  check(typeof authenticate === "function", "authenticate", "is required: a function that says who asks");
  check(
    typeof token === "function" || isText(token),
    "token",
    "is required: a key, or a function that returns one",
  );
  check(isId(accountId), "accountId", "is required: the bare id, without a slash");
  check(isId(userId), "userId", "is required: the bare id of one service account");
  check(
    typeof memberSecret === "string" && memberSecret.length >= SHORTEST_SECRET,
    "memberSecret",
    `is required: at least ${SHORTEST_SECRET} characters`,
  );
  check(memberSecret !== token, "memberSecret", "must not be the token, which is rotated");
  check(
    typeof ledger === "object" &&
      ledger !== null &&
      CALLS.every((name) => typeof ledger[name] === "function"),
    "ledger",
    "is required: durableLedger(…), memoryLedger() or one of your own",
  );
  check(typeof allowCredentials === "boolean", "allowCredentials", "must be true or false");
  check(
    Array.isArray(allowedHeaders) && allowedHeaders.every((name) => isText(name) && isHeaderName(name)),
    "allowedHeaders",
    "must be a list of headers' names",
  );
  check(
    typeof basePath === "string" && /^(\/[\w.~-]+)*$/.test(basePath),
    "basePath",
    "must be empty, or a path such as /api, without a slash at its end",
  );
  check(typeof displayName === "string", "displayName", "must be a string");
  check(typeof onError === "function", "onError", "must be a function");
  check(
    typeof totalTimeoutMs === "number" && totalTimeoutMs > 0 && Number.isFinite(totalTimeoutMs),
    "totalTimeoutMs",
    "must be a positive number of milliseconds",
  );
  return {
    connection: {
      token,
      accountId,
      userId,
      baseUrl,
      allowHttp,
      fetch,
      headers,
      timeoutMs,
      totalTimeoutMs,
      maxRetries,
      onEvent,
    },
    authenticate,
    members: new Members(memberSecret),
    lifetime: lifetimeOf(lifetime),
    limits: limitsOf(limits),
    allowedOrigins: originsOf(allowedOrigins),
    allowCredentials,
    allowedHeaders,
    basePath,
    ledger,
    displayName,
    // The operator's own; the member is answered all the same.
    onError: (error) => notify(onError, error),
  };
}

/** Fireworks' console offers no longer ones. */
const LONGEST_LIFE_MS = 52 * 7 * 86_400_000;

const CALLS = ["reserve", "settle", "release", "revoke", "standings"] as const;

function lifetimeOf(lifetime: NonNullable<KeyBrokerOptions["lifetime"]>): Settings["lifetime"] {
  const { min = "1m", max = "1h", default: usual, ...others } = record(lifetime, "lifetime");
  none(others, "lifetime.");
  const bounds = { min: duration(min, "lifetime.min"), max: duration(max, "lifetime.max") };
  check(bounds.max <= LONGEST_LIFE_MS, "lifetime.max", "must not be more than 52w");
  check(bounds.min <= bounds.max, "lifetime.max", "must not be less than lifetime.min");
  if (usual === undefined) {
    return { ...bounds, default: Math.min(Math.max(300_000, bounds.min), bounds.max) };
  }
  const wanted = duration(usual, "lifetime.default");
  check(
    bounds.min <= wanted && wanted <= bounds.max,
    "lifetime.default",
    "must lie between lifetime.min and lifetime.max",
  );
  return { ...bounds, default: wanted };
}

function limitsOf(limits: NonNullable<KeyBrokerOptions["limits"]>): Limits {
  const { mints = 30, window = "1h", live = 5, ...others } = record(limits, "limits");
  none(others, "limits.");
  check(isCount(mints), "limits.mints", "must be a positive integer");
  check(isCount(live), "limits.live", "must be a positive integer");
  return { mints, windowMs: duration(window, "limits.window"), live };
}

function originsOf(origins: readonly string[]): ReadonlySet<string> {
  check(Array.isArray(origins), "allowedOrigins", "is required: a list of origins");
  origins.forEach((origin, index) => {
    check(
      isOrigin(origin),
      `allowedOrigins.${index}`,
      "must be an origin, such as https://app.example.com: no *, no path, no slash at its end",
    );
  });
  return new Set(origins);
}

function isOrigin(text: unknown): boolean {
  try {
    const { origin } = new URL(text as string);
    return origin === text && origin !== "null" && !origin.includes("*");
  } catch {
    return false;
  }
}

function duration(value: unknown, path: string): number {
  const ms = milliseconds(value);
  if (ms !== undefined) return ms;
  throw wrong(path, "must be a positive number of seconds, or an integer and one of s m h d w, such as 5m");
}

function record<Value extends object>(value: Value, path: string): Value {
  check(typeof value === "object" && value !== null, path, "must be an object");
  return value;
}

/** A name that nobody knows is an error: a typo must not leave a limit out. */
function none(others: object, path: string): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw wrong(`${path}${name}`, "is not an option");
}

/** An id by the rule of the module (`check_id` in src/options/reader.rs), which is not loaded yet. */
function isId(value: unknown): boolean {
  return isText(value) && value.isWellFormed() && !value.includes("/") && !["-", ".", ".."].includes(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function check(holds: boolean, path: string, expected: string): asserts holds {
  if (!holds) throw wrong(path, expected);
}

function wrong(path: string, expected: string): ValidationError {
  return new ValidationError(path, expected, { operation: "createKeyBroker", attempts: 0 });
}

/** What looks like a signed token, or comes after the word that announces one. */
const TOKENS = /\beyJ[\w-]+(\.[\w-]*)*|\b(bearer|basic)\s+\S+/gi;

/**
 * Name and message alone, and without what looks like a secret: an error of somebody else's may carry
 * anything.
 */
function log(error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(typeof error);
  console.error(`key broker: ${name}: ${redactText(message, []).replace(TOKENS, "[redacted]")}`);
}
