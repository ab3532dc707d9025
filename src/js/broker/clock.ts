// Compares the service's clock with the ledger's. The ledger decides when a key ends, and the service when
// it began: if one of their clocks is wrong, the key would live too long or not long enough.

/** By how much longer than it was asked for a key may live: the service may write times in whole seconds. */
export const ROUNDING_MS = 1_000;

/** The time that an answer's `Date` says: by the service's clock, or that of what is in between. */
export function dateOf(response: Response): number | undefined {
  // A `fetch` of the caller's may answer with anything.
  const text = (response as Partial<Response> | undefined)?.headers?.get("date") ?? "";
  const ms = text.endsWith(" GMT") ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** How far the service's clock is ahead of the ledger's, as far as its answers have shown. */
export class ServiceClock {
  /** In milliseconds; negative if it is behind. */
  aheadMs = 0;
  /** What it would be by the last answer alone. It counts once another agrees, because one may be wrong. */
  shownMs = 0;
  /** The least and the most that the last answer allows. */
  #last: [number, number] = [0, 0];

  /**
   * Learns from what the service answered at `answeredAt` by its own clock: it has made a key, or refused to.
   * The ledger noted the mint by its own at `notedAt`, or up to a second later, and both happened within
   * `tookMs`.
   */
  learn(answeredAt: number, notedAt: number, tookMs: number): void {
    const most = answeredAt - notedAt;
    const least = most - 1_000 - tookMs;
    const [lastLeast, lastMost] = this.#last;
    const agrees = least <= lastMost && lastLeast <= most;
    this.shownMs = Math.round(Math.max(least, Math.min(this.aheadMs, most)));
    if (agrees) this.aheadMs = this.shownMs;
    this.#last = [least, most];
  }

  /** Forgets what it has learnt: one of the clocks may have been set since. */
  forget(): void {
    this.aheadMs = 0;
    this.shownMs = 0;
    this.#last = [0, 0];
  }
}
