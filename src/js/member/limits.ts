// How long things may take, and how often they are tried. A file of its own: constants of another file cost
// a page no bytes.

/** How long the broker may take, in milliseconds: it waits for its sign-in, its ledger and the service. */
export const REQUEST_MS = 60_000;

/** The least that a key lives where only this machine's clock tells, which may be wrong, in milliseconds. */
export const LEAST_LIFE_MS = 60_000;

/** How long somebody who asks for a key waits for the next request to be allowed, in milliseconds. */
export const PATIENCE_MS = 10_000;

/**
 * The longest wait after a failure that may pass by itself, and after a refusal, in milliseconds. The latter
 * is also the longest that the broker can ask for: one that asks for a day may be well again in a minute.
 */
export const LONGEST_WAIT_MS = 30_000;
export const LONGEST_WAIT_REFUSED_MS = 300_000;

/** How old a key may be that the inference host does not know yet, in milliseconds. */
export const YOUNG_MS = 10_000;

/** How often a young key is tried. It takes longer than that unless the clock stands. */
export const YOUNG_TRIES = 12;

/** The longest wait before a young key is tried again, and a revocation, in milliseconds. */
export const LONGEST_WAIT_YOUNG_MS = 2_000;
