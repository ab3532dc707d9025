// Formats numbers. Pure.

/** "10 000": groups of three, without a line break between them. */
export function grouped(number) {
  return number.toLocaleString("en").replaceAll(",", "\u202f");
}

/** "1 key", "12 keys". */
export function count(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}
