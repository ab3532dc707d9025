// What a signal does: the first ends the operation and lets its sweep end; the second ends the process.

import { CODE } from "./code.js";
import { say } from "./output.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ends the operation at a signal, unless it is held back. */
export class Interrupt {
  readonly #controller = new AbortController();
  #isHeld = false;
  #came = false;
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

  /** Whether a signal has come. */
  get came(): boolean {
    return this.#came;
  }

  /** Lets work end that must not be broken off: the signal comes after it. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#isHeld = true;
    try {
      return await work();
    } finally {
      this.#isHeld = false;
      if (this.#came) this.#controller.abort();
    }
  }

  #come(): void {
    if (this.#came) {
      say("ended at once: it is not known what is left");
      this.lastWords();
      process.exit(CODE.unknown);
    }
    this.#came = true;
    say("ending: what was begun is looked after first; the same again ends at once");
    if (!this.#isHeld) this.#controller.abort();
  }
}
