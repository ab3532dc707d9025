// Takes secrets out of what a server or a fetch said, so that it can stand in an error. Total:
// whatever it is given, it returns.

/** What stands in a secret's place. */
const REDACTED = "[redacted]";

/** Anything that looks like a Fireworks key. */
const LIKE_A_KEY = /fw_[\w-]+/g;

/** How deep a value is copied; what lies deeper is left out. */
const DEEPEST = 8;

/** The text without the token and without anything like `fw_…`. */
export function redactText(text: string, token: string | undefined): string {
  const rest = token ? text.replaceAll(token, REDACTED) : text;
  return rest.replace(LIKE_A_KEY, REDACTED);
}

/** A copy of a parsed JSON value without the token, without any `key`, without any `fw_…`. */
export function redactBody(value: unknown, token: string | undefined, depth = 0): unknown {
  if (typeof value === "string") return redactText(value, token);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((item) => redactBody(item, token, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      redactText(name, token),
      name === "key" ? REDACTED : redactBody(item, token, depth + 1),
    ]),
  );
}

/** A copy of what somebody threw: an error's name, message, code and cause, all redacted. */
export function redactCause(cause: unknown, token: string | undefined, depth = 0): unknown {
  try {
    if (typeof cause === "string") return redactText(cause, token);
    if (typeof cause !== "object" && typeof cause !== "function") return cause;
    if (cause === null || depth >= DEEPEST) return undefined;
    const { name, message, code, cause: deeper } = cause as Record<string, unknown>;
    if (typeof message !== "string") return undefined;
    const copy = new Error(redactText(message, token));
    const inner = redactCause(deeper, token, depth + 1);
    const fields = { name: textOf(name, token), code: textOf(code, token), cause: inner };
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      Object.defineProperty(copy, field, { value, configurable: true, writable: true });
    }
    // A copy's own stack would say where it was copied.
    copy.stack = `${copy.name}: ${copy.message}`;
    return copy;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown, token: string | undefined): unknown {
  return typeof value === "string" ? redactText(value, token) : undefined;
}
