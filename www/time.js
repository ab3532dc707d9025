// Times in words. Pure: the current time is an argument, in milliseconds since 1970.

import { remembering } from "./remember.js";

const SECOND = 1_000;

/** A minute in milliseconds. */
export const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A day in milliseconds. */
export const DAY = 24 * HOUR;

const UNITS = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["week", 7 * DAY],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
];

// The words of the page are English; dates and numbers are written as the browser’s language does. A format
// is made when it is needed: a browser needs 30 ms and more for the first, as it reads its languages then.
const relativeFormat = remembering(() => new Intl.RelativeTimeFormat("en", { numeric: "always" }));
const exactFormat = dates({ dateStyle: "medium", timeStyle: "long" });
const minuteFormat = dates({ timeStyle: "short" });
const timeFormat = dates({ timeStyle: "medium" });
const dateFormat = dates({ dateStyle: "medium" });
const secondsFormat = remembering(
  () => new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
);

/** A format for dates, made when it is first called for. */
export function dates(options) {
  return remembering(() => new Intl.DateTimeFormat(undefined, options));
}

/** Parses a time from the service into milliseconds; undefined if it is missing or cannot be read. */
export function parseTime(text) {
  const ms = typeof text === "string" ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** "in 3 days", "2 hours ago": rounded towards now, so that no time seems further away than it is. */
export function relative(ms, now) {
  const distance = ms - now;
  const size = Math.abs(distance);
  if (size < MINUTE) return distance < 0 ? "just now" : "in less than a minute";
  // Weeks begin at two, and so do months and years, since "in 9 days" says more than "in 1 week".
  const [unit, length] = UNITS.find(([unit, length]) => size >= (ROUGH.has(unit) ? 2 : 1) * length);
  return relativeFormat().format(Math.trunc(distance / length), unit);
}

const ROUGH = new Set(["year", "month", "week"]);

/** Date and time to the second, with the time zone. */
export function exact(ms) {
  return exactFormat().format(ms);
}

/** Only the date. */
export function day(ms) {
  return dateFormat().format(ms);
}

/** The time of day, to the minute. */
export function hourAndMinute(ms) {
  return minuteFormat().format(ms);
}

/** The time of day, to the second. */
export function clockTime(ms) {
  return timeFormat().format(ms);
}

/** How long something lasts, in the largest unit of which it has two: "3 days", "73 hours", "60 minutes". */
export function lasting(ms) {
  for (const [unit, length] of LENGTHS) {
    const number = Math.round(ms / length);
    if (number >= 2 || (number === 1 && Math.abs(ms - length) < length / 60) || length === SECOND)
      return `${number} ${unit}${number === 1 ? "" : "s"}`;
  }
}

const LENGTHS = [
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", SECOND],
];

/** How long something took: "420 ms", "3.2 s", "2 min 5 s". */
export function took(ms) {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${secondsFormat().format(ms / SECOND)} s`;
  const seconds = Math.round((ms % MINUTE) / SECOND);
  return `${Math.floor(ms / MINUTE)} min${seconds > 0 ? ` ${seconds} s` : ""}`;
}
