// Times as the API writes them: RFC 3339 in UTC, to the microsecond, without trailing zeros.

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970, or the text of a time without its fraction, as such a time. */
export function written(time: number | string, fraction?: string): string {
  const text = new Date(time).toISOString();
  const digits = (fraction ?? text.slice(20, -1)).slice(0, 6);
  return `${`${text.slice(0, 19)}.${digits}`.replace(/\.?0*$/, "")}Z`;
}

/** The same time in UTC, or undefined if the text is not an RFC 3339 time of the years 0 to 9999. */
export function normalised(text: string): string | undefined {
  const [, local = "", fraction = "", zone] = RFC_3339.exec(text.toUpperCase()) ?? [];
  // A date that no calendar has, such as 30 February, is moved on by some engines. What is no time at all
  // has no JSON, and a year of more than four digits a longer one.
  const exists = new Date(`${local}Z`).toJSON()?.startsWith(local);
  const utc = local + zone;
  return exists && new Date(utc).toJSON()?.length === 24 ? written(utc, fraction) : undefined;
}

/** Whether one of these times is later than the other. */
export const isLater = (one: string, other: string) => one.slice(0, -1) > other.slice(0, -1);
