// Ends attempts and waits at their time limit, or when the caller aborts.

/** The longest delay that `setTimeout` can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The attempts and waits that are under way. */
const waiting = new Set<Stop>();

/**
 * The attempts and waits that each signal ends. A signal has one listener for all of them: Node warns of
 * more than ten, and a caller may well have more calls under way.
 */
const listening = new WeakMap<AbortSignal, { stops: Set<Stop>; listener: () => void }>();

/** Ends everything that the module waits for. The module is not told, because it has failed and is gone. */
export function abandon(): void {
  for (const stop of waiting) stop.abandon();
}

/** Ends an attempt or a wait: at its limit, or when the caller aborts, whichever comes first. */
export class Stop {
  /** Whether the limit passed. */
  timedOut = false;
  /** Whether the caller aborted. */
  aborted = false;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  /** Rejects the promise of {@link race}. */
  #reject: ((reason?: unknown) => void) | undefined;
  #abandoned = false;

  /** The timer of a late one keeps no process alive. May throw: the caller's signal can. */
  constructor(limitMs: number, caller: AbortSignal | undefined, isLate = false) {
    this.#caller = caller;
    if (caller) listen(caller, this);
    if (limitMs < Infinity) {
      this.#timer = setTimeout(
        () => {
          this.timedOut = true;
          this.#stop();
        },
        Math.min(limitMs, LONGEST_TIMER_MS),
      );
      if (isLate) release(this.#timer);
    }
    if (caller?.aborted) this.abort();
    waiting.add(this);
  }

  /** Ends it because the caller has aborted. */
  abort(): void {
    this.aborted = true;
    this.#stop();
  }

  #stop(): void {
    this.#reject?.();
    this.#controller.abort();
  }

  /** Aborted together with the attempt or the wait. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Settles as the work does, or rejects at the limit or the abort, because a caller's promise may never
   * settle. Only one race may run at a time.
   */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = (reason) => this.#abandoned || reject(reason);
      work.then((value) => this.#abandoned || resolve(value), this.#reject);
      if (this.timedOut || this.aborted) reject();
    });
  }

  /** Rejects at the limit or the abort. */
  wait(): Promise<never> {
    return this.race(new Promise(() => {}));
  }

  /** Ends it, and never settles the promise of {@link race}. */
  abandon(): void {
    this.#abandoned = true;
    this.end();
    this.#controller.abort();
  }

  /** Clears the timer and stops listening to the caller's signal. */
  end(): void {
    waiting.delete(this);
    clearTimeout(this.#timer);
    if (this.#caller) leave(this.#caller, this);
  }
}

/** Lets the process end although the timer is still to come. */
function release(timer: unknown): void {
  const { Deno: deno } = globalThis as { Deno?: { unrefTimer?(timer: unknown): void } };
  if (typeof timer === "number") deno?.unrefTimer?.(timer);
  else (timer as { unref?(): void }).unref?.();
}

function listen(signal: AbortSignal, stop: Stop): void {
  const known = listening.get(signal);
  if (known) {
    known.stops.add(stop);
    return;
  }
  const stops = new Set([stop]);
  const listener = (): void => {
    for (const each of stops) each.abort();
  };
  signal.addEventListener("abort", listener);
  listening.set(signal, { stops, listener });
}

function leave(signal: AbortSignal, stop: Stop): void {
  const known = listening.get(signal);
  if (!known?.stops.delete(stop) || known.stops.size > 0) return;
  listening.delete(signal);
  try {
    signal.removeEventListener("abort", known.listener);
  } catch {
    // The listener stays on the signal, but has nothing left to end.
  }
}

/** The reason that a signal was aborted with. Signals that are not the platform's may have none. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    const { reason } = signal;
    return reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
  } catch (thrown) {
    return thrown;
  }
}
