// Options as they are when a call is made, where they cannot be read at once. Total: a hostile
// object is left as it is, for the module to refuse.

/**
 * A copy of the options, and of the records among them. Only of a plain object, whose own fields are
 * all that it has: others may mean what no copy does.
 */
export function snapshot(options: unknown): unknown {
  try {
    if (!isPlain(options) || hidesFields(options)) return options;
    const entries = Object.entries(options);
    if (entries.length === 0) return options;
    return Object.fromEntries(
      entries.map(([name, value]) => [name, isPlain(value) && !hidesFields(value) ? { ...value } : value]),
    );
  } catch {
    return options;
  }
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Whether an object has fields that are not enumerable. */
function hidesFields(value: object): boolean {
  return Object.getOwnPropertyNames(value).length !== Object.keys(value).length;
}
