// What the Rust asks of JavaScript. An exception that crosses Rust leaves a promise pending for
// ever, so everything here is total: it returns, or its promise settles, whatever it is given. The
// few that may throw say so, and are imported with `catch`.

import type { Answer } from "./body.js";
import { redactEvent } from "./redact.js";
import { settled, notify as tell } from "./settle.js";
import { Stop } from "./stop.js";
import type { Audit, AuditedKey, CreatedApiKey, PendingRevocation, Rotation } from "./types.js";

export { field, holdsText, isBlank, isResource, textOf } from "./body.js";
export { toError } from "./errors.js";
export { unknownOption } from "./hint.js";
export { reasonOf } from "./stop.js";

/** The enumerable names of an object, inherited ones included. May throw: a proxy's trap can. */
export function namesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) {
    if (Object.hasOwn(object, name) || !(name in Object.prototype)) names.push(name);
  }
  return names;
}

/**
 * The value of a name, if it is not undefined, alone in an array. What somebody put on every object
 * there is, is nobody's option. May throw: a getter can.
 */
export function get(object: Record<string, unknown>, name: string): [unknown] | undefined {
  const value = valueOf(object, name);
  return value === undefined ? undefined : [value];
}

function valueOf(object: Record<string, unknown>, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(object, name) ? undefined : object[name];
}

/**
 * The first name of a field that is none of these, whether or not it can be enumerated: all of them can
 * be read as options. May throw: a proxy's trap can.
 */
export function strangerIn(object: object, names: readonly string[]): string | undefined {
  const stranger = (name: string): boolean => !names.includes(name);
  return namesOf(object).find(stranger) ?? hiddenNameOf(object, stranger);
}

/** The first such name of a field that cannot be enumerated; methods of a class are none. */
function hiddenNameOf(object: object, such: (name: string) => boolean): string | undefined {
  for (let at = object, up: object | null; at !== Object.prototype; at = up) {
    up = Object.getPrototypeOf(at);
    // The end of a prototype chain of whichever realm has nobody's options.
    if (up === null && at !== object) break;
    for (const name of Object.getOwnPropertyNames(at).filter(such)) {
      const { enumerable, value } = Object.getOwnPropertyDescriptor(at, name) ?? {};
      if (enumerable === false && typeof value !== "function") return name;
    }
    if (up === null) break;
  }
  return undefined;
}

/**
 * The values of these names, each read once. Where reading some threw, what they threw follows, each
 * alone in an array, in the same order.
 */
export function valuesOf(object: Record<string, unknown>, names: readonly string[]): unknown[] {
  const thrown: unknown[] = [];
  const values = names.map((name, index) => {
    try {
      return valueOf(object, name);
    } catch (cause) {
      thrown[index] = [cause];
      return undefined;
    }
  });
  return thrown.length === 0 ? values : [...values, ...thrown];
}

/** Which of the values are there, a bit for each, the first the lowest. */
export function givenOf(values: readonly unknown[]): number {
  return values.reduce<number>((bits, value, index) => bits | (Number(value !== undefined) << index), 0);
}

/** The length of a text. */
export function lengthOf(value: unknown): number | undefined {
  return typeof value === "string" ? value.length : undefined;
}

/** Whether a value is an array. May throw: a revoked proxy does. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value);
}

/** Whether an object is a plain one, of any realm. May throw: a proxy's trap can. */
export function isPlainObject(object: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A Date of whichever realm as RFC 3339 text. Throws for anything else, an invalid Date included. */
export function dateText(value: unknown): string {
  return Date.prototype.toISOString.call(value as Date);
}

/** Whether a header can carry the text: visible ASCII, which covers every token of RFC 6750. */
export function isHeaderToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** Whether the text is a header's name: a token of RFC 9110. */
export function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text);
}

/** Whether the value is text that a header can carry: Latin-1 without control characters. */
export function isHeaderValue(value: unknown): boolean {
  return typeof value === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** Whether a value can be used as an AbortSignal, of whichever realm. May throw: a getter can. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = Object(value);
  const functions = [addEventListener, removeEventListener];
  return typeof aborted === "boolean" && functions.every((each) => typeof each === "function");
}

