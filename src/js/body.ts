// An answer, and what the body of a refusal says in whichever of the shapes seen from this gateway.

/** @internal One answer, read to its end. `value` is what the body parsed to; nothing if it is no JSON. */
export interface Answer {
  readonly status: number;
  readonly requestId: string | undefined;
  readonly shouldRetry: string | undefined;
  readonly retryAfterMs: string | undefined;
  readonly retryAfter: string | undefined;
  readonly value: unknown;
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

/** What an HTTP status means where the body names no code. */
const BY_STATUS: Record<number, GrpcCode> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  413: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** The longest message that is repeated. */
const LONGEST = 1_000;

/** @internal The gRPC name of a refusal: by the body's code, number or name, otherwise by the status. */
export function grpcCode(status: number, body: unknown): GrpcCode {
  const error = field(body, "error");
  for (const code of [field(body, "code"), field(error, "code"), field(error, "status")]) {
    const known = GRPC_CODES.find((name, number) => number > 0 && (code === name || code === number));
    if (known !== undefined) return known;
  }
  return BY_STATUS[status] ?? "UNKNOWN";
}

/**
 * @internal The server's own words; where it has none, what the status alone tells. Whoever may leave
 * out the annotations of ours is told so.
 */
export function explain(status: number, body: unknown, optional: boolean): string {
  const error = field(body, "error");
  const words =
    textOf(body, "message") ??
    textOf(error, "message") ??
    textOf(body, "error") ??
    textOf(field(body, "fault"), "faultstring");
  if (words !== undefined) {
    const hint = optional && status === 400 && /annotation/i.test(words) ? ANNOTATIONS_HINT : "";
    return words.slice(0, LONGEST) + hint;
  }
  if (status === 0 || (status >= 300 && status <= 399)) return REDIRECT;
  return body === undefined ? "the body is no JSON" : "the body holds no message";
}

const ANNOTATIONS_HINT =
  " (the create's tag is an annotation: orphanProtection: false leaves it out, and its protection)";

const REDIRECT = "the server redirects elsewhere, where a request with a token is never sent";

/** @internal Whether what a parser made is an object with fields. */
export function isResource(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @internal A field of what a parser made. */
export function field(value: unknown, name: string): unknown {
  return isResource(value) ? value[name] : undefined;
}

/** @internal The field, if it is text that is not empty. */
export function textOf(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** @internal Whether the field is text that is not empty: a secret's is not handed over for that. */
export function holdsText(value: unknown, name: string): boolean {
  return textOf(value, name) !== undefined;
}

/** @internal Whether the field is left out, null or an empty text. */
export function isBlank(value: unknown, name: string): boolean {
  return (field(value, name) ?? "") === "";
}
