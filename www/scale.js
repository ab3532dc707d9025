// The timeline's arithmetic: positions of moments, the order of keys, and the picture in words. Pure.

import { grouped } from "./numbers.js";
import { DAY, relative } from "./time.js";

/** The marked moments, in days from today. */
const MARKS = [
  { days: -1095, label: "3 years ago" },
  { days: -365, label: "1 year ago" },
  { days: -90, label: "3 months ago" },
  { days: -30, label: "1 month ago" },
  { days: -7, label: "1 week ago" },
  { days: 1, label: "1 day" },
  { days: 7, label: "1 week" },
  { days: 30, label: "1 month" },
  { days: 90, label: "3 months" },
  { days: 365, label: "1 year" },
  { days: 1095, label: "3 years" },
];

/** A key that expires within this time expires soon; the same as the audit's default. */
export const SOON = 14 * DAY;

/** Widens days near today and narrows distant years, so that both next week and next year are visible. */
function stretched(days) {
  return Math.sign(days) * Math.log1p(Math.abs(days));
}

/**
 * Places moments between `left` and `right`. The future takes at least two thirds. The scale reaches a year
 * ahead and a month back, or further if a key does.
 */
export function scaleOf(records, { now, left, right }) {
  const times = records
    .flatMap(({ created, expires }) => [created, expires])
    .filter((time) => time !== undefined);
  const days = times.map((time) => (time - now) / DAY);
  const first = days.reduce((least, day) => Math.min(least, day), -30);
  const last = days.reduce((most, day) => Math.max(most, day), 366);
  const past = Math.min(-stretched(first) / (stretched(last) - stretched(first)), 1 / 3);
  const today = left + past * (right - left);
  const at = (time) => {
    const day = (time - now) / DAY;
    const share = day < 0 ? stretched(day) / -stretched(first) : stretched(day) / stretched(last);
    return today + share * (day < 0 ? today - left : right - today);
  };
  const marks = MARKS.filter(({ days }) => days >= first && days <= last).map(({ days, label }) => ({
    label,
    x: at(now + days * DAY),
  }));
  return { at, today, marks };
}

/** Whether a key has an end that cannot be read. */
export function isUnread({ expires, key }) {
  return expires === undefined && Boolean(key?.expireTime);
}

/** When a key expires: `expired`, `soon`, `later` or `never`. */
export function stateOf({ expires }, now) {
  if (expires === undefined) return "never";
  if (expires <= now) return "expired";
  return expires <= now + SOON ? "soon" : "later";
}

/** The records in drawing order: those that never expire, then by expiry time, then the expired ones. */
export function lanes(records, now) {
  const rank = { never: 0, soon: 1, later: 1, expired: 2 };
  return records.toSorted(
    (one, other) =>
      rank[stateOf(one, now)] - rank[stateOf(other, now)] || (one.expires ?? 0) - (other.expires ?? 0),
  );
}

/** Leaves out marks whose labels would overlap. */
export function spaced(marks, gap) {
  const kept = [];
  for (const mark of marks) {
    if (mark.x - (kept.at(-1)?.x ?? -Infinity) >= gap) kept.push(mark);
  }
  return kept;
}

/** The picture in words: how many keys expire when, and the first names. */
export function described(records, now) {
  const groups = { never: [], unread: [], soon: [], later: [], expired: [] };
  for (const record of records) groups[isUnread(record) ? "unread" : stateOf(record, now)].push(record);
  const lines = [
    ["Never expire", groups.never, ({ name }) => name],
    ["End unreadable", groups.unread, ({ name }) => name],
    ["End within 14 days", groups.soon, ({ name, expires }) => `${name} ${relative(expires, now)}`],
    ["End later", groups.later, ({ name, expires }) => `${name} ${relative(expires, now)}`],
    ["Have ended", groups.expired, ({ name, expires }) => `${name} ${relative(expires, now)}`],
  ];
  return lines
    .filter(([, group]) => group.length > 0)
    .map(([label, group, words]) => ({
      label,
      count: group.length,
      names: namesOf(group, words),
    }));
}

function namesOf(group, words) {
  const shown = soonest(group, 8).map(words);
  const rest = group.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${grouped(rest)} more` : "");
}

/** The first of the records, by their ends; of those that never end, the first as they stand. */
function soonest(records, number) {
  const first = [];
  for (const record of records) {
    if (first.length === number && !(record.expires < first.at(-1).expires)) continue;
    const at = first.findIndex(({ expires }) => record.expires < expires);
    first.splice(at < 0 ? first.length : at, 0, record);
    first.length = Math.min(first.length, number);
  }
  return first;
}
