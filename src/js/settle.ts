// Strangers' functions, called so that whatever they do is ours to handle.

/** What a stranger's function returns or throws, as a promise of our own. */
export function settled<T>(call: () => T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}

/** Tells a caller's listener; whatever it throws, now or later, is its own affair. */
export function notify(listener: (event: unknown) => unknown, event: unknown): void {
  settled(() => listener(event)).catch(() => {});
}
