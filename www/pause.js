// Lets the page answer the user while there is much to do.

/** For how long the page works before it answers the user, in milliseconds. */
const SLICE = 8;

/** Lets the page react to the user before the work goes on. */
export function pause() {
  return globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}

/** Between pieces of work: pauses if they have taken long enough. How fast a machine is does not matter. */
export function pauses() {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE) return;
    await pause();
    since = performance.now();
  };
}
