// Options as they are when a call is made, where they cannot be read at once. Total: a hostile
// object is left as it is, for the module to refuse.

/** How long to wait for the module. */
export interface Patience {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What an operation may take where nobody says otherwise, in milliseconds. */
export const PATIENCE: Patience = { limitMs: 120_000 };

/** A copy of the options, and of the records among them. */
export function snapshot(options: unknown): unknown {
  try {
    if (typeof options !== "object" || options === null || Array.isArray(options)) return options;
    const properties = Object.getOwnPropertyDescriptors(options);
    for (const property of Object.values(properties)) {
      if (isPlain(property.value)) property.value = { ...property.value };
    }
    return Object.create(Object.getPrototypeOf(options), properties);
  } catch {
    return options;
  }
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
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
