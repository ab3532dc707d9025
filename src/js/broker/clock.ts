// Compares the service's clock with the ledger's. The ledger decides when a key ends, and the service when
// it began: if one of their clocks is wrong, the key would live too long or not long enough.

/** By how much longer than it was asked for a key may live: the service may write times in whole seconds. */
export const ROUNDING_MS = 1_000;

/** How far the service's clock is ahead of the ledger's, as far as its answers have shown. */
export class ServiceClock {
  /** In milliseconds; negative if it is behind. */
  aheadMs = 0;

  /**
   * Learns from a key that the service made at `createdAt` by its own clock. The ledger noted the mint by its
   * own at `notedAt`, or up to a second later, and both happened within `tookMs`.
   */
  learn(createdAt: number, notedAt: number, tookMs: number): void {
    const most = createdAt - notedAt;
    const least = most - 1_000 - tookMs;
    this.aheadMs = Math.round(Math.max(least, Math.min(this.aheadMs, most)));
  }
}
