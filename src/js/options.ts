// Describes what the caller passed, in one piece that the module reads. Each option is read once, and nothing
// here throws: what a getter or a proxy throws becomes a part of the description.

import { unknownOption } from "./hint.js";

/** A description: text, with the numbers and the values that it refers to in their order. */
export interface Described {
  readonly text: string;
  readonly numbers: readonly number[];
  readonly values: readonly unknown[];
}

/** The longest text that an option may hold, in UTF-16 units: the module's memory is bounded. */
const LONGEST_TEXT = 2 ** 20;

/** The options of an operation: the letter of each one's kind (see `src/options/table.rs`), and its name. */
export interface Table {
  readonly kinds: readonly string[];
  readonly names: readonly string[];
}

/** Reads the module's table of an operation's options. */
export function tableIn(text: string): Table {
  const options = text.split(" ");
  return {
    kinds: options.map((option) => option.slice(0, 1)),
    names: options.map((option) => option.slice(1)),
  };
}

/**
 * Describes the options of an operation, after the text that `first` makes, and the defaults of a client if
 * it is one's method. That may be called without options, as the defaults may be enough.
 */
export function describe(
  table: Table,
  ofClients: Table,
  options: unknown,
  defaults: unknown,
  first?: () => string | undefined,
): Described {
  const description = new Description();
  description.made(first);
  const isClient = defaults !== undefined;
  description.text += isClient ? "c" : "f";
  if (isClient) description.object(defaults, ofClients.names, table);
  description.object(isClient && options === undefined ? {} : options, table.names, table);
  return description;
}

/** A description in the making. Its letters are those of `Given` in `src/options/passed.rs`. */
class Description implements Described {
  text = "";
  readonly numbers: number[] = [];
  readonly values: unknown[] = [];

  /** Describes a text that is made: the random bits that mark creates, or the token of a page. */
  made(make: (() => string | undefined) | undefined): void {
    try {
      const text = make?.();
      this.text += text === undefined ? "u" : `s${text.length}:${text}`;
    } catch (cause) {
      this.#threw(cause);
    }
  }

  /** Describes an object's options, if it is an object without a name that is not known. */
  object(object: unknown, known: readonly string[], { kinds, names }: Table): void {
    try {
      if (typeof object !== "object" || object === null || Array.isArray(object)) {
        this.text += "x";
        return;
      }
      const unknown = unknownIn(object, known);
      if (unknown !== undefined) {
        this.text += "?";
        this.#string(unknown);
        this.#string(unknownOption(unknown, known));
        return;
      }
    } catch (cause) {
      this.#threw(cause);
      return;
    }
    this.text += ".";
    let index = 0;
    for (const name of names) {
      const { text } = this;
      try {
        this.#option(kinds[index++], object as Record<string, unknown>, name);
      } catch (cause) {
        this.text = text;
        this.#threw(cause);
      }
    }
  }

