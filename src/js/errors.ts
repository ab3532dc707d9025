// The errors that a caller can catch. Their messages and fields never hold a token or a key.

import { nextOf, type RotationReason, type RotationStage } from "./advice.js";
import type { Answer } from "./answer.js";
import { explain, type GrpcCode, grpcCode } from "./body.js";
import { cut, hideLong } from "./bounds.js";
import { pageAddress } from "./platform.js";
import {
  NO_SECRETS,
  redactBody,
  redactCause,
  redactIds,
  redactText,
  type Secrets,
  secretsOf,
} from "./redact.js";

export type { RotationReason, RotationStage } from "./advice.js";

/** Every operation that can fail. */
export type Operation =
  | "FireworksKeys"
  | "auditApiKeys"
  | "createApiKey"
  | "createKeyBroker"
  | "deleteApiKey"
  | "deleteOrphans"
  | "init"
  | "listAccounts"
  | "listApiKeys"
  | "listUsers"
  | "reconcile"
  | "rotateApiKey";

/**
 * What a failed create knows about orphans, the keys whose secret nobody received. `none`: there are none.
 * `swept`: each lost attempt is accounted for, and its key is deleted. `unaccounted`: fewer keys were found
 * and deleted than there may be; the others were never made, or come later. `unknown`: nobody could look.
 */
export type Orphans = "none" | "swept" | "unaccounted" | "unknown";

/** The longest message. */
const LONGEST_MESSAGE = 1_200;

/** The longest path, and the longest reason, that a message repeats. */
const LONGEST_PATH = 100;
const LONGEST_REASON = 500;

/** What all errors of this package have. Long fields are not enumerable: consoles do not print them. */
abstract class Base extends Error {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name: string = "FireworksKeysError";
  /** A stable name for what went wrong, to tell errors apart by. */
  abstract readonly code: string;
  /** The function that was called. */
  readonly operation: Operation;
  /**
   * How often the request was sent; the requests of a create's sweep do not count. For an operation with
   * several requests, such as a rotation or an audit, all of them count. If the module failed, the number
   * is only known for creates, and 0 otherwise.
   */
  readonly attempts: number;
  /** For a create: what is known of orphans, the keys whose secret nobody received. See {@link Orphans}. */
  declare readonly orphans?: Orphans;
  /** For a create: the ids of the orphans that were deleted. */
  declare readonly keyIds?: readonly string[];
  /** For a create: the tag by which `deleteOrphans` finds the orphans. */
  declare readonly attemptTag?: string;
  /** For a rotation: the id of the key with that tag that may be stored. Pass it on to `deleteOrphans`. */
  declare readonly keepKeyId?: string;
  /**
   * For a create: the id of a key that is alive, because the service made it longer-lived than was asked for
   * and it could not be deleted. For a rotation: see {@link RotationError}.
   */
  declare readonly liveKeyIds?: readonly string[];

  /** @internal */
  constructor(message: string, { operation, attempts, aftermath, cause }: Context) {
    super(cut(`${operation}: ${message}`, LONGEST_MESSAGE), cause === undefined ? undefined : { cause });
    this.operation = operation;
    this.attempts = attempts;
    Object.assign(this, aftermath);
  }
}

/** An option is wrong. Nothing was sent, unless the wrong value is what a function returned. */
export class ValidationError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "ValidationError";
  override readonly name = "ValidationError";
  readonly code = "VALIDATION";
  /** The path of the wrong value, such as `annotations.team`. */
  readonly path: string;

  /** @internal */
  constructor(path: string, expected: string, context: Context) {
    super(`${cut(path, LONGEST_PATH)} ${expected}`, context);
    this.path = path;
    hideLong(this);
  }
}

/** The server refused the request. */
export class ApiError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "ApiError";
  override readonly name = "ApiError";
  /** The gRPC name of the status, such as `NOT_FOUND`. */
  readonly code: GrpcCode;
  /** The HTTP status; 0 for a redirect that the browser does not let us see. */
  readonly status: number;
  /** The server's id for the request, if it sends one and CORS lets us see it. */
  readonly requestId: string | undefined;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The parsed body, whole, with secrets redacted. Not enumerable if it is long. */
  readonly body: unknown;

  /** @internal */
  constructor(answer: Answer, { retryAfterMs, aheadMs }: Refused, context: Context) {
    const { status, requestId, value } = answer;
    const code = grpcCode(status, value);
    const explained = explain(status, value, context.operation === "createApiKey");
    const clock = MAKES_KEYS.test(context.operation) && status === 400 ? clockHint(aheadMs ?? 0) : "";
    super([`${status} ${code}`, explained].filter(Boolean).join(": ") + clock, context);
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs ?? undefined;
    this.body = value;
  }
}

