// Formats numbers. Pure.

/** "10,000", in groups as the browser's language has them, without a line break between them. */
export function grouped(number) {
  return number.toLocaleString().replaceAll(" ", "\u00a0");
}

/** "1 key", "12 keys". */
export function count(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}
