// How long a call waits for the module. Wrong options are not its affair: the module refuses them.

/** How long to wait for the module. */
export interface Patience {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The module's own default of `totalTimeoutMs`, in milliseconds. */
export const PATIENCE: Patience = { limitMs: 120_000 };

/** How long an operation with these options may wait for the module. */
export function patienceOf(options: unknown, defaults: unknown): Patience {
  const limitMs = optionOf("totalTimeoutMs", options, defaults);
  const signal = optionOf("signal", options, defaults);
  return {
    limitMs: typeof limitMs === "number" && limitMs > 0 ? limitMs : PATIENCE.limitMs,
    signal: signal instanceof AbortSignal ? signal : undefined,
  };
}

function optionOf(name: string, ...from: unknown[]): unknown {
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
