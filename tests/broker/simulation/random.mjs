// Chance that can be repeated.

import { createHmac } from "node:crypto";

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to 1, 1 excluded (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer below `count`. */
  below(count) {
    return Math.floor(this.next() * count);
  }

  /** Whether something of this probability happens. */
  chance(probability) {
    return this.next() < probability;
  }

  /** One of the items. */
  of(items) {
    return items[this.below(items.length)];
  }

  /**
   * Puts it in the place of the runtime's chance, until the context's test ends. Tags are drawn from
   * numbers of their own: the module draws several in advance, and a run must not depend on those of the
   * run before. Hashes are computed at once: in a thread they would take a time that no seed decides.
   */
  install({ mock }) {
    mock.method(Math, "random", () => this.next());
    const tags = new Random(this.below(2 ** 32));
    mock.method(crypto, "getRandomValues", (array) => {
      for (let index = 0; index < array.length; index += 1) array[index] = tags.below(2 ** 32);
      return array;
    });
    mock.method(crypto.subtle, "importKey", async (_format, bytes) => bytes);
    mock.method(crypto.subtle, "sign", async (_algorithm, key, bytes) => {
      return new Uint8Array(createHmac("sha256", key).update(bytes).digest()).buffer;
    });
  }
}
