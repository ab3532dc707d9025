// What a signal does: the first ends the operation and lets its sweep end; the second ends the process.

import { CODE } from "./code.js";
import { say } from "./output.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ends the operation at a signal. */
export class Interrupt {
  readonly #controller = new AbortController();
  #came = false;
  /** Whether anything may have been sent. */
  isBegun = false;
  /** Says what is left where the process ends at once. */
  lastWords: () => unknown = () => undefined;

  /** Listens, for as long as the process lives. */
  constructor() {
    for (const name of SIGNALS) process.on(name, () => this.#come());
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #come(): void {
    if (this.#came) {
      if (!this.isBegun) process.exit(CODE.interrupted);
      say("ended at once: it is not known what is left");
      this.lastWords();
      process.exit(CODE.unknown);
    }
    this.#came = true;
    if (this.isBegun) say("ending: what was begun is looked after first; the same again ends at once");
    this.#controller.abort();
  }
}
