// Checks the service's base URL.

import { pageAddress } from "./platform.js";

/** What is wrong with a base URL. */
const WRONG = {
  text: "must be an absolute URL, or on a page a path of its own origin",
  http: "must be https: (http: is for this machine, or with allowHttp: true)",
  scheme: "must be an https: URL",
  credentials: "must not hold credentials",
  rest: "must not hold a query or a fragment",
};

/** The hosts that are this machine, as URLs have them: `127.1` and `0x7f000001` are `127.0.0.1` there. */
const LOOPBACK = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])\.?$/;

/** The last base URL that was given, and what it is. Few callers use more than one. */
let last: readonly [given: string, allowHttp: boolean, base: string] | undefined;

/** The service's base URL, without a slash at its end; or else what is wrong with it. */
export function baseOf(given: string, allowHttp: boolean): string {
  if (last?.[0] === given && last[1] === allowHttp) return last[2];
  const base = check(given, allowHttp);
  // On another page, the same path is another URL.
  if (!given.startsWith("/")) last = [given, allowHttp, base];
  return base;
}

function check(given: string, allowHttp: boolean): string {
  const url = parse(given) ?? onPage(given);
  if (!url) return WRONG.text;
  const { protocol, hostname, username, password, href } = url;
  if (protocol !== "https:") {
    if (protocol !== "http:") return WRONG.scheme;
    if (!allowHttp && !LOOPBACK.test(hostname)) return WRONG.http;
  }
  if (username || password) return WRONG.credentials;
  // `search` and `hash` are empty for a bare `?` or `#`, which `href` keeps.
  return /[?#]/.test(href) ? WRONG.rest : href.replace(/\/+$/, "");
}

/**
 * A path on the page's own origin. The origin is checked after resolution, because `//host` and `/\host` lead
 * elsewhere.
 */
function onPage(path: string): URL | undefined {
  const page = parse(pageAddress() ?? "");
  const url = page && path.startsWith("/") ? parse(path, page.href) : undefined;
  return url?.origin === page?.origin ? url : undefined;
}

function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
