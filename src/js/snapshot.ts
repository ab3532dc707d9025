// Options as they are when a call is made, where they cannot be read at once. Total: a hostile
// object is left as it is, for the module to refuse.

/** How long to wait for the module. */
export interface Patience {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What an operation may take where nobody says otherwise, in milliseconds. */
export const PATIENCE: Patience = { limitMs: 120_000 };

/**
 * A copy of the options, and of the records among them. Only of a plain object, whose own fields are
 * all that it has: others may mean what no copy does.
 */
export function snapshot(options: unknown): unknown {
  try {
    if (!isPlain(options) || isDeep(options)) return options;
    const entries = Object.entries(options);
    if (entries.length === 0) return options;
    return Object.fromEntries(
      entries.map(([name, value]) => [name, isPlain(value) && !isDeep(value) ? { ...value } : value]),
    );
  } catch {
    return options;
  }
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** Whether there is more to an object than can be seen. */
function isDeep(value: object): boolean {
  return Object.getOwnPropertyNames(value).length !== Object.keys(value).length;
}

/** How long an operation with these options may wait for the module; wrong ones are not its affair. */
export function patienceOf(options: unknown, defaults: unknown): Patience {
  const limitMs = of("totalTimeoutMs", options, defaults);
  const signal = of("signal", options, defaults);
  return {
    limitMs: typeof limitMs === "number" && limitMs > 0 ? limitMs : PATIENCE.limitMs,
    signal: signal instanceof AbortSignal ? signal : undefined,
  };
}

function of(name: string, ...from: unknown[]): unknown {
  for (const options of from) {
    try {
      const value = (options as Record<string, unknown> | undefined)?.[name];
      if (value !== undefined) return value;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
