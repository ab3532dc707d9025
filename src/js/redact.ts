// Redacts the secrets in what a server or a fetch said, so that an error can repeat it. These functions
// take any value.

import { cut } from "./bounds.js";

/** What an error may not repeat: tokens, new keys, and what a caller put into headers. */
export interface Secrets {
  /** The secrets themselves, the longest first: one may be a part of another. */
  readonly whole: readonly string[];
  /** The parts of long secrets and of their base64, and the halves of parts, as {@link uniform} has them. */
  readonly parts: ReadonlySet<string>;
}

/** For what nobody knows a secret of. */
export const NO_SECRETS: Secrets = { whole: [], parts: new Set() };

/** The text that replaces a secret. */
const REDACTED = "[redacted]";

/**
 * What may be a Fireworks key. A random text with fewer than sixteen characters after the prefix would be no
 * secret, and a server's names, such as `fw_limit`, begin in the same way.
 */
const LIKE_A_KEY = /fw_[\w-]{16,}/gi;

/** Words that are shorter than the keys that were seen: `fw_requests_per_minute`. */
const WORDS = /^(?!.{27})[a-z]{1,15}(_[a-z]{1,15})*$/i;

/** The rest of a longer secret that began with a redacted one. */
const HANGING_ON = /\[redacted\][\w-]+/g;

/** How many levels of a value are copied; deeper ones are left out. */
const DEEPEST = 8;

/** How long a part is: so much of a long secret is redacted even if it is all that a text holds of it. */
const PART = 12;
const HALF = PART / 2;

/** How long a secret must be to be redacted in parts and encoded: a short one would eat the text. */
const LONG = 16;

/** How much of a secret has parts: it is the server that decides how long a new key is. */
const LONGEST = 4_096;

/** How much of a cause's message is repeated, how much of it a console shows, and how much of its name. */
const LONGEST_MESSAGE = 1_000;
const LONGEST_SHOWN = 300;
const LONGEST_NAME = 50;

/** How many different encodings around each other are undone. */
const LEVELS = 4;

/** A character as a URL or a JavaScript string may write it, also if that is encoded once more. */
const ESCAPED = /(?:%(?:25)*(?:u00)?|\\+(?:x|u(?:00|\{0*)))([0-9a-f]{2})\}?/gi;

/** A character as HTML may write it, also if that is encoded once more. */
const ENTITY = /&(?:amp;)*(?:#(?:x0*([0-9a-f]{2})|0*(\d{2,3}));?|(amp|lt|gt|quot|apos);)/gi;

/** The end of a line, also as JSON writes it. */
const LINE_ENDS = /[\r\n]+|(?:\\+[rn])+/g;

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The secrets among these texts: every token, and the others unless they are short. */
export function secretsOf(tokens: readonly string[], others: readonly string[] = []): Secrets {
  const whole = [...tokens, ...others.filter(({ length }) => length >= PART)];
  const parts = new Set<string>();
  for (const secret of whole.filter(({ length }) => length >= LONG)) {
    const start = secret.slice(0, LONGEST);
    const base64 = base64Of(start);
    const forms = [start, decoded(start), hexOf(start), ...base64, ...base64.flatMap(base64Of)];
    for (const text of forms.map(uniform)) {
      for (let at = 0; at + HALF <= text.length; at += 1) {
        parts.add(text.slice(at, at + HALF)).add(text.slice(at, at + PART));
      }
    }
  }
  return { whole: whole.sort((one, other) => other.length - one.length), parts };
}

/** The digits of a text's base64 that tell of nothing but the text, for each place where it may begin. */
function base64Of(text: string): string[] {
  if (/[^\0-\xff]/.test(text)) return [];
  return [0, 2, 3].map((first, before) =>
    btoa("\0".repeat(before) + text).slice(first, Math.floor(((before + text.length) * 4) / 3)),
  );
}

/** The hexadecimal digits of a text's characters. */
function hexOf(text: string): string {
  return Array.from(text, (each) => each.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** The text in one case and in one alphabet of base64. It is exactly as long. */
function uniform(text: string): string {
  // The one letter that is two in lower case.
  return text.replaceAll("İ", "I").toLowerCase().replaceAll("-", "+").replaceAll("_", "/");
}

/**
 * A text without the parts of long secrets. What remains of a secret is shorter than a part. Its lines are
 * joined if secrets go on from one to the next.
 */
function withoutParts(text: string, { parts }: Secrets): string {
  if (parts.size === 0) return text;
  const joined = text.replace(LINE_ENDS, "");
  const found = withoutEach(joined, parts);
  const apart = joined === text ? found : withoutEach(text, parts);
  return apart.replace(LINE_ENDS, "") === found ? apart : found;
}

function withoutEach(text: string, parts: Secrets["parts"]): string {
  const searched = uniform(text);
  let kept = "";
  let after = 0;
  // Wherever a part stands, there is a half of one at a multiple of its length: most texts have none there.
  for (let half = 0; half < text.length; half += HALF) {
    if (!parts.has(searched.slice(half, half + HALF))) continue;
    for (let start = Math.max(half - HALF, 0); start <= half; start += 1) {
      const end = start + PART;
      if (end > text.length || !parts.has(searched.slice(start, end))) continue;
      if (start > after || after === 0) kept += text.slice(after, start) + REDACTED;
      after = end;
    }
  }
  return kept + text.slice(after);
}

/** A text with its encoded characters as they are. */
function decoded(text: string): string {
  const character = (code: string | number): string => String.fromCharCode(Number(code));
  return text
    .replace(ESCAPED, (_, hex) => character(`0x${hex}`))
    .replace(ENTITY, (_, hex, decimal, name) =>
      name ? (NAMED[name.toLowerCase()] ?? "") : character(hex ? `0x${hex}` : decimal),
    );
}

/** A text without what `clean` takes out of it. If that is more where the text is decoded, it is decoded. */
function cleaned(text: string, clean: (text: string) => string): string {
  let plain = text;
  let last = clean(plain);
  let best = last;
  // Each level is decoded before anything is taken out of it: a secret may be encoded in its middle only.
  for (let level = 0; level < LEVELS; level += 1) {
    const next = decoded(plain);
    if (next === plain) break;
    const found = clean(next);
    if (found !== decoded(last)) best = found;
    plain = next;
    last = found;
  }
  return best;
}

/**
 * A copy of a plain value without the secrets in its ids and tags: a caller or a server may have put a token
 * in the place of one.
 */
export function redactIds<T>(value: T, secrets: Secrets, isId?: boolean): T;
export function redactIds(value: unknown, secrets: Secrets, isId = false): unknown {
  if (typeof value === "string") return isId ? redactId(value, secrets) : value;
  if (Array.isArray(value)) return value.map((each) => redactIds(each, secrets, isId));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, redactIds(each, secrets, ID.test(name))]),
  );
}

