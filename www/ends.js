// When keys end, counted by day, week or month. Pure.

import { dates, day } from "./time.js";

/** The units, and how many of each are shown. */
export const UNITS = [
  { name: "day", label: "Day", shown: 28 },
  { name: "week", label: "Week", shown: 26 },
  { name: "month", label: "Month", shown: 24 },
];

/** When the day, week (Monday) or month begins that comes `ahead` units after the current one. */
function startOf(unit, now, ahead) {
  const date = new Date(now);
  const [year, month, dayOfMonth] = [date.getFullYear(), date.getMonth(), date.getDate()];
  if (unit === "month") return new Date(year, month + ahead, 1).getTime();
  if (unit === "day") return new Date(year, month, dayOfMonth + ahead).getTime();
  const monday = dayOfMonth - ((date.getDay() + 6) % 7);
  return new Date(year, month, monday + 7 * ahead).getTime();
}

/**
 * A bin for each unit from the one of `now` on: `{ from, to, count, label }`. What has ended is not counted,
 * and so the first begins with `now`; `later` is how many end after the last.
 */
export function endsBy(unit, records, now) {
  const { shown } = UNITS.find(({ name }) => name === unit);
  const edges = Array.from({ length: shown + 1 }, (_, index) => startOf(unit, now, index));
  const bins = edges.slice(0, -1).map((from, index) => ({ from, to: edges[index + 1], count: 0 }));
  let later = 0;
  for (const { expires } of records) {
    if (expires === undefined || expires <= now) continue;
    if (expires >= edges[shown]) {
      later += 1;
      continue;
    }
    let [low, high] = [0, shown - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (edges[middle] <= expires) low = middle;
      else high = middle - 1;
    }
    bins[low].count += 1;
  }
  return {
    bins: bins.map((bin) => ({ ...bin, from: Math.max(bin.from, now), label: labelOf(unit, bin) })),
    later,
  };
}

function labelOf(unit, { from, to }) {
  if (unit === "day") return day(from);
  if (unit === "week") return `${day(from)} to ${day(to - 1)}`;
  return monthFormat().format(from);
}

const monthFormat = dates({ month: "long", year: "numeric" });
