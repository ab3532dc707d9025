// Stops a walk of `reconcile` from revoking most of what it sees: then it is more likely that the list, the
// ledger or the configuration is wrong. Keys without an end that the ledger does not know go in any case.

import type { Standing } from "./ledger.js";
import type { Listed } from "./listed.js";
import type { Left } from "./reconcile.js";

/** Weighs what one walk has seen so far. */
export class Brake {
  readonly #isReleased: boolean;
  /** The keys that end in time and have not ended, and those of them that the ledger does not know. */
  #ending = 0;
  #going = 0;
  /** The keys with a tag of the broker's, and those of them that live too long. */
  #tagged = 0;
  #taggedTooLong = 0;
  /** The keys that the ledger calls live, and those of them that live too long. */
  #live = 0;
  #liveTooLong = 0;

  /** `isReleased`: it was decided that this is no mistake, or a whole walk of this run has shown it. */
  constructor(isReleased: boolean) {
    this.#isReleased = isReleased;
  }

  /** Whether most of the keys that end in time would go. */
  get holdsEnding(): boolean {
    return !this.#isReleased && this.#going * 2 > this.#ending;
  }

  /** Whether most of the keys with a tag seem to live too long: the list may show no ends. */
  get doubtsEnds(): boolean {
    return !this.#isReleased && this.#taggedTooLong * 2 > this.#tagged;
  }

  /** Whether most of the keys that the ledger calls live would go. */
  get holdsLive(): boolean {
    return !this.#isReleased && this.#liveTooLong * 2 > this.#live;
  }

  /** What it holds back. */
  get left(): Left[] {
    const left: Left[] = [];
    if (this.holdsEnding) left.push({ why: "unrecognised", keys: this.#going });
    if (this.holdsLive) left.push({ why: "endless", keys: this.#liveTooLong });
    return left;
  }

  /** Weighs keys before the ledger is asked. */
  weigh(keys: readonly Listed[]): void {
    for (const { member, isTooLong } of keys) {
      if (member === null) continue;
      this.#tagged += 1;
      if (isTooLong) this.#taggedTooLong += 1;
    }
  }

  /** Weighs what the ledger says of a key; undefined if it says nothing. */
  weighStanding({ endsAt, isTooLong }: Listed, standing: Standing | undefined): void {
    if (standing === "live") {
      this.#live += 1;
      if (isTooLong) this.#liveTooLong += 1;
    }
    if (isTooLong || endsAt <= Date.now()) return;
    this.#ending += 1;
    if (standing === "unknown") this.#going += 1;
  }
}
