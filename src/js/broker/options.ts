// Reads a broker's configuration. If one of the broker's own options is wrong, this throws; no configuration
// lets everyone in. The module checks the connection's options at the first call.

import { type ConnectionOptions, ValidationError } from "fireworks-keys";
import { isHeaderName } from "../options.js";
import { notify } from "../settle.js";
import { ServiceClock } from "./clock.js";
import { type Duration, milliseconds } from "./duration.js";
import type { Ledger, Limits } from "./ledger.js";
import { log } from "./log.js";
import { Members } from "./member.js";
import { Pause } from "./pause.js";

/** Options of `createKeyBroker`. */
export interface KeyBrokerOptions extends Omit<ConnectionOptions, "signal" | "waitUntil"> {
  /**
   * The id of the service account that the keys belong to. It should be used by the broker alone and have the
   * role `inference-user`, because keys carry no scope.
   */
  userId: string;
  /**
   * Returns the id of the member who asks, or nothing if that is unknown. It must not read the request's
   * body. If it throws, or takes longer than ten seconds, the answer is 503.
   */
  authenticate: (request: Request) => MaybeMember | Promise<MaybeMember>;
  /**
   * The secret that members' ids are hashed with, at least 32 characters. It must not be the token. To change
   * it, give a list with the new one first: the first is used for mints, and all recognise keys. With another
   * first secret, every member's limits start anew.
   */
  memberSecret: string | readonly string[];
  /** How long keys live. A lifetime that a member asks for is moved into these bounds. */
  lifetime?: {
    /** @default "1m" */
    min?: Duration | undefined;
    /** @default "1h" */
    max?: Duration | undefined;
    /** The lifetime if the member asks for none. @default "5m" */
    default?: Duration | undefined;
  };
  /** What one member may do. */
  limits?: {
    /** How many keys a member may mint within a window. @default 30 */
    mints?: number | undefined;
    /** @default "1h" */
    window?: Duration | undefined;
    /** How many keys of a member may be alive at a time. @default 5 */
    live?: number | undefined;
  };
  /** The origins of the pages that may ask for keys, such as `https://app.example.com`. */
  allowedOrigins: readonly string[];
  /** Whether these pages may send cookies. @default false */
  allowCredentials?: boolean | undefined;
  /** Headers that these pages may send in addition to `authorization` and `content-type`. */
  allowedHeaders?: readonly string[] | undefined;
  /** Where the broker's paths begin, such as `/api`. @default "" */
  basePath?: string | undefined;
  /** Remembers who holds which key. */
  ledger: Ledger;
  /** What the keys are called. @default "brokered" */
  displayName?: string | undefined;
  /**
   * Called with the error behind an answer with a status of 500 or above. The answer does not contain it.
   * @default its name and message in one line on the console, without what looks like a secret or an id
   */
  onError?: ((error: unknown) => unknown) | undefined;
}

/** A member's id, or a value that says that there is none. */
export type MaybeMember = string | undefined | null | false;

/** @internal A checked configuration. */
export interface Settings {
  /** The options for every call to the module. */
  connection: ConnectionOptions & { userId: string };
  authenticate: KeyBrokerOptions["authenticate"];
  members: Members;
  lifetime: { min: number; max: number; default: number };
  limits: Limits;
  /** What this process knows of the service. */
  clock: ServiceClock;
  pause: Pause;
  /** Where the last `reconcile` of this process has stopped. */
  cursor: string | undefined;
  allowedOrigins: ReadonlySet<string>;
  allowCredentials: boolean;
  allowedHeaders: readonly string[];
  basePath: string;
  ledger: Ledger;
  displayName: string;
  onError: (error: unknown) => void;
}

/** A shorter secret could be guessed. */
const SHORTEST_SECRET = 32;

/** How long a mint may take, including its retries. It is short because a member waits for it. */
const MINT_MS = 30_000;

/** @internal Reads and checks a configuration. The first wrong option is the error. */
export function read(options: KeyBrokerOptions, ...surplus: unknown[]): Settings {
  check(surplus.length === 0, "arguments", "must be one object that holds all options");
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
    members: new Members(secretsOf(memberSecret, token)),
    lifetime: lifetimeOf(lifetime),
    limits: limitsOf(limits),
    clock: new ServiceClock(),
    pause: new Pause(totalTimeoutMs),
    cursor: undefined,
    allowedOrigins: originsOf(allowedOrigins),
    allowCredentials,
    allowedHeaders,
    basePath,
    ledger,
    displayName,
    // The operator's function may throw; the member still gets an answer.
    onError: (error) => notify(onError, error),
  };
}

/** The longest lifetime that Fireworks' console offers. */
const LONGEST_LIFE_MS = 52 * 7 * 86_400_000;

/** How many requests may be sent for each mint that a member may ask for. */
const REQUESTS = 4;

const CALLS = ["reserve", "draw", "settle", "release", "revoke", "standings"] as const;

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
  return { mints, windowMs: duration(window, "limits.window"), live, requests: mints * REQUESTS };
}

function secretsOf(given: KeyBrokerOptions["memberSecret"], token: unknown): readonly string[] {
  const secrets: readonly unknown[] = Array.isArray(given) ? given : [given];
  check(secrets.length > 0, "memberSecret", "must hold a secret");
  return secrets.map((secret, index) => {
    const path = Array.isArray(given) ? `memberSecret.${index}` : "memberSecret";
    const isLong = typeof secret === "string" && secret.length >= SHORTEST_SECRET;
    check(isLong, path, `is required: at least ${SHORTEST_SECRET} characters`);
    check(secret !== token, path, "must not be the token, which is rotated");
    return secret;
  });
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

/** Refuses unknown names, so that a typo cannot leave out a limit. */
function none(others: object, path: string): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw wrong(`${path}${name}`, "is not an option");
}

/** Checks an id as the module does (`check_id` in src/options/reader.rs), which is not loaded yet. */
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
