// The answer that the module gets for a request that the broker has not sent.

/** How long to wait if that is not known, in milliseconds. */
const USUAL_MS = 5_000;

/**
 * Tells the module that a request was not sent. Only an answer in the API's own form says that nothing was
 * made: an error could mean that the answer was lost.
 */
export function unsent(waitMs = USUAL_MS): Response {
  const headers = { "retry-after": String(Math.ceil(waitMs / 1_000)), "x-should-retry": "false" };
  const body = { code: 8, message: "the broker has sent nothing: a limit is reached", details: [] };
  return Response.json(body, { status: 429, headers });
}
