// Waits: for so long, or until a signal is aborted.

/** The longest delay that a timer can hold; a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after so long. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * How long to wait after so many tries, in milliseconds: twice as long after each, `longest` at the most, and
 * up to half of that less at random, so that not all members ask at the same moment.
 */
export const backoff = (tries: number, longest: number): number =>
  Math.min(500 * 2 ** tries, longest) * (1 - Math.random() / 2);

/** Settles as the work does, or rejects when the signal is aborted. */
export function until<Result>(
  signal: AbortSignal | null | undefined,
  work: Promise<Result>,
): Promise<Result> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
