// Routes requests to the broker's three paths. Each request passes the checks in the order they have here.

import { mint, revoke, type WaitUntil } from "./keys.js";
import type { Settings } from "./options.js";
import { checkOrigin, preflight, seal } from "./origin.js";
import { Problem } from "./problem.js";
import { keyIdIn } from "./request.js";
import { within } from "./within.js";

/** How long `authenticate` may take, in milliseconds. */
const AUTHENTICATE_MS = 10_000;

type Method = (settings: Settings, request: Request, waitUntil: WaitUntil) => Promise<Response>;

/** @internal Answers a request. Never rejects. */
export async function handle(settings: Settings, request: Request, waitUntil: WaitUntil): Promise<Response> {
  try {
    checkOrigin(settings, request);
    const methods = methodsAt(settings, request);
    if (request.method === "OPTIONS")
      return seal(settings, request, preflight(settings, Object.keys(methods)));
    const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
    if (method) return seal(settings, request, await method(settings, request, waitUntil));
    throw new Problem(405, "method", "This is not done here.", {
      headers: { allow: Object.keys(methods).join(", ") },
    });
  } catch (error) {
    return seal(settings, request, refused(settings, error).response());
  }
}

/** The methods that a request's path allows. */
function methodsAt({ basePath }: Settings, request: Request): Record<string, Method> {
  const { pathname } = new URL(request.url);
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : "";
  if (path === "/health") return { GET: health, HEAD: health };
  if (path === "/keys") return { POST: asMember(mint) };
  const [, keyId] = /^\/keys\/([^/]+)$/.exec(path) ?? [];
  if (keyId !== undefined) {
    return {
      DELETE: asMember((settings, members, request) => revoke(settings, members, keyIdIn(keyId), request)),
    };
  }
  throw new Problem(404, "not-found", "There is nothing here.");
}

async function health(): Promise<Response> {
  return Response.json({ status: "ok" });
}

/** `members`: the hashes of the member's id, the one for mints first. */
type MemberMethod = (
  settings: Settings,
  members: readonly string[],
  request: Request,
  waitUntil: WaitUntil,
) => Promise<Response>;

/** Wraps a method so that only members can call it. */
function asMember(method: MemberMethod): Method {
  return async (settings, request, waitUntil) => {
    const memberId = await within(AUTHENTICATE_MS, "authenticate", () => settings.authenticate(request));
    if (memberId === undefined || memberId === null || memberId === false || memberId === "") {
      throw new Problem(401, "unauthenticated", "Who are you?", {
        headers: { "www-authenticate": "Bearer" },
      });
    }
    // All lone surrogates are encoded alike, so different ids would become the same member.
    if (typeof memberId !== "string" || !memberId.isWellFormed()) {
      throw new TypeError("authenticate must return a member's id: well-formed text");
    }
    const answer = method(settings, await settings.members.hashes(memberId), request, waitUntil);
    // The work must not stop half-way if the member closes the connection.
    waitUntil?.(answer.catch(() => undefined));
    return answer;
  };
}

/** Makes the problem to answer with, and reports a failure behind the broker to the operator. */
function refused({ onError }: Settings, error: unknown): Problem {
  const problem =
    error instanceof Problem
      ? error
      : new Problem(503, "unavailable", "This cannot be done now.", { cause: error });
  if (problem.status >= 500) onError(problem.cause ?? problem);
  return problem;
}
