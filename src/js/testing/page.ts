// Reads a list page by page: filtered, sorted, and with the fields that were asked for. Items that come and
// go between two pages do not shift the others.

import { parseFilter } from "./filter.js";
import { letters } from "./random.js";
import { invalid } from "./refusal.js";
import { FLAG, type Kind, type Shape, TEXT, TEXTS } from "./shape.js";
import { TIME } from "./time.js";

/** A kind of resource that can be listed. */
export interface Table {
  /** The name of the items in the answer. */
  readonly name: string;
  /** Its fields. A list can be filtered by texts and by the entries of records, and sorted by `SORTABLE`. */
  readonly fields: Shape;
}

const SORTABLE: readonly unknown[] = [TEXT, TIME, FLAG];

/** A text that no list contains, though a mask may name it. */
export const SECRET: Kind = [...TEXT];

/** Something that can be listed. */
export interface Row<Item = Readonly<Record<string, unknown>>> {
  /** A row that was added later has a greater number. */
  readonly seq: number;
  /** The id of the user that it is, or belongs to. */
  readonly user: string;
  /** What the API shows. It never changes, but may be replaced. */
  item: Item;
}

/** The page tokens that were handed out: the list that each belongs to, and its page's last row as it was. */
export type Tokens = Map<string, readonly [list: string, last: Row]>;

/** The parameters of a request for one resource. */
export const MASKED: Shape = { readMask: TEXT };

/** The parameters of a list. */
export const PAGED: Shape = {
  ...MASKED,
  filter: TEXT,
  pageSize: ["an int32", (value) => !/\D/.test(String(value)) && Number(value) < 2 ** 31],
  pageToken: TEXT,
};

/** The parameters of a list that can be sorted. */
export const SORTED: Shape = { ...PAGED, orderBy: TEXT };

/** The parameters that were given. */
export type Query = Readonly<Record<string, string>>;

/** Reads one page of these rows, of so many at most. `owner` is whose they are; it tells lists apart. */
export function readPage(
  table: Table,
  owner: string,
  rows: readonly Row[],
  { readMask, filter = "", pageSize, pageToken, orderBy = "" }: Query,
  tokens: Tokens,
  most: number,
): object {
  const size = Math.min(Number(pageSize) || most, most);
  const order = orderOf(table, orderBy);
  const mask = maskOf(table, readMask);
  const list = JSON.stringify([table.name, owner, filter, orderBy]);
  const found = rows.filter(filterOf(table, filter)).sort(order);
  const [from, after] = tokens.get(pageToken ?? "") ?? [];
  if (pageToken && from !== list) throw invalid("pageToken is invalid");
  const rest = after ? found.filter((row) => order(row, after) > 0) : found;
  const last = rest[size - 1];
  let nextPageToken = "";
  if (last && rest.length > size) {
    nextPageToken = letters(24);
    tokens.set(nextPageToken, [list, { ...last }]);
  }
  const items = rest.slice(0, size).map(({ item }) => mask(item));
  return { [table.name]: items, nextPageToken, totalSize: found.length };
}

/**
 * Reads `orderBy`: fields, none of them twice, each with an optional ` desc`. Returns what compares two rows,
 * of which no two are equal.
 */
function orderOf({ fields }: Table, orderBy: string): (one: Row, other: Row) => number {
  const order = partsOf(orderBy).map((part) => /^(\w+)(\s+desc)?$/.exec(part) ?? []);
  const names = order.map(([, field = ""]) => field);
  if (names.some((name, at) => !SORTABLE.includes(fields[name]) || names.indexOf(name) < at)) {
    throw invalid("orderBy is invalid");
  }
  // Rows without a value come first. Times are in UTC: without the Z they sort as text does.
  const valueOf = ({ item }: Row, field: string) => {
    const value = String(item[field] ?? "");
    return fields[field] === TIME ? value.slice(0, -1) : value;
  };
  return (one, other) => {
    for (const [, field = "", desc] of order) {
      const [a, b] = [valueOf(one, field), valueOf(other, field)];
      if (a !== b) return a < b === !desc ? -1 : 1;
    }
    return one.seq - other.seq;
  };
}

/** The parts of a text with commas. */
const partsOf = (text: string) =>
  text
    .trim()
    .split(/\s*,\s*/)
    .filter((part) => part);

/** Reads `readMask`. No field, or `*`, asks for all of them. */
export function maskOf({ fields }: Table, readMask = ""): (item: object) => object {
  const names = partsOf(readMask);
  const isWhole = names.length === 0 || readMask.trim() === "*";
  if (!isWhole && !names.every((name) => Object.hasOwn(fields, name))) {
    throw invalid("readMask is invalid");
  }
  return (item) =>
    Object.fromEntries(Object.entries(item).filter(([name]) => isWhole || names.includes(name)));
}

function filterOf({ fields }: Table, filter: string): (row: Row) => boolean {
  const conditions = parseFilter(filter);
  if (!conditions?.every(([field, entry]) => fields[field] === (entry === undefined ? TEXT : TEXTS))) {
    throw invalid("filter must be field = text AND …");
  }
  return ({ item }) =>
    conditions.every(([field, entry, value]) => {
      const found = item[field];
      if (entry === undefined) return found === value;
      return Object.entries(found ?? {}).some(([name, text]) => name === entry && text === value);
    });
}
