// What was found, as a table for people and as JSON.

const MARKS = { "as believed": "=", "otherwise": "≠", "not known": "?" };

/** Compares what was found with what is believed. `at` is when it was found. */
export function row(belief, { found, why, at }) {
  const { id, belief: sentence, basis, expected, hangs } = belief;
  const verdict = found === undefined ? "not known" : found === expected ? "as believed" : "otherwise";
  return {
    id,
    belief: sentence,
    basis,
    expected,
    verdict,
    ...(found === undefined ? { why } : { found }),
    at,
    hangs,
  };
}

/** The rows as text. Where the two differ, it says since when, and what hangs on it. */
export function table(rows) {
  const width = Math.max(...rows.map(({ id }) => id.length));
  return rows
    .map(({ id, belief, basis, expected, verdict, found, why, at, hangs }) => {
      const line = `${MARKS[verdict]} ${id.padEnd(width)}  ${found ?? why}`;
      if (verdict !== "otherwise") return line;
      return [
        line,
        `      believed:     ${belief} (${basis})`,
        `      expected:     ${expected}`,
        `      differs at:   ${at}`,
        `      hangs on it:  ${hangs}`,
      ].join("\n");
    })
    .join("\n");
}

/** The rows in one line. */
export function summary(rows) {
  const count = (verdict) => rows.filter((each) => each.verdict === verdict).length;
  const counts = Object.keys(MARKS).map((verdict) => `${count(verdict)} ${verdict}`);
  return `${counts.join(", ")} (= as believed, ≠ otherwise, ? not known)`;
}
