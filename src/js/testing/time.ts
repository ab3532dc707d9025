// Times as the API writes them: RFC 3339 in UTC, to the microsecond, without trailing zeros.

import type { Kind } from "./shape.js";

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/** A time that a request may hold. */
export const TIME: Kind = ["an RFC 3339 time", (value) => !!normalised(value as string)];

const trimmed = (text: string) => text.replace(/\.?0*Z$/, "Z");

/** Milliseconds since 1970 as such a time. */
export const written = (ms: number) => trimmed(new Date(ms).toISOString());

/** The same time in UTC, or undefined if the text is not an RFC 3339 time of the years 0 to 9999. */
export function normalised(text: string): string | undefined {
  const [, local = "", fraction = "", zone] = RFC_3339.exec(text.toUpperCase()) ?? [];
  // A date that no calendar has, such as 30 February, is moved on by some engines. What is no time at all
  // has no JSON, and a year of more than four digits a longer one.
  const exists = new Date(`${local}Z`).toJSON()?.startsWith(local);
  const utc = new Date(local + zone).toJSON();
  return exists && utc?.length === 24 ? trimmed(utc.replace("000Z", `${fraction.slice(0, 6)}Z`)) : undefined;
}

/** Whether what ends at one of these times, if at all, has ended at the other. Without the Z they sort. */
export const hasEnded = (end: string | undefined, now: string) =>
  !!end && end.slice(0, -1) <= now.slice(0, -1);
