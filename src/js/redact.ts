// Takes secrets out of what a server said, so that it can stand in an error or a log.

/** What stands in a secret's place. */
const REDACTED = "[redacted]";

/** Anything that looks like a Fireworks key. */
const LIKE_A_KEY = /\bfw_[\w-]+/g;

/** How deep a body is copied; what lies deeper is left out. */
const DEEPEST = 8;

/** A copy of a parsed JSON value without the token, without any `key`, without any `fw_…`. */
export function redact(value: unknown, token: string, depth = 0): unknown {
  if (typeof value === "string") return redactText(value, token);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((item) => redact(item, token, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      redactText(name, token),
      name === "key" ? REDACTED : redact(item, token, depth + 1),
    ]),
  );
}

/** The text without the token and without any `fw_…`. */
export function redactText(text: string, token: string): string {
  return text.replaceAll(token, REDACTED).replace(LIKE_A_KEY, REDACTED);
}
