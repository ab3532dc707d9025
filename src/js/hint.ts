// Suggests the option that a caller may have meant by an unknown name.

/** The names that other SDKs have for these options. */
const ELSEWHERE = new Map([
  ["apiKey", "token"],
  ["apiToken", "token"],
  ["timeout", "timeoutMs"],
  ["baseURL", "baseUrl"],
  ["expiresAt", "expireTime"],
  ["name", "displayName"],
  ["account", "accountId"],
  ["user", "userId"],
  ["retries", "maxRetries"],
]);

/** The end of a sentence that begins with the unknown name. Suggests the nearest known one, if it is near. */
export function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `is not an option${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const elsewhere = ELSEWHERE.get(name);
  if (elsewhere !== undefined) return known.find((each) => each === elsewhere);
  let found: string | undefined;
  let least = Infinity;
  for (const each of known) {
    const distance = distanceOf(name, each);
    if (distance <= Math.ceil(each.length / 3) && distance < least) {
      found = each;
      least = distance;
    }
  }
  return found;
}

/** How many letters must change to turn one name into the other (Levenshtein), ignoring case. */
function distanceOf(name: string, known: string): number {
  // A name more than twice as long is not a typo, and it may be huge.
  if (name.length > 2 * known.length) return Infinity;
  const letters = [...known.toLowerCase()];
  // The distance from the letters read so far to each prefix of the known name.
  let distances = [0, ...letters.keys()].map((_, length) => length);
  for (const letter of name.toLowerCase()) {
    let [diagonal = 0] = distances;
    let last = diagonal + 1;
    distances = [
      last,
      ...letters.map((other, index) => {
        const above = distances[index + 1] ?? 0;
        last = Math.min(above + 1, last + 1, diagonal + Number(letter !== other));
        diagonal = above;
        return last;
      }),
    ];
  }
  return distances.at(-1) ?? 0;
}
