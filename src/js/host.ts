// What the Rust asks of JavaScript. An exception that crosses Rust leaves a promise pending for
// ever, so everything here is total: it returns, or its promise settles, whatever it is given.

import { redact } from "./redact.js";

/** The enumerable names of an object, inherited ones included. May throw: a proxy's trap can. */
export function namesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) {
    if (Object.hasOwn(object, name) || !(name in Object.prototype)) names.push(name);
  }
  return names;
}

/** Whether an object is a plain record, of whichever realm. May throw: a proxy's trap can. */
export function isRecord(object: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A Date of whichever realm as RFC 3339 text. Throws for anything else, an invalid Date included. */
export function dateText(value: unknown): string {
  Date.prototype.getTime.call(value as Date);
  return Date.prototype.toISOString.call(value as Date);
}

/** Whether a header can carry the text: visible ASCII, which covers every token of RFC 6750. */
export function isHeaderToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
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

/** One answer, read to its end. `value` is what the body parsed to; nothing if it is no JSON. */
export interface Answer {
  readonly status: number;
  readonly requestId: string | undefined;
  readonly value: unknown;
}

/** The longest delay that `setTimeout` can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Ends one attempt: a timer, as an abort signal for fetch and a promise for everything else. */
export class Stop {
  /** Whether the time was up. */
  fired = false;
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #over: Promise<never>;

  constructor(limitMs: number) {
    let reject: (reason: unknown) => void;
    this.#over = new Promise((_, no) => (reject = no));
    this.#over.catch(() => {});
    this.#timer = setTimeout(
      () => {
        this.fired = true;
        reject(undefined);
        this.#controller.abort();
      },
      Math.min(limitMs, LONGEST_TIMER_MS),
    );
  }

  /** Hand this to fetch, so that the connection ends with the attempt. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles as `work` does, or rejects when the time is up: a stranger's promise may never settle. */
  race<T>(work: T | PromiseLike<T>): Promise<T> {
    return Promise.race([new Promise<T>((resolve) => resolve(work)), this.#over]);
  }

  /** Clears the timer. */
  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Calls the function that a caller gave as its token. */
export function askToken(stop: Stop, token: () => unknown): Promise<unknown> {
  return stop.race(new Promise((resolve) => resolve(token())));
}

/**
 * Reads what fetch returned, to the end of the body. Rejects if that is no response, if its body
 * breaks off, or when the attempt is over. The body of a refusal has its secrets taken out here,
 * before anybody else can see them.
 */
export async function receive(stop: Stop, sent: unknown, token: string): Promise<Answer> {
  const response = await stop.race(sent as Promise<Response>);
  const status = response?.status;
  if (!Number.isInteger(status) || typeof response.text !== "function") {
    throw new TypeError("fetch returned something that is no Response");
  }
  const text = await stop.race(response.text());
  const value = parse(text);
  const good = status >= 200 && status <= 299;
  return {
    status,
    requestId: headerOf(response, "x-request-id"),
    value: good ? value : redact(value, token),
  };
}

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
    return response.headers.get(name) ?? undefined;
  } catch {
    return undefined;
  }
}
