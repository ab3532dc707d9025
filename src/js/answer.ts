// Reads answers, and describes them in one piece that the module reads.

import { field, isResource, kindOf, listIn, textOf } from "./body.js";

/** An answer, read to its end. `value` is the parsed body; undefined if that is not JSON. */
export interface Answer {
  readonly status: number;
  readonly value: unknown;
  readonly requestId: string | undefined;
  readonly date: string | undefined;
  /** What the headers say of a retry: `x-should-retry`, `retry-after-ms` and `retry-after`. */
  readonly hints: readonly (string | undefined)[];
}

/**
 * Reads the response that fetch returned, to the end of its body. Rejects if it is not a response, or if its
 * body breaks off. The signal ends the reading: a fetch may not have passed it on.
 */
export async function read(sent: unknown, signal: AbortSignal | undefined): Promise<Answer> {
  const response = (await sent) as Response;
  const status = response?.status;
  if (!Number.isInteger(status) || status < 0 || status > 999) throw new TypeError(NO_RESPONSE);
  // A response that `Response.error()` makes has the status 0, like a redirect, but is not one.
  if (response.type === "error") throw new TypeError("fetch returned a network error");
  const text: unknown = await (signal ? textUntil(signal, response) : response.text());
  if (typeof text !== "string") throw new TypeError(NO_RESPONSE);
  const value = parse(text);
  // The headers are getters because those of a success are seldom needed.
  return {
    status,
    value,
    get requestId() {
      return headerOf(response, "x-request-id");
    },
    get date() {
      return wordOf(response, "date", DATE);
    },
    get hints() {
      return [
        wordOf(response, "x-should-retry", /^(true|false)$/),
        wordOf(response, "retry-after-ms", NUMBER),
        wordOf(response, "retry-after", NUMBER) ?? wordOf(response, "retry-after", DATE),
      ];
    },
  };
}

/** The text of a body. An abort cancels what is left of it, where the platform's own method would read it. */
async function textUntil(signal: AbortSignal, response: Response): Promise<unknown> {
  const { body } = response;
  if (!body || response.text !== globalThis.Response?.prototype.text) return response.text();
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel);
  const decoder = new TextDecoder();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (done) return text;
  }
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

/**
 * Describes an answer: the status, what its body says of the request, what the headers say of a retry, and
 * these fields of the body. `src/answer.rs` has the letters. A secret is never described.
 */
export function describeAnswer(answer: Answer, fields: string): string {
  const { status, value } = answer;
  const kind = kindOf(value);
  // Only what failed is tried again.
  const hints = status >= 200 && status <= 299 && kind < 2 ? NO_HINTS : answer.hints;
  const told = hints.map((hint) => (hint === undefined ? "u" : described(hint)));
  const head = `${kind}${status}:${told.join("")}`;
  return isResource(value) ? head + describeResource(value, fields) : head;
}

/** Describes a page's list of this name as {@link describeAnswer} does each item; "" if it is no list. */
export function describeList(answer: Answer, name: string, fields: string): string {
  const list = listIn(answer.value, name);
  return Array.isArray(list) ? list.map((item) => describeResource(item, fields)).join("") : "";
}

/** An item of a page's list. */
export function itemOf(answer: Answer, name: string, index: number): unknown {
  return (listIn(answer.value, name) as unknown[])[index];
}

/** Whether an answer is a page with a list of this name. */
export function isPage(answer: Answer, name: string): boolean {
  return Array.isArray(listIn(answer.value, name));
}

function describeResource(resource: unknown, fields: string): string {
  const key = textOf(resource, "key");
  const tells = (value: string): boolean => key !== undefined && value.includes(key);
  let text = key === undefined ? "-" : "k";
  for (const name of (names[fields] ??= fields.split(" "))) {
    const value = field(resource, name) ?? "";
    // A secret stays here, also if another field holds it.
    if (value === "") text += "u";
    else if (typeof value === "string") text += tells(value) ? "h" : described(value);
    else if (typeof value === "number") text += `#${described(`${value}`).slice(1)}`;
    else text += value === false ? "f" : "x";
  }
  const annotations = field(resource, "annotations");
  if (isResource(annotations)) {
    for (const [name, value] of Object.entries(annotations)) {
      // A service may keep much that is none of our business.
      if (name.startsWith("fireworks-keys-") && typeof value === "string" && value !== "") {
        if (!tells(name + value)) text += `${described(name)}${described(value)}`;
      }
    }
  }
  return `${text}.`;
}

const NO_HINTS = [undefined, undefined, undefined];

/** The lists of fields that were asked for, apart. */
const names: Record<string, string[]> = {};

/** A text, after its length in UTF-16 units. */
function described(text: string): string {
  return `s${text.length}:${text}`;
}
