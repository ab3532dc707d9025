// Stops a walk of `reconcile` from revoking most of what it sees: then it is more likely that the list, the
// ledger or the configuration is wrong. Keys without an end that the ledger does not know go in any case.

import type { Standing } from "./ledger.js";
import type { Listed } from "./listed.js";
import type { Left } from "./reconciliation.js";

/** What was seen of the keys with one tag. The broker makes one key with it; all others are copies. */
interface Tag {
  /** Whether all of them live too long. */
  isTooLong: boolean;
  /** Of those that end in time: whether the ledger knows none. Undefined if it was not asked. */
  isGoing?: boolean;
}

/**
 * Weighs what one walk has seen so far. Keys with the same tag weigh as one, so that nobody can pull the
 * brake with copies of a tag.
 */
export class Brake {
  readonly #isReleased: boolean;
  readonly #tags = new Map<string, Tag>();
  #tagsTooLong = 0;
  /** What ends in time and has not ended, and what of it the ledger does not know: tags, or keys without. */
  #ending = 0;
  #going = 0;
  /** The keys that end in time, and that the ledger does not know. */
  #unknown = 0;
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
    return !this.#isReleased && this.#tagsTooLong * 2 > this.#tags.size;
  }

  /** Whether most of the keys that the ledger calls live would go. */
  get holdsLive(): boolean {
    return !this.#isReleased && this.#liveTooLong * 2 > this.#live;
  }

  /** What it holds back. */
  get left(): Left[] {
    const left: Left[] = [];
    if (this.holdsEnding) left.push({ why: "unrecognised", keys: this.#unknown });
    if (this.holdsLive) left.push({ why: "endless", keys: this.#liveTooLong });
    return left;
  }

  /** Weighs keys before the ledger is asked. */
  weigh(keys: readonly Listed[]): void {
    for (const { tag, isTooLong } of keys) {
      if (tag === null) continue;
      const seen = this.#tags.get(tag);
      if (!seen) {
        this.#tags.set(tag, { isTooLong });
        this.#tagsTooLong += Number(isTooLong);
      } else if (seen.isTooLong && !isTooLong) {
        seen.isTooLong = false;
        this.#tagsTooLong -= 1;
      }
    }
  }

  /** Weighs what the ledger says of a key; undefined if it says nothing. `now` is the service's time. */
  weighStanding({ tag, endsAt, isTooLong }: Listed, standing: Standing | undefined, now: number): void {
    if (standing === "live") {
      this.#live += 1;
      if (isTooLong) this.#liveTooLong += 1;
    }
    if (isTooLong || endsAt <= now) return;
    const isGoing = standing === "unknown";
    this.#unknown += Number(isGoing);
    const seen = tag === null ? undefined : this.#tags.get(tag);
    if (seen?.isGoing === undefined) {
      this.#ending += 1;
      this.#going += Number(isGoing);
    } else if (seen.isGoing && !isGoing) this.#going -= 1;
    if (seen) seen.isGoing = isGoing && seen.isGoing !== false;
  }
}
