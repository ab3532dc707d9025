// What a command works with: what was asked for, the connection, the signals, and the two outputs.

import { ValidationError } from "fireworks-keys";
import { InterruptedError } from "./code.js";
import { Interrupt } from "./interrupt.js";
import { kebab } from "./option.js";
import { print, say } from "./output.js";
import { Progress } from "./progress.js";
import { tokenOf } from "./token.js";

/** What a command works with. */
export class Session {
  /** What the user asked for. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly interrupt = new Interrupt();
  #isPrinted = true;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.values = values;
  }

  /** The options of the connection that no argument gives. */
  async connection(): Promise<{ token: string; signal: AbortSignal; fetch: typeof fetch }> {
    const { signal } = this.interrupt;
    const token = await tokenOf(process.env, process.stdin, signal);
    const sending: typeof fetch = (...request) => {
      this.interrupt.isBegun = true;
      return fetch(...request);
    };
    return { token, signal, fetch: sending };
  }

  /** Follows the operation. */
  progress(): Progress {
    const progress = new Progress();
    this.interrupt.lastWords = () => progress.sayWhatIsOpen();
    return progress;
  }

  /** Writes a result, which is no secret. Where that fails, what was asked for has been done all the same. */
  print(text: string): void {
    try {
      print(text);
    } catch (error) {
      this.#isPrinted = false;
      // A reader that has enough, such as `head`, is no failure to tell of.
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") this.sayError(error);
    }
  }

  /** Whether everything was written. */
  get isPrinted(): boolean {
    return this.#isPrinted;
  }

  /** Whether an operation failed because a signal ended it. Throws if that was before anything was sent. */
  isEnding(error: unknown): boolean {
    const { signal, isBegun } = this.interrupt;
    const isEnding = signal.aborted && error === signal.reason;
    if (isEnding && !isBegun) throw new InterruptedError();
    return isEnding;
  }

  /** Tells what went wrong. An option's name is told as it is written here. */
  sayError(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const isOption = error instanceof ValidationError && /^\w+$/.test(error.path);
    say(isOption ? message.replace(` ${error.path} `, ` --${kebab(error.path)} `) : message);
  }
}
