// Reads the code and the message of a refusal from its body. The gateway has several shapes for them.

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

/** The code for an HTTP status, for bodies without a code. */
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

/** The longest message that an error repeats. */
const LONGEST = 1_000;

/** @internal The gRPC name of a refusal: from the body's code, a number or a name, or else the status. */
export function grpcCode(status: number, body: unknown): GrpcCode {
  return codeIn(body) ?? BY_STATUS[status] ?? "UNKNOWN";
}

function codeIn(body: unknown): GrpcCode | undefined {
  const error = field(body, "error");
  for (const code of [field(body, "code"), field(error, "code"), field(error, "status")]) {
    if (code === undefined) continue;
    const known = GRPC_CODES.find((name, number) => number > 0 && (code === name || code === number));
    if (known !== undefined) return known;
  }
  return undefined;
}

/** @internal What a body says of its request: the letters of `Body` in src/answer.rs. */
export function kindOf(body: unknown): number {
  if (!isResource(body)) return 4;
  const code = codeIn(body);
  if (code === "NOT_FOUND") return 2;
  if (code === "PERMISSION_DENIED") return 5;
  if (code !== undefined) return 3;
  const fields = Object.keys(body);
  if (["error", "fault", "code"].some((name) => (body[name] ?? null) !== null)) {
    // The API says nothing beside them; frameworks add a time, a path, a status.
    const { error, fault } = body;
    const words = field(error, "message") ?? field(fault, "faultstring") ?? error;
    return fields.length === 1 && typeof words === "string" ? 6 : 7;
  }
  return fields.length > 0 ? 1 : 0;
}

/**
 * @internal A page's list of this name. A page may leave out an empty list; what holds something else beside
 * is no page.
 */
export function listIn(page: unknown, name: string): unknown {
  const list = field(page, name) ?? undefined;
  if (list !== undefined || !isResource(page)) return list;
  const { [name]: _, nextPageToken, totalSize, ...others } = page;
  return Object.keys(others).length > 0 || totalSize ? undefined : [];
}

/**
 * @internal The server's own message, or else what the status says. If the server complains about an
 * annotation and the package's own is `optional`, a hint says how to leave it out.
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

/** @internal Whether a parsed JSON value is an object, not an array. */
export function isResource(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @internal A field of a parsed JSON value. */
export function field(value: unknown, name: string): unknown {
  return isResource(value) ? value[name] : undefined;
}

/** @internal The field, if it is text that is not empty. */
export function textOf(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