const MAKES_KEYS = /^(create|rotate)ApiKey$/;

/** What to say of a refusal that a wrong clock may explain, since the clock decides when a key ends. */
function clockHint(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (seconds < 10) return "";
  return ` (this machine's clock is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} the server's)`;
}

/** No answer arrived, or it broke off. `cause` is what fetch rejected with; secrets are redacted. */
export class ConnectionError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "ConnectionError";
  override readonly name = "ConnectionError";
  readonly code = "CONNECTION";
}

/** An attempt or the operation took too long. */
export class TimeoutError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "TimeoutError";
  override readonly name = "TimeoutError";
  readonly code = "TIMEOUT";
  /** Which limit was exceeded: `timeoutMs` of one attempt, or `totalTimeoutMs`. */
  readonly limit: "attempt" | "total";

  /** @internal */
  constructor(limit: "attempt" | "total", limitMs: number, context: Context) {
    const what = limit === "total" ? "the operation took" : "the last attempt took";
    super(`${what} longer than ${limitMs} ms`, context);
    this.limit = limit;
  }
}

/** The server accepted the request, but its answer is not what the API's reference promises. */
export class InvalidResponseError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "InvalidResponseError";
  override readonly name = "InvalidResponseError";
  readonly code = "INVALID_RESPONSE";
  /** The HTTP status. */
  readonly status: number;

  /** @internal */
  constructor({ status }: Answer, reason: string, context: Context) {
    super(`the server answered ${status}, but ${reason}`, context);
    this.status = status;
  }
}

/**
 * A rotation ended before its new key was stored, or it is unknown whether the key was stored. The key
 * that was stored before still works. If a request or `persist` failed, its error is the `cause`.
 */
export class RotationError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "RotationError";
  override readonly name = "RotationError";
  readonly code = "ROTATION";
  /** The stage that did not finish. */
  readonly stage: RotationStage;
  /**
   * Why the rotation ended. `missing`: there is no key with this id. `lifetime`: it is unknown how long
   * the key was given to live. `lives-too-long`: the service made the new key longer-lived than was asked
   * for. `unfinished`: the key already has successors. `conflict`: another rotation
   * is at work. `not-stored`: `persist` returned `false`. `failed`: see `cause`.
   */
  readonly reason: RotationReason;
  /** The ids of the keys that are alive as far as the rotation knows, the rotated one first. */
  override readonly liveKeyIds: readonly string[];
  /** For `unfinished` and `conflict`: the successors that were found, with their ages. */
  readonly successors: readonly Successor[];

  /** @internal */
  constructor({ stage, reason, liveKeyIds, successors }: EndedRotation, context: Context) {
    const named = liveKeyIds.slice(0, 10).join(", ");
    const others = liveKeyIds.length > 10 ? ` and ${liveKeyIds.length - 10} more` : "";
    const live = named && `; live: ${named}${others}`;
    const why = context.cause instanceof Error ? `${wordsOf(context.cause, context)}; ` : "";
    super(`${stage} (${reason}): ${why}${nextOf(stage, reason, liveKeyIds)}${live}`, context);
    this.stage = stage;
    this.reason = reason;
    this.liveKeyIds = liveKeyIds;
    this.successors = successors.map(({ keyId, createTime, ageMs }) => ({
      keyId,
      createTime: createTime ?? undefined,
      ageMs: ageMs ?? undefined,
    }));
  }
}

/** A successor that a rotation has found. */
export interface Successor {
  keyId: string;
  /** RFC 3339, as the service wrote it. */
  createTime: string | undefined;
  /** Its age by this machine's clock. */
  ageMs: number | undefined;
}

/** An error's message, without the function's name at the beginning of this package's messages. */
function wordsOf({ message }: Error, { operation }: Context): string {
  const prefix = `${operation}: `;
  return cut(message.startsWith(prefix) ? message.slice(prefix.length) : message, LONGEST_REASON);
}

/**
 * The WebAssembly module could not be loaded, or it ran out of memory while this call was under way. The
 * next call tries again with a fresh instance.
 */
export class ModuleLoadError extends Base {
  /** @internal The name that a console shows, even of minified code. */
  static override readonly name = "ModuleLoadError";
  override readonly name = "ModuleLoadError";
  readonly code = "MODULE_LOAD";

  /** @internal */
  constructor(operation: Operation, what: string, cause: unknown, attempts = 0, aftermath?: Aftermath) {
    const context: Context = { operation, attempts, cause: redactCause(cause, NO_SECRETS) };
    if (aftermath) context.aftermath = aftermath;
    super(`the WebAssembly module ${what}${innermost(context.cause)}`, context);
  }
}

