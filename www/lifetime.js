// The lifetimes that the form offers for a new key, and what each means. Pure.

import { day, hourAndMinute } from "./time.js";

/** The form's choices. */
export const LIFETIMES = [
  { value: "1h", label: "1 hour" },
  { value: "1d", label: "1 day" },
  { value: "30d", label: "30 days" },
  { value: "90d", label: "90 days" },
  { value: "365d", label: "1 year" },
  { value: "date", label: "Until a date" },
  { value: "never", label: "Never expires" },
];

const LENGTHS = { h: 3_600_000, d: 86_400_000 };

/**
 * When a key with this lifetime expires, in milliseconds; undefined if never, or if no date is chosen yet.
 */
export function endOf(choice, date, now) {
  if (choice === "never") return undefined;
  if (choice === "date") return date ? lastMoment(date) : undefined;
  return now + parseInt(choice, 10) * LENGTHS[choice.at(-1)];
}

/** The option of `createApiKey` for this choice. The module refuses a missing date. */
export function expiryOf(choice, date) {
  if (choice === "never") return {};
  if (choice !== "date") return { expiresIn: choice };
  const end = date ? lastMoment(date) : NaN;
  return { expireTime: Number.isNaN(end) ? String(date) : new Date(end).toISOString() };
}

/** What the user should know about this choice before creating the key. */
export function consequence(choice, date, now) {
  if (choice === "never") {
    return {
      warning: true,
      text:
        "This key works until somebody revokes it. If it leaks, it stays leaked. " +
        "Choose a year and rotate it, if you can.",
    };
  }
  const end = endOf(choice, date, now);
  if (end === undefined || Number.isNaN(end))
    return { warning: false, text: "The key works to the end of that day." };
  if (end <= now) return { warning: true, text: "That day is over. Choose one that is still to come." };
  const at = end - now < 2 * LENGTHS.d ? ` at ${hourAndMinute(end)}` : "";
  return { warning: false, text: `The key stops working on ${day(end)}${at}.` };
}

/** The local end of a day from a date field, such as `2026-11-25`. */
function lastMoment(date) {
  const [year, month, dayOfMonth] = date.split("-").map(Number);
  return new Date(year, month - 1, dayOfMonth, 23, 59, 59).getTime();
}
