// How long a call waits for the module to load. Options that are wrong do not matter here: the module
// refuses them once it is there.

import { isAbortSignal } from "./host.js";

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
    signal: isSignal(signal) ? signal : undefined,
  };
}

/** As the module takes one: a signal of any realm. */
function isSignal(value: unknown): value is AbortSignal {
  try {
    return isAbortSignal(value);
  } catch {
    return false;
  }
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