  #threw(cause: unknown): void {
    this.text += "!";
    this.values.push(cause);
  }

  #option(kind: string | undefined, object: Record<string, unknown>, name: string): void {
    const value = kind === "-" ? undefined : valueOf(object, name);
    if (value !== undefined) this.#value(kind, value);
    // A lifetime must not be named without a value.
    else this.text += (kind === "d" || kind === "e") && isNamed(object, name) ? "v" : "u";
  }

  #value(kind: string | undefined, value: unknown): void {
    if (kind === "s") this.#string(value);
    else if (kind === "n") this.#number(value);
    else if (kind === "b") this.text += typeof value === "boolean" ? Number(value) : "x";
    else if (kind === "f") this.#reference(typeof value === "function", value);
    else if (kind === "g") this.#reference(isAbortSignal(value), value);
    else if (kind === "k") this.#token(value);
    else if (kind === "d") this.#string(textOfDate(value) ?? value);
    else if (kind === "e" && typeof value === "number") this.#number(value);
    else if (kind === "e") this.#string(value);
    else this.#entries(kind, value);
  }

  #string(value: unknown): void {
    if (typeof value !== "string") this.text += "x";
    else if (value.length > LONGEST_TEXT) this.text += "l";
    else if (LONE_SURROGATE.test(value)) this.text += "i";
    else this.text += `s${value.length}:${value}`;
  }

  #number(value: unknown): void {
    this.text += typeof value === "number" ? "#" : "x";
    if (typeof value === "number") this.numbers.push(value);
  }

  /** Hands over the value itself, if it is one of its kind. */
  #reference(isOne: boolean, value: unknown, letter = "*"): void {
    this.text += isOne ? letter : "x";
    if (isOne) this.values.push(value);
  }

  /** A token's characters stay in JavaScript. */
  #token(value: unknown): void {
    if (typeof value === "function") this.#reference(true, value, "(");
    else if (value === "") this.text += "e";
    else if (typeof value === "string" && !isHeaderToken(value)) this.text += "w";
    else this.#reference(typeof value === "string", value);
  }

  /** The names and values of a plain object. A header's value may be a secret, so it stays in JavaScript. */
  #entries(kind: string | undefined, object: unknown): void {
    if (!isPlainObject(object)) {
      this.text += "x";
      return;
    }
    // If this throws, nothing of the object is described yet.
    const names = namesOf(object);
    this.text += "{";
    for (const name of names) {
      this.#string(name);
      try {
        const value = valueOf(object, name);
        if (kind !== "h") this.#string(value);
        else if (isHeaderName(name)) this.#reference(isHeaderValue(value), value);
        else this.text += "w";
      } catch (cause) {
        this.#threw(cause);
      }
    }
    this.text += "}";
  }
}

/** Matches a surrogate that stands alone: together with another it would be one character. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The enumerable names of an object, inherited ones included. May throw: a proxy's trap can. */
function namesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) {
    if (Object.hasOwn(object, name) || !(name in Object.prototype)) names.push(name);
  }
  return names;
}

/** An option's value. What somebody has added to `Object.prototype` is none. May throw: a getter can. */
function valueOf(object: Record<string, unknown>, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(object, name) ? undefined : object[name];
}

/** Whether an object has an option of this name, with or without a value. May throw: a proxy's trap can. */
function isNamed(object: object, name: string): boolean {
  return Object.hasOwn(object, name) || (name in object && !(name in Object.prototype));
}

/**
 * The name of the object's first field that is not among these names. Fields that are not enumerable
 * count, too, because they can be read as options. May throw: a proxy's trap can.
 */
function unknownIn(object: object, names: readonly string[]): string | undefined {
  const isUnknown = (name: string): boolean => !names.includes(name);
  return namesOf(object).find(isUnknown) ?? hiddenNameOf(object, isUnknown);
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

/** Whether a value is a plain object, of any realm. May throw: a proxy's trap can. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A Date of any realm as RFC 3339 text; undefined for anything else, including an invalid Date. */
function textOfDate(value: unknown): string | undefined {
  try {
    return Date.prototype.toISOString.call(value as Date);
  } catch {
    return undefined;
  }
}

/** Whether a header can carry the text: visible ASCII, which covers every token of RFC 6750. */
export function isHeaderToken(text: string): boolean {
  return text.length <= LONGEST_TEXT && /^[\x21-\x7e]+$/.test(text);
}

/** Whether the text is a header's name: a token of RFC 9110. */
export function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text);
}

/** Whether the value is text that a header can carry: Latin-1 without control characters. */
function isHeaderValue(value: unknown): boolean {
  return typeof value === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** Whether a value, of any realm, can be used as an AbortSignal. May throw: a getter can. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = Object(value);
  const functions = [addEventListener, removeEventListener];
  return typeof aborted === "boolean" && functions.every((each) => typeof each === "function");
}
