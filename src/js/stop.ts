// Limits on attempts and waits, and the caller's own abort.

/** The longest delay that `setTimeout` can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What is waited for now. */
const waiting = new Set<Stop>();

/**
 * What waits for a signal. One listener serves them all: Node warns of more than ten on one signal,
 * and a caller may well have more calls under way.
 */
const listening = new WeakMap<AbortSignal, { stops: Set<Stop>; listener: () => void }>();

/** Ends everything that the module waits for without telling it: it has failed, and is gone. */
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
  /** Ends what is waited for. */
  #reject: ((reason?: unknown) => void) | undefined;
  #abandoned = false;

  /** May throw: the caller's signal can. */
  constructor(limitMs: number, caller: AbortSignal | undefined) {
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
    }
    if (caller?.aborted) this.abort();
    waiting.add(this);
  }

  /** The caller has aborted. */
  abort(): void {
    this.aborted = true;
    this.#stop();
  }

  #stop(): void {
    this.#reject?.();
    this.#controller.abort();
  }

  /**
   * What fetch is to send, and to end with the attempt: every implementation takes a URL and an init
   * like this one. The headers are the caller's. May throw: what somebody put on every object can.
   */
  init(method: string, token: string, headers: Record<string, string>, payload: unknown): RequestInit {
    headers.accept = "application/json";
    headers.authorization = `Bearer ${token}`;
    const init: RequestInit = { method, headers, signal: this.#controller.signal };
    // A request that mints a key is never replayed elsewhere. "error" would say so too, but older
    // Workers refuse it.
    init.redirect = "manual";
    if (payload !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(payload);
    }
    return init;
  }

  /**
   * Settles as the work does, or rejects when it is over: a stranger's promise may never settle. One
   * thing is waited for at a time.
   */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = (reason) => this.#abandoned || reject(reason);
      work.then((value) => this.#abandoned || resolve(value), this.#reject);
      if (this.timedOut || this.aborted) reject();
    });
  }

  /** Rejects when it is over. */
  wait(): Promise<never> {
    return this.race(new Promise(() => {}));
  }

  /** Ends it, so that nobody who waits is answered any more. */
  abandon(): void {
    this.#abandoned = true;
    this.end();
    this.#controller.abort();
  }

  /** Clears the timer and leaves the caller's signal alone. */
  end(): void {
    waiting.delete(this);
    clearTimeout(this.#timer);
    if (this.#caller) leave(this.#caller, this);
  }
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
    // The listener stays on the signal, and aborts attempts that have ended anyway.
  }
}

/** What a signal was aborted with. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (thrown) {
    return thrown;
  }
}
