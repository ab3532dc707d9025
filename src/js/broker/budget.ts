// What one run of `reconcile` may use: requests, and time. Platforms end a run that goes beyond their own
// limits, and it could then tell nobody what is left.

import type { ConnectionOptions } from "fireworks-keys";
import { asked } from "./asked.js";
import { dateOf } from "./clock.js";
import type { Settings } from "./options.js";
import type { Pause } from "./pause.js";
import { unsent } from "./unsent.js";

/** So many requests in a row without any answer end a run: the platform or the network allows no more. */
const FAILURES = 12;

/** Why a run has to stop. */
export type Stop = "requests" | "time" | "unreachable";

/** @internal Counts what a run uses. */
export class Budget {
  #left: number;
  readonly #ms: number;
  #until: number;
  #failures = 0;
  #refused = false;
  /** How far the service's clock is ahead of this machine's, as far as its answers have said. */
  #aheadMs = 0;

  constructor(requests: number, ms: number) {
    this.#left = requests;
    this.#ms = ms;
    this.#until = Date.now() + ms;
  }

  /** How much of its time is left, in milliseconds. If the clock is set back, the time begins anew. */
  #leftMs(): number {
    const now = Date.now();
    this.#until = Math.min(this.#until, now + this.#ms);
    return this.#until - now;
  }

  /** Why the run has to stop, if it has to. */
  get stop(): Stop | undefined {
    if (this.#failures >= FAILURES) return "unreachable";
    if (this.#left <= 0 || this.#refused) return "requests";
    return this.#leftMs() <= 0 ? "time" : undefined;
  }

  /** The options for calls to the module that send their requests through here. `pause` heeds the answers. */
  connection(connection: Settings["connection"], pause: Pause): ConnectionOptions & { userId: string } {
    const most = connection.totalTimeoutMs ?? Number.POSITIVE_INFINITY;
    const totalTimeoutMs = Math.max(1, Math.min(most, this.#leftMs()));
    const send = connection.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
    return {
      ...connection,
      totalTimeoutMs,
      fetch: async (url, init) => {
        if (this.#left <= 0) {
          this.#refused = true;
          return unsent();
        }
        const response = await this.#count(() => send(url, init));
        pause.heed(response);
        const date = dateOf(response);
        if (date !== undefined) this.#aheadMs = date - Date.now();
        return response;
      },
    };
  }

  /** The time by the service's clock, if its answers say it: keys end by that. */
  get serviceNow(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Asks the ledger. A platform counts that as a request, too. */
  ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    return this.#count(() => asked(question));
  }

  async #count<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    this.#left -= 1;
    try {
      const answer = await work();
      this.#failures = 0;
      return answer;
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }
}