/** A URL, if the text is one. */
export function parseUrl(text: string, base: string | undefined): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** The address of the page or worker script, where there is one that paths can be relative to. */
export function pageAddress(): string | undefined {
  try {
    const { href, origin } = globalThis.location;
    return origin.startsWith("http") ? href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the runtime's fetch repeats a request by itself when a connection that was used before
 * breaks without an answer: browsers do, and Deno does. Seen of Chromium 156 and Deno 2.9; not of
 * Node 20, Bun 1.4 or workerd.
 */
export function fetchRepeats(): boolean {
  return (repeats ??= looksLikeOne());
}

let repeats: boolean | undefined;

function looksLikeOne(): boolean {
  try {
    return /^(Mozilla|Deno)\//.test(globalThis.navigator.userAgent);
  } catch {
    return false;
  }
}

/** 128 random bits, to mark the attempts of one create. May throw: a Worker's module scope has none. */
export function randomTag(): string {
  // Many at a time: asking for random bits costs more than they do.
  if (drawn.length === 0) drawn = hex(crypto.getRandomValues(new Uint32Array(4 * 32)));
  const tag = drawn.slice(0, 32);
  drawn = drawn.slice(32);
  return tag;
}

/** Random digits that no tag has yet. */
let drawn = "";

function hex(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** Milliseconds of a clock that never goes back. */
export function elapsedMs(): number {
  return performance.now();
}

/** Starts a {@link Stop}. May throw: the caller's signal can. */
export function startStop(limitMs: number, caller: AbortSignal | undefined): Stop {
  return new Stop(limitMs, caller);
}

/** Calls a caller's own fetch, unbound: every implementation takes a URL and a plain init. */
export function callFetch(
  fetch: (url: string, init: RequestInit) => unknown,
  url: string,
  init: RequestInit,
): Promise<unknown> {
  return settled(() => fetch(url, init));
}

/** Makes a request for the global fetch. Throws for what no request can be. */
export function makeRequest(url: string, init: RequestInit): Request {
  return new Request(url, init);
}

/**
 * What fetch is told beside a request: its body once more. Node would pipe that of the request through
 * a stream of its own, which takes it longer than all the rest.
 */
export function again({ body }: RequestInit): RequestInit {
  return body === undefined ? {} : { body };
}

/** Calls the function that a caller gave as its token. */
export function askToken(stop: Stop, token: () => unknown): Promise<unknown> {
  return stop.race(settled(token));
}

/** Tells a caller's listener. */
export function notify(
  listener: (event: unknown) => unknown,
  event: object,
  tokens: readonly string[],
): void {
  tell(listener, redactEvent(event, tokens));
}

/** Whether one of the tokens begins with what the service tells of a key. */
export function anyBeginsWith(tokens: readonly string[], prefix: unknown): boolean {
  return typeof prefix === "string" && prefix !== "" && tokens.some((token) => token.startsWith(prefix));
}

/**
 * Calls the function that stores a caller's new key. Who hands a store's answer through may not have
 * looked at it: one that is not ok is a failure.
 */
export async function callPersist(
  stop: Stop,
  persist: (created: unknown) => unknown,
  created: unknown,
): Promise<unknown> {
  const stored = await stop.race(settled(() => persist(created)));
  if ((stored as Partial<Response> | null | undefined)?.ok === false) throw new Error(NOT_OK);
  return stored;
}

const NOT_OK = "persist resolved to an answer that is not ok";

/**
 * Reads what fetch returned, to the end of the body. Rejects if that is no response, if its body
 * breaks off, or when the attempt is over.
 */
export function receive(stop: Stop, sent: unknown): Promise<Answer> {
  return stop.race(read(sent));
}

async function read(sent: unknown): Promise<Answer> {
  const response = (await sent) as Response;
  const status = response?.status;
  if (!Number.isInteger(status) || status < 0 || status > 999) throw new TypeError(NO_RESPONSE);
  // What `Response.error()` makes has no status either, and is no redirect.
  if (response.type === "error") throw new TypeError("fetch returned a network error");
  const text: unknown = await response.text();
  if (typeof text !== "string") throw new TypeError(NO_RESPONSE);
  const value = parse(text);
  // Nobody asks for the headers of a success.
  return {
    status,
    value,
    get requestId() {
      return headerOf(response, "x-request-id");
    },
    get shouldRetry() {
      return wordOf(response, "x-should-retry", /^(true|false)$/);
    },
    get retryAfterMs() {
      return wordOf(response, "retry-after-ms", NUMBER);
    },
    get retryAfter() {
      return wordOf(response, "retry-after", NUMBER) ?? wordOf(response, "retry-after", DATE);
    },
  };
}

const NO_RESPONSE = "fetch returned something that is no Response";

// What goes to the module must be what it seems to be: a server may echo the token in any header, and
// no token has a space.
const NUMBER = /^[\d.]{1,40}$/;
const DATE = /^\w{3,9},? [\w :-]{1,30}$/;

/** A parser's message quotes what it read, so it goes no further than here. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordOf(response: Response, name: string, pattern: RegExp): string | undefined {
  const word = headerOf(response, name)?.trim();
  return word !== undefined && pattern.test(word) ? word : undefined;
}

function headerOf(response: Response, name: string): string | undefined {
  try {
    const value: unknown = response.headers.get(name);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An audited key. */
export function audited(key: AuditedKey["key"], findings: AuditedKey["findings"]): AuditedKey {
  return { key, findings };
}

/** An audit. */
export function audit(keys: AuditedKey[], counts: Audit["counts"]): Audit {
  return { keys, counts };
}

/** A key that could not be revoked, and why. */
export function pending(keyId: string, error: PendingRevocation["error"]): PendingRevocation {
  return { keyId, error };
}

/** A rotation: the new key, and what became of those before it. */
export function rotation(created: CreatedApiKey, revoked: string[], pending: PendingRevocation[]): Rotation {
  return { created, revoked, pending };
}
