// Redacts the secrets in what a server or a fetch said, so that an error can repeat it. These functions
// take any value.

/** The text that replaces a secret. */
const REDACTED = "[redacted]";

/** Anything that looks like a Fireworks key. */
const LIKE_A_KEY = /fw_[\w-]+/g;

/** The rest of a longer secret that began with a redacted one. */
const HANGING_ON = /\[redacted\][\w-]+/g;

/** How many levels of a value are copied; deeper ones are left out. */
const DEEPEST = 8;

/** A copy of an event without the tokens. A caller or a server may have put a token in the place of an id. */
export function redactEvent(event: object, tokens: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name,
      typeof value === "string" ? withoutTokens(value, tokens) : value,
    ]),
  );
}

/** A text without the tokens. */
export function withoutTokens(text: string, tokens: readonly string[]): string {
  // The longest first: a token may be a part of another.
  const sorted = [...tokens].sort((one, other) => other.length - one.length);
  return sorted.reduce((rest, token) => rest.split(token).join(REDACTED), text);
}

/** A text without the tokens, without longer secrets that begin with one, and without any `fw_…`. */
export function redactText(text: string, tokens: readonly string[]): string {
  return withoutTokens(text, tokens).replace(LIKE_A_KEY, REDACTED).replace(HANGING_ON, REDACTED);
}

/**
 * A copy of a parsed JSON value without the tokens, without any `fw_…`, and without the `key` of whatever
 * looks like a key that was made: it has a `keyId` as well.
 */
export function redactBody(value: unknown, tokens: readonly string[], depth = 0): unknown {
  if (typeof value === "string") return redactText(value, tokens);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((item) => redactBody(item, tokens, depth + 1));
  const isKey = Object.hasOwn(value, "keyId");
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      redactText(name, tokens),
      isKey && name === "key" ? REDACTED : redactBody(item, tokens, depth + 1),
    ]),
  );
}

/** A redacted copy of a thrown value. Of an error, it copies the name, message, code and cause. */
export function redactCause(cause: unknown, tokens: readonly string[], depth = 0): unknown {
  try {
    if (typeof cause === "string") return redactText(cause, tokens);
    if (typeof cause === "number" || typeof cause === "boolean") return cause;
    if (typeof cause !== "object" || cause === null || depth >= DEEPEST) return undefined;
    const { name, message, code, cause: deeper } = cause as Record<string, unknown>;
    if (typeof message !== "string") return undefined;
    const copy = new Error(redactText(message, tokens));
    const inner = redactCause(deeper, tokens, depth + 1);
    const fields = { name: textOf(name, tokens), code: textOf(code, tokens), cause: inner };
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      Object.defineProperty(copy, field, { value, configurable: true, writable: true });
    }
    // The copy's own stack would say where it was copied.
    copy.stack = `${copy.name}: ${copy.message}`;
    return copy;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown, tokens: readonly string[]): unknown {
  return typeof value === "string" ? redactText(value, tokens) : undefined;
}