/** The names of ids and tags. */
const ID = /(Ids?|Tag)$/;

function redactId(id: string, secrets: Secrets): string {
  return withoutWhole(
    cleaned(id, (text) => withoutParts(text, secrets)),
    secrets,
  );
}

function withoutWhole(text: string, { whole }: Secrets): string {
  return whole.reduce((rest, secret) => rest.split(secret).join(REDACTED), text);
}

/** A text without the secrets, without longer ones that begin with one, and without what may be a key. */
export function redactText(text: string, secrets: Secrets): string {
  const keyless = (key: string): string => (WORDS.test(key) ? key : REDACTED);
  const rest = cleaned(text, (each) => withoutParts(each, secrets).replace(LIKE_A_KEY, keyless));
  return withoutWhole(rest, secrets).replace(HANGING_ON, REDACTED);
}

/**
 * A copy of a parsed JSON value without the secrets, without what may be a key, and without the `key` of
 * whatever looks like a key that was made: it has a `keyId` as well.
 */
export function redactBody(value: unknown, secrets: Secrets, depth = 0): unknown {
  if (typeof value === "string") return redactText(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((item) => redactBody(item, secrets, depth + 1));
  const isKey = Object.hasOwn(value, "keyId");
  const taken = new Set<string>();
  return Object.fromEntries(
    Object.entries(value).map(([name, item], index) => {
      let told = redactText(name, secrets);
      // No field takes the place of another because their names are equal now.
      while (taken.has(told)) told += ` ${index}`;
      taken.add(told);
      return [told, isKey && name === "key" ? REDACTED : redactBody(item, secrets, depth + 1)];
    }),
  );
}

/** A redacted copy of a thrown value. Of an error, it copies the name, message, code and cause. */
export function redactCause(cause: unknown, secrets: Secrets, depth = 0): unknown {
  try {
    if (typeof cause === "string") return redactText(cause, secrets);
    if (typeof cause === "number" || typeof cause === "boolean") return cause;
    if (typeof cause !== "object" || cause === null || depth >= DEEPEST) return undefined;
    const { name, message, code, cause: deeper, errors } = cause as Record<string, unknown>;
    if (typeof message !== "string") return undefined;
    const copy = new Error(redactText(message, secrets).slice(0, LONGEST_MESSAGE));
    // Node tries several addresses, and has one error for each.
    const inner = redactCause(deeper ?? (Array.isArray(errors) ? errors[0] : undefined), secrets, depth + 1);
    const fields = { name: textOf(name, secrets), code: textOf(code, secrets), cause: inner };
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      Object.defineProperty(copy, field, { value, configurable: true, writable: true });
    }
    // The copy's own stack would say where it was copied. The deeper, the less a console shows of it.
    copy.stack = cut(`${copy.name}: ${copy.message}`, LONGEST_SHOWN >> depth);
    return copy;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown, secrets: Secrets): unknown {
  return typeof value === "string" ? cut(redactText(value, secrets), LONGEST_NAME) : undefined;
}
