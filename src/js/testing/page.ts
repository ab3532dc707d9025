// Reads a list page by page: filtered, sorted, and with the fields that were asked for. Items that come and
// go between two pages do not shift the others.

import { parseFilter } from "./filter.js";
import { letters } from "./random.js";
import { invalid } from "./refusal.js";

/** A kind of resource that can be listed, and what a list may do with its fields. */
export interface Table {
  /** The name of the items in the answer. */
  readonly name: string;
  /** The fields that can be filtered and sorted by. */
  readonly text: readonly string[];
  /** The fields that can be sorted by: times and booleans. */
  readonly number: readonly string[];
  /** The fields that can be filtered by their entries. */
  readonly record: readonly string[];
  /** The fields that no list contains, though a mask may name them. */
  readonly secret: readonly string[];
}

/** Something that can be listed. It never changes, but may be replaced. */
export interface Row<Item = Readonly<Record<string, unknown>>> {
  /** A row that was added later has a greater number. */
  readonly seq: number;
  /** The id of the user that it is, or belongs to. */
  readonly user: string;
  /** What the API shows. */
  readonly item: Item;
}

/** The page tokens that were handed out: the list that each belongs to, and the last row of its page. */
export type Tokens = Map<string, readonly [list: string, last: Row]>;

const PARAMETERS = ["readMask", "pageSize", "pageToken", "filter", "orderBy"];

/** The largest page, which is also the usual one. */
const LARGEST_PAGE = 1_000;

/** Throws a refusal unless the query has only the first parameters of a list, that many, and none twice. */
export function checkQuery(query: URLSearchParams, count: number): void {
  const [known, names] = [PARAMETERS.slice(0, count), [...query.keys()]];
  const wrong = names.find((name, at) => !known.includes(name) || names.indexOf(name) < at);
  if (wrong !== undefined) throw invalid(`the query has no ${JSON.stringify(wrong)}`);
}

/** Reads one page of these rows. `owner` is whose rows they are; it tells lists apart. */
export function readPage(
  table: Table,
  owner: string,
  rows: readonly Row[],
  query: URLSearchParams,
  tokens: Tokens,
): object {
  const [readMask = "", sizeText = "", token = "", filter = "", orderBy = ""] = PARAMETERS.map(
    (name) => query.get(name) ?? "",
  );
  const wanted = Number(sizeText);
  // It is an int32.
  if (/\D/.test(sizeText) || wanted >= 2 ** 31) throw invalid("pageSize must be an int32");
  const size = Math.min(wanted || LARGEST_PAGE, LARGEST_PAGE);
  const order = orderOf(table, orderBy);
  const mask = maskOf(table, readMask);
  const list = JSON.stringify([table.name, owner, filter, orderBy]);
  const found = rows.filter(filterOf(table, filter)).sort(order);
  const [from, after] = tokens.get(token) ?? [];
  if (token && from !== list) throw invalid("pageToken is not of this list");
  const rest = after ? found.filter((row) => order(row, after) > 0) : found;
  const last = rest[size - 1];
  let nextPageToken = "";
  if (last && rest.length > size) {
    nextPageToken = letters(24);
    tokens.set(nextPageToken, [list, last]);
  }
  const items = rest.slice(0, size).map(({ item }) => mask(item));
  return { [table.name]: items, nextPageToken, totalSize: found.length };
}

/**
 * Reads `orderBy`: fields, none of them twice, each with an optional ` desc`. Returns what compares two rows,
 * of which no two are equal.
 */
function orderOf({ text, number }: Table, orderBy: string): (one: Row, other: Row) => number {
  const order = partsOf(orderBy).map((part) => /^(\w+)(\s+desc)?$/.exec(part) ?? []);
  const fields = order.map(([, field = ""]) => field);
  if (fields.some((field, at) => ![...text, ...number].includes(field) || fields.indexOf(field) < at)) {
    throw invalid("orderBy must name fields, each once");
  }
  // Rows without a value come first. Times are in UTC: without the Z they sort as text does.
  const valueOf = ({ item }: Row, field: string) => {
    const value = String(item[field] ?? "");
    return text.includes(field) ? value : value.replace("Z", "");
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
export function maskOf({ text, number, record, secret }: Table, readMask: string): (item: object) => object {
  const fields = partsOf(readMask);
  const isWhole = fields.length === 0 || readMask.trim() === "*";
  const unknown = fields.find(
    (field) => !isWhole && ![...text, ...number, ...record, ...secret].includes(field),
  );
  if (unknown) throw invalid(`readMask: there is no field ${JSON.stringify(unknown)}`);
  return (item) =>
    Object.fromEntries(Object.entries(item).filter(([field]) => isWhole || fields.includes(field)));
}

function filterOf({ text, record }: Table, filter: string): (row: Row) => boolean {
  const conditions = parseFilter(filter);
  if (!conditions?.every(([field, entry]) => (entry === undefined ? text : record).includes(field))) {
    throw invalid("filter must compare text fields with =, joined by AND");
  }
  return ({ item }) =>
    conditions.every(([field, entry, value]) => {
      const found = item[field];
      if (entry === undefined) return found === value;
      return Object.entries(found ?? {}).some(([name, text]) => name === entry && text === value);
    });
}
