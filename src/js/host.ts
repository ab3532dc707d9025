// What the Rust asks of JavaScript. An exception that crosses Rust leaves a promise pending for
// ever, so everything here is total: it returns, or its promise settles, whatever it is given. The
// few that may throw say so, and are imported with `catch`.

import type { Answer } from "./body.js";

export { toError } from "./errors.js";

/** The enumerable names of an object, inherited ones included. May throw: a proxy's trap can. */
export function namesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) {
    if (Object.hasOwn(object, name) || !(name in Object.prototype)) names.push(name);
  }
  return names;
}

/** The value of a name, if it is not undefined, alone in an array. May throw: a getter can. */
export function get(object: Record<string, unknown>, name: string): [unknown] | undefined {
  const value = object[name];
  return value === undefined ? undefined : [value];
}

/** Whether a value is an array. May throw: a revoked proxy does. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value);
}

/** Whether an object is a plain record, of whichever realm. May throw: a proxy's trap can. */
export function isRecord(object: object): boolean {
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
export function isAbortSignal(value: unknown): boolean {
  const { aborted, addEventListener, removeEventListener } = Object(value);
  const functions = [addEventListener, removeEventListener];
  return typeof aborted === "boolean" && functions.every((each) => typeof each === "function");
}

/** What a signal was aborted with. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (thrown) {
    return thrown;
  }
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
  try {
    return /^(Mozilla|Deno)\//.test(globalThis.navigator.userAgent);
  } catch {
    return false;
  }
}

/** 128 random bits, to mark the attempts of one create. */
export function randomTag(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Milliseconds of a clock that never goes back. */
export function elapsedMs(): number {
  return performance.now();
}

/** Tells a caller's listener; whatever it throws, now or later, is its own affair. */
export function notify(listener: (event: unknown) => unknown, event: unknown): void {
  settled(() => listener(event)).catch(() => {});
}

/** Hands work to a caller's `waitUntil`; it goes on whether or not that takes it. */
export function hold(waitUntil: (work: Promise<unknown>) => unknown, work: Promise<unknown>): void {
  settled(() => waitUntil(work)).catch(() => {});
}

/** What a stranger's function returns or throws, as a promise of our own. */
function settled<T>(call: () => T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}

/** The longest delay that `setTimeout` can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What the module waits for now. */
const waiting = new Set<Stop>();

/** Ends everything that the module waits for without telling it: it has failed, and is gone. */
export function abandon(): void {
  for (const stop of waiting) stop.abandon();
}

/** Ends an attempt or a wait: at its limit, or when the caller aborts, whichever comes first. */
export class Stop {
  /** Whether the limit passed. */
  timedOut = false;
  /** Whether the caller aborted. */
  aborted = false;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #over: Promise<never>;
  #reject!: (reason: unknown) => void;
  #abandoned = false;

  /** May throw: the caller's signal can. */
  constructor(limitMs: number, caller: AbortSignal | undefined) {
    this.#over = new Promise((_, reject) => (this.#reject = reject));
    this.#over.catch(() => {});
    this.#caller = caller;
    caller?.addEventListener("abort", this.#abort);
    if (limitMs < Infinity) {
      this.#timer = setTimeout(
        () => {
          this.timedOut = true;
          this.#stop();
        },
        Math.min(limitMs, LONGEST_TIMER_MS),
      );
    }
    if (caller?.aborted) this.#abort();
    waiting.add(this);
  }

  #abort = (): void => {
    this.aborted = true;
    this.#stop();
  };

  #stop(): void {
    this.#reject(undefined);
    this.#controller.abort();
  }

  /** Hand this to fetch, so that the connection ends with the attempt. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles as the work does, or rejects when it is over: a stranger's promise may never settle. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (reason: unknown): unknown => this.#abandoned || reject(reason);
      work.then((value) => this.#abandoned || resolve(value), fail);
      this.#over.catch(fail);
    });
  }

  /** Rejects when it is over. */
  wait(): Promise<never> {
    return this.#over;
  }

  /** Ends it, so that nobody who waits is answered any more. */
  abandon(): void {
    this.#abandoned = true;
    this.end();
    this.#controller.abort();
  }

  /** Clears the timer and leaves the caller's signal alone. */
  end(): void {
    waiting.delete(this);
    clearTimeout(this.#timer);
    try {
      this.#caller?.removeEventListener("abort", this.#abort);
    } catch {
      // A signal that cannot be left fires into an attempt that is over.
    }
  }
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

/** Calls the function that a caller gave as its token. */
export function askToken(stop: Stop, token: () => unknown): Promise<unknown> {
  return stop.race(settled(token));
}

/**
 * Reads what fetch returned, to the end of the body. Rejects if that is no response, if its body
 * breaks off, or when the attempt is over.
 */
export async function receive(stop: Stop, sent: unknown): Promise<Answer> {
  const response = (await stop.race(settled(() => sent))) as Response;
  const status = response?.status;
  if (!Number.isInteger(status) || status < 0 || status > 999) throw new TypeError(NO_RESPONSE);
  const text = await stop.race(settled(() => response.text()));
  if (typeof text !== "string") throw new TypeError(NO_RESPONSE);
  return {
    status,
    requestId: headerOf(response, "x-request-id"),
    shouldRetry: headerOf(response, "x-should-retry"),
    retryAfterMs: headerOf(response, "retry-after-ms"),
    retryAfter: headerOf(response, "retry-after"),
    value: parse(text),
  };
}

const NO_RESPONSE = "fetch returned something that is no Response";

/** A parser's message quotes what it read, so it goes no further than here. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function headerOf(response: Response, name: string): string | undefined {
  try {
    const value: unknown = response.headers.get(name);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
