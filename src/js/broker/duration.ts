// Durations, by the rule of the module (src/lifecycle/duration.rs), where the module is out of reach: a
// broker's configuration is read before anything is loaded.

/** A number of seconds, or an integer and one of `s m h d w`, such as `"5m"`. */
export type Duration = number | string;

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** The largest count that the module takes. */
const MOST = 2 ** 32 - 1;

/** @internal A duration in milliseconds; nothing where it is none. */
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
