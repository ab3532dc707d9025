// Draws the random bits that mark a create.

/** 128 random bits as hexadecimal digits. May throw: a Worker's module scope has none. */
export function randomTag(): string {
  // Draws bits for many tags at a time, because the call takes longer than the bits.
  if (drawn.length === 0) drawn = hex(crypto.getRandomValues(new Uint32Array(4 * 32)));
  const tag = drawn.slice(0, 32);
  drawn = drawn.slice(32);
  return tag;
}

/** Random digits that are not part of a tag yet. */
let drawn = "";

function hex(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}
