// Tells on standard error what happens on the way, and knows what has become of lost attempts.

import type { FireworksKeysEvent } from "fireworks-keys";
import { say } from "./output.js";

/** What is known of keys whose secret nobody received; undefined if no attempt was lost. */
export type Orphans = "open" | "swept" | "unaccounted" | "unknown" | undefined;

/** Follows one operation. */
export class Progress {
  /** How it stands with lost attempts. */
  orphans: Orphans;
  /** What `deleteOrphans` needs to find their keys. */
  attemptTag: string | undefined;
  keepKeyId: string | undefined;
  readonly #work: Promise<unknown>[] = [];

  /** Takes an event of the package. */
  readonly onEvent = (event: FireworksKeysEvent): void => {
    const words = this.#wordsOf(event);
    if (words) say(words);
  };

  /** Takes the work that goes on after the answer. */
  readonly waitUntil = (work: Promise<unknown>): void => {
    this.#work.push(work.catch(() => undefined));
  };

  /** Resolves when no work goes on any more. */
  async settled(): Promise<void> {
    for (let work = this.#work.pop(); work; work = this.#work.pop()) await work;
  }

  #wordsOf(event: FireworksKeysEvent): string | undefined {
    switch (event.type) {
      case "retry":
        return `retrying: ${event.status ?? event.reason}`;
      case "orphan-deleted":
        return `deleted ${event.keyId}, whose secret nobody received`;
      case "orphans-open":
        this.#note("open", event);
        return `an answer was lost: looking for its key for ${Math.ceil(event.lastLookMs / 1_000)} s`;
      case "orphans-swept":
        this.#note("swept", event);
        return undefined;
      case "orphans-unaccounted":
        this.#note("unaccounted", event);
        return undefined;
      case "orphans-unknown":
        this.#note("unknown", event);
        return undefined;
      case "unprotected":
        return `the service did not keep the tag of ${event.keyId}: a lost answer's key cannot be found`;
      case "shorter-lifetime":
        return `${event.keyId} ends earlier than was asked for`;
      case "unknown-lifetime":
        return `it is not known how long ${event.keyId} lives`;
      case "rotation":
        return event.stage;
      case "rotation-unknown":
        return `${event.successorId} may be stored`;
    }
  }

  #note(orphans: Orphans, { attemptTag, keepKeyId }: { attemptTag?: string; keepKeyId?: string }): void {
    this.orphans = orphans;
    this.attemptTag = attemptTag;
    this.keepKeyId = keepKeyId;
  }

  /** Says what to look for later, if it is not known that every lost attempt's key is gone. */
  sayWhatIsOpen(): boolean {
    if (this.orphans === undefined || this.orphans === "swept") return false;
    if (this.attemptTag === undefined) {
      say("a key may be alive whose secret nobody received, and it has no tag: list the user's keys");
      return true;
    }
    const keep = this.keepKeyId === undefined ? "" : ` --keep-key-id ${this.keepKeyId}`;
    say(
      "a key may be alive whose secret nobody received; later, run: " +
        `fireworks-keys delete --attempt-tag ${this.attemptTag}${keep}`,
    );
    return true;
  }
}
