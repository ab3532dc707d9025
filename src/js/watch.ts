// Creates under way. If the module fails, what it knew of them is gone with its memory; this is what
// their callers are told then.

import type { Aftermath } from "./errors.js";
import { notify, settled } from "./settle.js";

type Listener = (event: unknown) => unknown;

/** The creates that are under way, and the sweeps that go on after an answer. */
const watches = new Set<Watch>();

/** A create under way, or its sweep. */
export class Watch {
  #told: { attemptTag?: string; keepKeyId?: string } = {};
  #listener: Listener | undefined;
  /** How many requests were sent that may create a key. */
  attempts = 0;
  #end: (() => void) | undefined;

  /** From here on keys may be left behind. */
  begin(attemptTag: string | undefined, listener: Listener | undefined): void {
    if (attemptTag !== undefined) this.#told.attemptTag = attemptTag;
    this.#listener = listener;
    watches.add(this);
  }

  /** Counts a request that may create a key. */
  sent(): void {
    this.attempts += 1;
  }

  /** Notes which key the caller is given, if it is given one: that is no orphan. */
  keep(keyId: string | undefined): void {
    if (keyId === undefined) delete this.#told.keepKeyId;
    else this.#told.keepKeyId = keyId;
  }

  /** Hands what goes on to a caller's `waitUntil`; it goes on whether or not that takes it. */
  hold(waitUntil: (work: Promise<unknown>) => unknown, work: Promise<unknown>): void {
    // The work alone would be pending for ever if the module failed.
    const over = new Promise<void>((resolve) => (this.#end = resolve));
    const held = Promise.race([work, over]);
    settled(() => waitUntil(held)).catch(() => {});
  }

  /** Nothing can be left behind any more. */
  end(): void {
    watches.delete(this);
    this.#end?.();
  }

  /** The module has failed: tells the caller what may be left, and returns it. */
  fail(): Aftermath | undefined {
    if (!watches.has(this)) return undefined;
    this.end();
    if (this.#listener) notify(this.#listener, { type: "orphans-unknown", ...this.#told });
    const { attemptTag, keepKeyId } = this.#told;
    // What an error tells leads to a deletion of every key with the tag: not where one is held.
    if (keepKeyId !== undefined) return undefined;
    return { orphans: "unknown", keyIds: [], ...(attemptTag === undefined ? {} : { attemptTag }) };
  }
}

/** The module has failed: tells the callers of whatever went on after their answers. */
export function failWatches(): void {
  for (const watch of watches) watch.fail();
}
