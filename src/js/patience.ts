// How long a call waits for the module to load. Wrong options are ignored here: the module refuses them
// once it is loaded.

import { isAbortSignal } from "./options.js";

/** How long to wait for the module. */
export interface Patience {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The module's own default of `totalTimeoutMs`, in milliseconds. */
export const PATIENCE: Patience = { limitMs: 120_000 };

/** How long an operation with these options may wait for the module. */
export function patienceOf(options: unknown, defaults: unknown): Patience {
  const limitMs = optionOf("totalTimeoutMs", isLimit, options, defaults);
  return {
    limitMs: limitMs ?? PATIENCE.limitMs,
    signal: optionOf("signal", isAbortSignal, options, defaults),
  };
}

function isLimit(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}

function optionOf<T>(name: string, isOne: (value: unknown) => value is T, ...from: unknown[]): T | undefined {
  try {
    for (const options of from) {
      const value = (options as Record<string, unknown> | undefined)?.[name];
      if (value !== undefined) return isOne(value) ? value : undefined;
    }
  } catch {
    // The module will say what is wrong with the option.
  }
  return undefined;
}
