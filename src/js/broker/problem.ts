// The broker refuses requests with problem details (RFC 9457). They never mention the token, another member,
// or what went wrong behind the broker.

import { ApiError } from "fireworks-keys";

/** Why a request was refused, as a code for programs. */
export type ProblemCode =
  | "bad-request"
  | "body-too-large"
  | "clock"
  | "failed"
  | "live-limit"
  | "media-type"
  | "method"
  | "mint-limit"
  | "not-found"
  | "origin"
  | "request-limit"
  | "unauthenticated"
  | "unavailable"
  | "upstream";

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** @internal Thrown to refuse a request. Only the operator sees the cause. */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    { headers = {}, cause }: { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  response(): Response {
    const { status, code, message: detail } = this;
    const body = { type: "about:blank", title: TITLES[status], status, detail, code };
    return new Response(JSON.stringify(body), {
      status,
      headers: { ...this.headers, "content-type": "application/problem+json" },
    });
  }
}

/** @internal The cause of a refusal by the service, which says what is missing if that is a role. */
export function explained(cause: unknown): unknown {
  if (!(cause instanceof ApiError) || cause.code !== "PERMISSION_DENIED") return cause;
  const message =
    "the user of the broker's token lacks a role: it must be an administrator, or the user in userId, " +
    "with a role that may manage its own keys";
  return new Error(message, { cause });
}

/** @internal A `Retry-After` header in whole seconds, at least one. */
export function retryAfter(ms: number): Record<string, string> {
  return { "retry-after": String(Math.max(1, Math.ceil(ms / 1_000))) };
}
