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
 * caller's, the global one is called. The platform's own is given the init beside the request, because Node
 * then has the body without reading a stream.
 */
export function send(
  stop: Stop,
  own: ((url: string, init: RequestInit) => unknown) | undefined,
  url: string,
  init: RequestInit,
  request: Request | undefined,
): Promise<Answer> {
  // Without `this`, as everybody calls it.
  const sent = settled(() => (own ? own(url, init) : fetch(request ?? url, init)));
  return stop.race(read(sent, request ? undefined : stop.signal));
}

/**
 * How the source of a platform's own fetch reads. Browsers, workerd and Bun 1.4 have a native function of
 * this name; a bound function and a proxy print no name. Node 20, 22, 24 and 26, and Deno 2.9, have a
 * function in JavaScript, whose beginning is unlike a mock's.
 */
const SOURCES = [
  /^function fetch\(\)\s*\{\s*\[native code\]\s*\}$/,
  /^function fetch\(input, init = undefined\) \{.*\n\s*if \(!fetchImpl\)/,
  /^function fetch\(\.\.\.\w\)\{return lazyFetch\(\)\.fetch\(/,
];

/** The global fetch at the time of the import; undefined if it is not evidently the platform's own. */
const platforms = SOURCES.some((source) => source.test(sourceOf(globalThis.fetch)))
  ? globalThis.fetch
  : undefined;

function sourceOf(value: unknown): string {
  return typeof value === "function" ? Function.prototype.toString.call(value) : "";
}

let probed: typeof Request | undefined;
let works = false;

/**
 * Whether a request is built, and can be without an exception: for the platform's own fetch, and for a
 * rehearsal of it. A fetch of the caller's, a mock, a tracer or a polyfill may know nothing but a URL's text
 * and an init.
 */
export function takesRequest(own: unknown): boolean {
  const { fetch, Request } = globalThis;
  if (own !== undefined && own !== rehearse) return false;
  if (!fetch || fetch !== platforms || FIELDS.some((name) => name in Object.prototype)) return false;
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
