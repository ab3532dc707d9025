// Watches creates outside of the module. If the module fails, its memory is lost, and the callers are told
// what was noted here.

import type { Aftermath } from "./errors.js";
import { notify, settled } from "./settle.js";

type Listener = (event: unknown) => unknown;

/** The creates that are under way, and the sweeps that go on after an answer. */
const watches = new Set<Watch>();

/** Watches one create, and the sweep that goes on after its answer. */
export class Watch {
  #told: { attemptTag?: string; keepKeyId?: string } = {};
  #listener: Listener | undefined;
  /** How many requests were sent that may create a key. */
  attempts = 0;
  #end: (() => void) | undefined;

  /** Starts the watch: from now on, keys may be left behind. */
  begin(attemptTag: string | undefined, listener: Listener | undefined): void {
    if (attemptTag !== undefined) this.#told.attemptTag = attemptTag;
    this.#listener = listener;
    watches.add(this);
  }

  /** Counts a request that may create a key. */
  sent(): void {
    this.attempts += 1;
  }

  /** Notes the key that the caller gets, if there is one: it is not an orphan. */
  keep(keyId: string | undefined): void {
    if (keyId === undefined) delete this.#told.keepKeyId;
    else this.#told.keepKeyId = keyId;
  }

  /** Hands the work that goes on to the caller's `waitUntil`. It goes on even if `waitUntil` throws. */
  hold(waitUntil: (work: Promise<unknown>) => unknown, work: Promise<unknown>): void {
    // Without `over`, the promise would stay pending forever if the module failed.
    const over = new Promise<void>((resolve) => (this.#end = resolve));
    const held = Promise.race([work, over]);
    settled(() => waitUntil(held)).catch(() => {});
  }

  /** Ends the watch: no more keys can be left behind. */
  end(): void {
    watches.delete(this);
    this.#end?.();
  }

  /** Called when the module has failed. Tells the caller that orphans may be alive, also for its error. */
  fail(): Aftermath | undefined {
    if (!watches.has(this)) return undefined;
    this.end();
    if (this.#listener) notify(this.#listener, { type: "orphans-unknown", ...this.#told });
    const { attemptTag, keepKeyId } = this.#told;
    // A caller deletes every key with the tag that an error names, so no error names the tag of a key that
    // the caller may hold.
    if (keepKeyId !== undefined) return undefined;
    return { orphans: "unknown", keyIds: [], ...(attemptTag === undefined ? {} : { attemptTag }) };
  }
}

/** Called when the module has failed. Tells the callers whose sweeps went on after their answers. */
export function failWatches(): void {
  for (const watch of watches) watch.fail();
}
