// Parses the supported part of AIP-160 filters: equality on text fields, joined by `AND`. Everything else is
// refused. If it were ignored, a list would hold items that the caller did not ask for.

/** How many conditions a filter may have. */
const MOST_CONDITIONS = 100;

/** One condition: a field, its entry if it is a record, and the text that it must equal. */
export type Condition = readonly [field: string, entry: string | undefined, value: string];

/** A quoted text, a word, or any other character but a blank. */
const TOKEN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\p{L}\p{N}_-]+|[^ \t]/gsu;

/** A quoted text, or a word that is neither a keyword nor a negation. */
const TEXT = /^(?!(AND|OR|NOT)$)(["'].|[\p{L}\p{N}_])/su;

/** Parses a filter into its conditions, all of which must hold. Returns undefined if it is not supported. */
export function parseFilter(text: string): Condition[] | undefined {
  const tokens = text.match(TOKEN) ?? [];
  const conditions: Condition[] = [];
  while (tokens.length > 0) {
    if (conditions.length > 0 && tokens.shift() !== "AND") return undefined;
    const field = tokens.shift() ?? "";
    const entry = tokens[0] === "." ? tokens.splice(0, 2)[1] : undefined;
    const [equals, value = ""] = tokens.splice(0, 2);
    if (equals !== "=" || !TEXT.test(value) || !TEXT.test(entry ?? "_")) return undefined;
    conditions.push([field, entry && unquoted(entry), unquoted(value)]);
  }
  return conditions.length > MOST_CONDITIONS ? undefined : conditions;
}

const unquoted = (text: string) => (/^["']/.test(text) ? text.slice(1, -1).replace(/\\(.)/gsu, "$1") : text);