/** Every error of this package, told apart by `code`. */
export type FireworksKeysError =
  | ValidationError
  | ApiError
  | ConnectionError
  | TimeoutError
  | InvalidResponseError
  | RotationError
  | ModuleLoadError;

/**
 * The class that all errors extend: after `error instanceof FireworksKeysError`, a `switch (error.code)`
 * knows each error's own fields.
 */
export const FireworksKeysError = Base as unknown as abstract new (...args: never[]) => FireworksKeysError;

interface Context {
  operation: Operation;
  attempts: number;
  aftermath?: Aftermath;
  cause?: unknown;
}

/** The message of the innermost cause, which says why: those around it say only that a fetch failed. */
function innermost(cause: unknown): string {
  if (typeof cause === "string") return `: ${cut(cause, LONGEST_REASON)}`;
  if (!(cause instanceof Error)) return "";
  const said = cause.message || (cause as { code?: unknown }).code;
  return innermost(cause.cause) || (said ? innermost(String(said)) : "");
}

/** What to look at in a page, whose fetch never says why it failed. */
function suspects(): string {
  if (pageAddress() === undefined) return "";
  return " (in a page: CORS does not allow its origin, a Content-Security-Policy forbids it, or no network)";
}

/** @internal What a failed create says about its orphans. */
export interface Aftermath {
  orphans: Orphans;
  keyIds: string[];
  attemptTag?: string;
  keepKeyId?: string;
  liveKeyIds?: string[];
}

/** How the Rust code describes a failure. The answer and the cause are passed separately. */
interface Failure {
  context: Context;
  what:
    | { kind: "invalidOption"; path: string; expected: string }
    | ({ kind: "refused" } & Refused)
    | { kind: "unreachable" }
    | { kind: "timedOut"; limit: "attempt" | "total"; limitMs: number }
    | { kind: "unreadable"; reason: string }
    | ({ kind: "rotation" } & EndedRotation);
}

/** How the Rust code describes a refusal. */
interface Refused {
  retryAfterMs: number | null;
  /** By how much this machine's clock is ahead of the server's, if the server's is known. */
  aheadMs: number | null;
}

/** How the Rust code describes a rotation that ended early. */
interface EndedRotation {
  stage: RotationStage;
  reason: RotationReason;
  liveKeyIds: string[];
  successors: { keyId: string; createTime: string | null; ageMs: number | null }[];
}

/** The error that was made last, as long as nobody else has it: another one may be made around it. */
let inner: unknown;

/**
 * @internal Makes the error for a failure. `tokens` are those that were used, and `headers` the values of the
 * caller's own headers, so that they can be redacted wherever others repeat them. An id may hold what is in a
 * header, as where the caller names the request, but no token. Never throws.
 */
export function toError(
  failure: Failure,
  answer: Answer,
  cause: unknown,
  tokens: readonly string[],
  headers: readonly string[],
): FireworksKeysError {
  const secrets = { ids: secretsOf(tokens), words: secretsOf(tokens, headers) };
  const told = redactIds(failure, secrets.ids);
  const ours = inner !== undefined && cause === inner;
  told.context.cause = ours ? cause : redactCause(cause, secrets.words);
  // The frames of the outer error are the caller's.
  if (ours) (cause as Error).stack = cut(`${cause}`, LONGEST_REASON);
  const error = attempt(told, answer, secrets);
  inner = error;
  // A caller who throws it again may have put a secret into it.
  Promise.resolve().then(() => {
    inner = undefined;
  });
  return error;
}

/** What may not stand in an id, and what not in others' words. */
interface Unsaid {
  readonly ids: Secrets;
  readonly words: Secrets;
}

function attempt(failure: Failure, answer: Answer, secrets: Unsaid): FireworksKeysError {
  try {
    return hideLong(build(failure, answer, secrets));
  } catch {
    // A text may become too long when its secrets are redacted. Then the error leaves it out.
    return build(failure, { ...answer, requestId: undefined, value: undefined }, secrets);
  }
}

function build({ context, what }: Failure, answer: Answer, { ids, words }: Unsaid): FireworksKeysError {
  switch (what.kind) {
    case "invalidOption":
      return new ValidationError(redactText(what.path, ids), what.expected, context);
    case "refused": {
      const requestId = answer.requestId && redactText(answer.requestId, ids);
      const value = redactBody(answer.value, words);
      return new ApiError({ ...answer, requestId, value }, what, context);
    }
    case "unreachable":
      return new ConnectionError(`no whole answer arrived${innermost(context.cause)}${suspects()}`, context);
    case "timedOut":
      return new TimeoutError(what.limit, what.limitMs, context);
    case "unreadable":
      return new InvalidResponseError(answer, what.reason, context);
    case "rotation":
      return new RotationError(what, context);
  }
}
