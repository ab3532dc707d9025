// The functions that the Rust code calls. An exception that crosses Rust leaves a promise pending forever,
// so these functions never throw and their promises always settle. The few that may throw say so, and Rust
// imports them with `catch`.

import type { Answer } from "./body.js";
import { redactEvent, secretsOf } from "./redact.js";
import { settled, notify as tell } from "./settle.js";
import { Stop } from "./stop.js";
import type { Audit, AuditedKey, CreatedApiKey, PendingRevocation, Rotation } from "./types.js";

export { field, holdsText, isBlank, isResource, kindOf, listIn, textOf } from "./body.js";
export { toError } from "./errors.js";
export { unknownOption } from "./hint.js";
export { fetchRepeats, livesOn, pageAddress } from "./platform.js";
export { reasonOf } from "./stop.js";

/**
 * Gives an object a field of its own. An assignment would fail where `Object.prototype` is frozen and has a
 * field of this name, and would be lost on `__proto__`.
 */
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}

/** The enumerable names of an object, inherited ones included. May throw: a proxy's trap can. */
export function namesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) {
    if (Object.hasOwn(object, name) || !(name in Object.prototype)) names.push(name);
  }
  return names;
}

/**
 * The value of a field, alone in an array, or undefined if the field is undefined. A field that somebody
 * has added to `Object.prototype` is not an option. May throw: a getter can.
 */
export function get(object: Record<string, unknown>, name: string): [unknown] | undefined {
  const value = valueOf(object, name);
  return value === undefined ? undefined : [value];
}

function valueOf(object: Record<string, unknown>, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(object, name) ? undefined : object[name];
}

/** Whether an object has an option of this name, with or without a value. May throw: a proxy's trap can. */
export function isNamed(object: object, name: string): boolean {
  return Object.hasOwn(object, name) || (name in object && !(name in Object.prototype));
}

/**
 * The name of the object's first field that is not among these names. Fields that are not enumerable
 * count, too, because they can be read as options. May throw: a proxy's trap can.
 */
export function strangerIn(object: object, names: readonly string[]): string | undefined {
  const stranger = (name: string): boolean => !names.includes(name);
  return namesOf(object).find(stranger) ?? hiddenNameOf(object, stranger);
}

/** The first such name of a field that is not enumerable. Methods of a class do not count. */
function hiddenNameOf(object: object, such: (name: string) => boolean): string | undefined {
  for (let at = object, up: object | null; at !== Object.prototype; at = up) {
    up = Object.getPrototypeOf(at);
    // A prototype chain ends with the `Object.prototype` of some realm, which holds no options.
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
 * The values of these fields, each read once. If reading any of them threw, the exceptions follow in the
 * same order, each alone in an array.
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

/** A bit mask of the values that are defined; the lowest bit is for the first value. */
export function givenOf(values: readonly unknown[]): number {
  return values.reduce<number>((bits, value, index) => bits | (Number(value !== undefined) << index), 0);
}

/** The length of a string; undefined if the value is not a string. */
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

/** A Date of any realm as RFC 3339 text. Throws for anything else, including an invalid Date. */
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

/** Whether a value, of any realm, can be used as an AbortSignal. May throw: a getter can. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = Object(value);
  const functions = [addEventListener, removeEventListener];
  return typeof aborted === "boolean" && functions.every((each) => typeof each === "function");
}

/** Parses a URL; returns undefined if the text is not one. */
export function parseUrl(text: string, base: string | undefined): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** 128 random bits that mark the attempts of a create. May throw: a Worker's module scope has none. */
export function randomTag(): string {
  // Draws bits for many tags at a time, because the call takes longer than the bits.
  if (drawn.length === 0) drawn = hex(crypto.getRandomValues(new Uint32Array(4 * 32)));
  const tag = drawn.slice(0, 32);
  drawn = drawn.slice(32);
  return tag;
}

/** Random digits that are not part of a tag yet. */
let drawn = "";

function hex(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** Milliseconds of a clock that never goes back. */
export function elapsedMs(): number {
  return performance.now();
}

/** Starts a {@link Stop}; `isLate` if no process is to live on for it. May throw: the caller's signal can. */
export function startStop(limitMs: number, caller: AbortSignal | undefined, isLate: boolean): Stop {
  return new Stop(limitMs, caller, isLate);
}

/** Calls the caller's own fetch without `this`, with a URL and a plain init that any implementation takes. */
export function callFetch(
  fetch: (url: string, init: RequestInit) => unknown,
  url: string,
  init: RequestInit,
): Promise<unknown> {
  return settled(() => fetch(url, init));
}

/** The global fetch at the time of the import: the platform's own, or a tracer that was there before. */
const { fetch: atImport } = globalThis;

/**
 * Makes a request for the global fetch, which is called with the init beside it. A tracer may look at the
 * init alone, and take the request for the URL's text. Returns undefined if something else was put in the
 * place of the global fetch, such as a mock: it may know nothing but a URL and an init. Throws if the
 * platform has no `Request`, or one that refuses the init.
 */
export function makeRequest(url: string, init: RequestInit): Request | undefined {
  if (globalThis.fetch !== atImport) return undefined;
  return Object.defineProperty(new Request(url, init), "toString", { value: () => url });
}

/** Calls the caller's function that returns the token. */
export function askToken(stop: Stop, token: () => unknown): Promise<unknown> {
  return stop.race(settled(token));
}

/** Tells a caller's listener of an event, with the tokens redacted. */
export function notify(
  listener: (event: unknown) => unknown,
  event: object,
  tokens: readonly string[],
): void {
  tell((each) => listener(redactEvent(each as object, secretsOf(tokens))), event);
}

/** Whether one of the tokens begins with the prefix that the service shows for a key. */
export function anyBeginsWith(tokens: readonly string[], prefix: unknown): boolean {
  return typeof prefix === "string" && prefix !== "" && tokens.some((token) => token.startsWith(prefix));
}

/**
 * Calls the caller's function that stores the new key. A caller may return its store's response without
 * looking at it, so a response that is not ok counts as a failure.
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
 * Reads the response that fetch returned, to the end of its body. Rejects if it is not a response, if its
 * body breaks off, or if the attempt ends first.
 */
export function receive(stop: Stop, sent: unknown): Promise<Answer> {
  return stop.race(read(sent));
}

async function read(sent: unknown): Promise<Answer> {
  const response = (await sent) as Response;
  const status = response?.status;
  if (!Number.isInteger(status) || status < 0 || status > 999) throw new TypeError(NO_RESPONSE);
  // A response that `Response.error()` makes has the status 0, like a redirect, but is not one.
  if (response.type === "error") throw new TypeError("fetch returned a network error");
  const text: unknown = await response.text();
  if (typeof text !== "string") throw new TypeError(NO_RESPONSE);
  const value = parse(text);
  // The headers are getters because the headers of a success are not needed.
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
    get date() {
      return wordOf(response, "date", DATE);
    },
  };
}

const NO_RESPONSE = "fetch returned something that is no Response";

// The module only gets headers of these two forms: a server may repeat the token in any header, but a
// token has no space.
const NUMBER = /^[\d.]{1,40}$/;
const DATE = /^\w{3,9},? [\w :-]{1,30}$/;

/** Parses JSON. The parser's error message quotes the text, so it must not leave this function. */
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

/** A rotation: the new key, and what became of the earlier ones. */
export function rotation(created: CreatedApiKey, revoked: string[], pending: PendingRevocation[]): Rotation {
  return { created, revoked, pending };
}
