// Reads a keyring's options. A wrong one throws, and the error names it.

import { KeyringError } from "./error.js";
import type { KeyringEvent } from "./event.js";
import { isHeaderValue } from "./held.js";

/** Options of `createKeyring`. */
export interface KeyringOptions {
  /** The broker's address, without `/keys`: `https:`, on this machine, or of the page's own origin. */
  broker: string | URL;
  /**
   * What identifies the member to the broker: the value of the header `Authorization`, such as
   * `Bearer …`, or a function that returns it and is called for each request. Where a cookie does that, it
   * returns nothing.
   */
  authorization: string | (() => MaybeHeader | Promise<MaybeHeader>);
  /**
   * The member's name or id. The tabs of one origin that name the same member and broker share one key.
   * @default nothing is shared
   */
  member?: string | undefined;
  /**
   * The addresses that begin like this get the key, and no others.
   * @default "https://api.fireworks.ai/inference/"
   */
  inference?: string | URL | undefined;
  /** Called instead of the global `fetch`, as `fetch(url, init)`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Receives what a page may want to show. */
  onEvent?: ((event: KeyringEvent) => unknown) | undefined;
}

/** The value of a header, or nothing. */
export type MaybeHeader = string | undefined;

/** @internal Checked options. */
export interface Settings {
  broker: string;
  authorization: KeyringOptions["authorization"];
  member: string | undefined;
  inference: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  onEvent: (event: KeyringEvent) => unknown;
}

/** @internal Reads and checks options. The first wrong one is the error. */
export function read(options: KeyringOptions, ...surplus: unknown[]): Settings {
  check(!surplus.length, "arguments");
  check(Object(options) === options, "options");
  const {
    broker,
    authorization,
    member,
    inference = "https://api.fireworks.ai/inference/",
    fetch = (...request) => globalThis.fetch(...request),
    onEvent = () => {},
    ...others
  } = options;
  for (const name in others) check(false, name);
  check(isFunction(authorization) || isHeaderValue(authorization), "authorization");
  check(member === undefined || isHeaderValue(member), "member");
  check(isFunction(fetch), "fetch");
  check(isFunction(onEvent), "onEvent");
  return {
    broker: addressOf(broker, "broker"),
    inference: addressOf(inference, "inference"),
    authorization,
    member,
    fetch,
    onEvent,
  };
}

const isFunction = (value: unknown): boolean => typeof value === "function";

/** An address that may get a secret: nobody reads it on the way. It ends with a slash. */
function addressOf(given: string | URL, path: string): string {
  const page = globalThis.location;
  let isRight = false;
  let address = "";
  try {
    const { href, origin, pathname } = new URL(given, page?.href);
    isRight =
      href === origin + pathname &&
      (origin === page?.origin || /^https:|^http:..(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(origin));
    address = href.replace(/\/?$/, "/");
  } catch {
    // It is no address.
  }
  check(isRight, path);
  return address;
}

function check(holds: unknown, path: string): asserts holds {
  if (holds) return;
  throw new KeyringError("VALIDATION", `${path} is wrong`, { name: "ValidationError", path });
}
