// Reads durations as the module does (src/lifecycle/duration.rs). A broker cannot use the module for this,
// because it reads its configuration before the module is loaded.

/** A number of seconds, or an integer and one of `s m h d w`, such as `"5m"`. */
export type Duration = number | string;

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** The largest count that the module accepts. */
const MOST = 2 ** 32 - 1;

/** @internal A duration in milliseconds; undefined if the value is not a duration. */
export function milliseconds(value: unknown): number | undefined {
  const seconds = typeof value === "string" ? secondsOf(value) : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds <= 0) return undefined;
  return seconds * 1_000;
}

function secondsOf(text: string): number | undefined {
  const [, digits, unit] = /^([0-9]+)([smhdw])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined || Number(digits) > MOST) return undefined;
  return Number(digits) * (SECONDS[unit] ?? Number.NaN);
}
