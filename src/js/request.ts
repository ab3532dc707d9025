// What goes out: the init that every fetch is called with, and the call.

import { type Answer, read } from "./answer.js";
import { rehearse } from "./rehearsal.js";
import { settled } from "./settle.js";
import type { Stop } from "./stop.js";

/**
 * The init for fetch, in a form that every implementation takes. Its signal ends the request together with
 * the attempt. The caller's own headers are among its headers.
 */
export function initOf(
  stop: Stop,
  method: string,
  token: string,
  own: Record<string, string> | undefined,
  body: string | undefined,
): RequestInit {
  const headers: Record<string, string> = {
    ...own,
    accept: "application/json",
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  return {
    method,
    headers,
    signal: stop.signal,
    // A request that mints a key must never follow a redirect. "error" would do as well, but older Workers
    // refuse it.
    redirect: "manual",
    // Frameworks that cache what is fetched would show the same list for ever.
    ...(knowsCache() && { cache: "no-store" as const }),
    ...(body !== undefined && { body }),
  };
}

/**
 * The JSON of a request's body, from its description in `src/exchange.rs`: an id for a deletion; otherwise
 * the name, the end and the annotations of a key.
 */
export function bodyOf(description: string): string {
  let at = 0;
  const next = (): string | undefined => {
    at += 1;
    if (description[at - 1] === "u") return undefined;
    const start = description.indexOf(":", at) + 1;
    at = start + Number(description.slice(at, start - 1));
    return description.slice(start, at);
  };
  const keyId = next();
  if (keyId !== undefined) return JSON.stringify({ keyId });
  const [displayName, expireTime] = [next(), next()];
  const annotations: [unknown, unknown][] = [];
  const given = description[at] === "{";
  for (at += 1; at < description.length; ) annotations.push([next(), next()]);
  // What is undefined is left out.
  return JSON.stringify({
    apiKey: { displayName, expireTime, annotations: given ? Object.fromEntries(annotations) : undefined },
  });
}

/**
 * Calls fetch and reads its answer to the end, or rejects when the attempt ends. Without a fetch of the
 * caller's, the global one is called, with the init beside the request: what stands in its place may look at
 * the init alone, and take the request for the URL's text.
 */
export function send(
  stop: Stop,
  own: ((url: string, init: RequestInit) => unknown) | undefined,
  url: string,
  init: RequestInit,
  request: Request | undefined,
): Promise<Answer> {
  const named = request && Object.defineProperty(request, "toString", { value: () => url });
  // Without `this`, as everybody calls it.
  return stop.race(read(settled(() => (own ? own(url, init) : fetch(named ?? url, init)))));
}

/** The global fetch at the time of the import: the platform's own, or a tracer that was there before. */
const { fetch: atImport } = globalThis;

let probed: typeof Request | undefined;
let works = false;

/**
 * Whether a request is built, and can be without an exception: for the global fetch, and for a rehearsal of
 * it. A fetch of the caller's, or something that was put in the place of the global one later, such as a
 * mock, may know nothing but a URL and an init.
 */
export function takesRequest(own: unknown): boolean {
  const { fetch, Request } = globalThis;
  if (own !== undefined && own !== rehearse) return false;
  if (fetch !== atImport || FIELDS.some((name) => name in Object.prototype)) return false;
  if (probed !== Request) {
    works = buildsRequests();
    probed = Request;
  }
  return works;
}

/** The fields that a request is built with. A setter of such a name on `Object.prototype` would be called. */
const FIELDS = ["method", "headers", "redirect", "signal", "cache", "body"];

function buildsRequests(): boolean {
  try {
    const { signal } = new AbortController();
    const init = { method: "POST", headers: new Headers(), redirect: "manual", signal, body: "" } as const;
    return new Request("https://example.com", init) instanceof Request && `${new URLSearchParams()}` === "";
  } catch {
    return false;
  }
}

/** The headers of an init, for a request. May throw: a platform's `Headers` can refuse one. */
export function headersOf(init: RequestInit): Headers {
  return new Headers(init.headers);
}

let cacheIsKnown: boolean | undefined;

/** Whether the platform's requests take the option `cache`: older Workers throw. */
export function knowsCache(): boolean {
  return (cacheIsKnown ??= takesCache());
}

function takesCache(): boolean {
  try {
    return new Request("https://example.com", { cache: "no-store" }).cache === "no-store";
  } catch {
    return false;
  }
}
