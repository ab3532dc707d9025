// Random texts.

/** A text of that many random letters and digits: 48 bytes leave far more than are ever asked for. */
export function letters(count: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(48));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\W/g, "")
    .slice(0, count);
}
