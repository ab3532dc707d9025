// What the console shows of an error if the operator gives no `onError`: one line, without what looks like a
// secret or names a person. An error from other code may hold anything.

import { NO_SECRETS, redactText } from "../redact.js";

/** How much of a text is shown. */
const LONGEST = 500;

/** Names of what identifies somebody, such as `sid` or `userId`. */
const NAMES = /\b\w*(?:sid|sub|session|secret|token|password|user|member|email)(?:[_-]?id)?/;

/** A value, in quotes or without. */
const VALUE = /"[^"]*"|'[^']*'|[^\s&;,"'(){}[\]]+/;

/** What is left out, each with what takes its place. */
const HIDDEN: readonly [RegExp, string][] = [
  // A line break could make up another entry of the log.
  [/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " "],
  // Signed tokens, and what follows the name of a scheme or of a header with credentials.
  [/\beyJ[\w-]+(\.[\w-]*)*|\b(bearer|basic)\s+\S+/gi, "[redacted]"],
  [/\b((?:set-)?cookie|authorization)\s*[:=].*/gi, "$1: [redacted]"],
  // The value after a name of what identifies somebody, however it is written.
  [new RegExp(`(${NAMES.source}\\s*[=:]\\s*)(?:${VALUE.source})`, "gi"), "$1[redacted]"],
  // The value of `name=value` and of `"name": "value"`, as in a query, a cookie or JSON.
  [/([\w.-])=("[^"]*"|'[^']*'|[^\s&;,"')]+)/g, "$1=[redacted]"],
  [/(["'])\s*:\s*("[^"]*"|'[^']*'|[\w.-]+)/g, "$1: [redacted]"],
  // E-mail addresses, and what mixes letters with digits or is long: most ids are like that.
  [/[^\s@:/<>"'()[\],]+@[\p{L}\p{N}.-]+/gu, "[redacted]"],
  [/(?<![\w.-])(?=[\w.-]*\d)(?=[\w.-]*[a-z_])[\w.-]{3,}/gi, "[redacted]"],
  [/[\w-]{25,}|\d{7,}/g, "[redacted]"],
];

/** Logs an error's name and message. */
export function log(error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(typeof error);
  console.error(`key broker: ${shown(name)}: ${shown(message)}`);
}

function shown(text: unknown): string {
  const redacted = redactText(String(text).slice(0, LONGEST * 4), NO_SECRETS);
  const hidden = HIDDEN.reduce((rest, [what, instead]) => rest.replace(what, instead), redacted);
  return hidden.trim().slice(0, LONGEST);
}
