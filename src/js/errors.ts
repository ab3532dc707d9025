// The errors that a caller can catch. Their messages and fields never hold a token or a key.

import type { Answer } from "./host.js";

/** Every operation that can fail. */
export type Operation = "createApiKey";

/** What all errors of this package have in common. */
export abstract class FireworksKeysError extends Error {
  /** A stable name of what went wrong, to tell errors apart by. */
  abstract readonly code: string;
  /** The function that was called. */
  readonly operation: Operation;
  /** How many requests of the operation were sent. */
  readonly attempts: number;

  constructor(message: string, { operation, attempts, cause }: Context) {
    super(`${operation}: ${message}`, cause === undefined ? undefined : { cause });
    this.operation = operation;
    this.attempts = attempts;
  }
}

/** An option cannot be used as it is. Nothing was sent. */
export class ValidationError extends FireworksKeysError {
  override readonly name = "ValidationError";
  readonly code = "VALIDATION";
  /** Where the value stands, such as `annotations.team`. */
  readonly path: string;

  constructor(path: string, expected: string, context: Context) {
    super(`${path} ${expected}`, context);
    this.path = path;
  }
}

/** The server refused. */
export class ApiError extends FireworksKeysError {
  override readonly name = "ApiError";
  /** The gRPC name of the status, such as `NOT_FOUND`. */
  readonly code: GrpcCode;
  /** The HTTP status; 0 for a redirect that the browser does not let us see. */
  readonly status: number;
  /** The server's name for the request, where it gives one and CORS lets it be seen. */
  readonly requestId: string | undefined;
  /** The parsed body, secrets taken out. */
  readonly body: unknown;

  constructor({ status, requestId, value }: Answer, context: Context) {
    const code = grpcCode(status, value);
    super([`${status} ${code}`, explain(status, value)].filter(Boolean).join(": "), context);
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.body = value;
  }
}

/** No answer arrived, or it broke off. `cause` is what fetch rejected with. */
export class ConnectionError extends FireworksKeysError {
  override readonly name = "ConnectionError";
  readonly code = "CONNECTION";
}

/** The time was up. */
export class TimeoutError extends FireworksKeysError {
  override readonly name = "TimeoutError";
  readonly code = "TIMEOUT";
}

/** The server accepted, and its answer is not what the API's reference promises. */
export class InvalidResponseError extends FireworksKeysError {
  override readonly name = "InvalidResponseError";
  readonly code = "INVALID_RESPONSE";
  /** The HTTP status. */
  readonly status: number;

  constructor({ status }: Answer, reason: string, context: Context) {
    super(`the server answered ${status}, but ${reason}`, context);
    this.status = status;
  }
}

/** The WebAssembly module could not be loaded; the next call tries again. */
export class ModuleLoadError extends FireworksKeysError {
  override readonly name = "ModuleLoadError";
  readonly code = "MODULE_LOAD";
}

interface Context {
  operation: Operation;
  attempts: number;
  cause?: unknown;
}

/** What the Rust says of a failure; the answer and the cause, which may be anything, come beside it. */
type Failure =
  | { kind: "invalid"; path: string; expected: string }
  | { kind: "refused" }
  | { kind: "unreachable" }
  | { kind: "timedOut"; limitMs: number }
  | { kind: "unreadable"; reason: string };

/** The one place where a failure becomes an error. Never throws. */
export function toError(
  operation: Operation,
  attempts: number,
  failure: Failure,
  answer: Answer,
  cause: unknown,
): FireworksKeysError {
  const context: Context = { operation, attempts, cause };
  switch (failure.kind) {
    case "invalid":
      return new ValidationError(failure.path, failure.expected, context);
    case "refused":
      return new ApiError(answer, context);
    case "unreachable":
      return new ConnectionError("no whole answer arrived", context);
    case "timedOut":
      return new TimeoutError(`no whole answer within ${failure.limitMs} ms`, context);
    case "unreadable":
      return new InvalidResponseError(answer, failure.reason, context);
  }
}

/** The names of gRPC's status codes, by number. */
const GRPC_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** The name of a gRPC status. */
export type GrpcCode = (typeof GRPC_CODES)[number];

/** What an HTTP status means where the body names no code (google.rpc.Code's mapping). */
const BY_STATUS: Record<number, GrpcCode> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ALREADY_EXISTS",
  413: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function grpcCode(status: number, body: unknown): GrpcCode {
  for (const code of [field(body, "code"), field(field(body, "error"), "code")]) {
    const named = GRPC_CODES.find((name) => name === code);
    const numbered = Number.isInteger(code) && code !== 0 ? GRPC_CODES[code as number] : undefined;
    const known = named ?? numbered;
    if (known !== undefined) return known;
  }
  return BY_STATUS[status] ?? "UNKNOWN";
}

/** The server's own words, in whichever of the known shapes it put them. */
function explain(status: number, body: unknown): string {
  const error = field(body, "error");
  const words = [
    field(body, "message"),
    field(error, "message"),
    error,
    field(field(body, "fault"), "faultstring"),
  ].find((text) => typeof text === "string" && text !== "");
  if (words !== undefined) return words as string;
  if (status === 0 || (status >= 300 && status <= 399)) {
    return "the server redirects elsewhere, and a request for a key is never repeated elsewhere";
  }
  return "";
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
