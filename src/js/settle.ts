// Calls the caller's functions so that everything they throw is handled.

/** Calls a function and returns a native promise of its result, or of what it throws. */
export function settled<T>(call: () => T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}

/** Tells a caller's listener of an event. What the listener throws, now or later, is ignored. */
export function notify(listener: (event: unknown) => unknown, event: unknown): void {
  settled(() => listener(event)).catch(() => {});
}
