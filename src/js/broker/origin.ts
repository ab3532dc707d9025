// Checks which pages may ask for keys (CORS). A request from any other page is refused before anything else
// happens: a browser sends some requests even if the page may not read the answer.

import type { Settings } from "./options.js";
import { Problem } from "./problem.js";

/** How long a browser may remember the answer to a preflight, in seconds. */
const REMEMBERED = "600";

/** Refuses requests from pages that are not allowed. Requests that no browser sends have no origin. */
export function checkOrigin({ allowedOrigins }: Settings, request: Request): void {
  const origin = request.headers.get("origin");
  if (origin !== null && !allowedOrigins.has(origin)) {
    throw new Problem(403, "origin", "This origin may not ask for keys.");
  }
}

/** The answer to a preflight, or to any other OPTIONS request. */
export function preflight({ allowedHeaders }: Settings, methods: readonly string[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      allow: methods.join(", "),
      "access-control-allow-methods": methods.join(", "),
      "access-control-allow-headers": ["authorization", "content-type", ...allowedHeaders].join(", "),
      "access-control-max-age": REMEMBERED,
    },
  });
}

/** Adds the headers that every answer has: no cache stores it, and only an allowed page may read it. */
export function seal(settings: Settings, request: Request, response: Response): Response {
  const { headers } = response;
  headers.set("cache-control", "no-store");
  headers.set("vary", "Origin");
  headers.set("x-content-type-options", "nosniff");
  const origin = request.headers.get("origin");
  if (origin !== null && settings.allowedOrigins.has(origin)) {
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", "retry-after");
    if (settings.allowCredentials) headers.set("access-control-allow-credentials", "true");
  }
  return response;
}
