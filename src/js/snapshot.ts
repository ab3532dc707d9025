// Copies options when a call is made, if they can only be read later. Never throws: a hostile object is
// left as it is, and the module refuses it.

/**
 * Copies the options, and the plain objects among their values. Only plain objects whose fields are all
 * enumerable are copied: a copy of any other object may behave differently.
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
