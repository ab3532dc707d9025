// What the platform has. Nothing here is asked when the package is imported: a test tool may
// set up its globals later.

/** Throws an error that names the first of these globals that the platform does not have. */
export function need(...names: string[]): void {
  for (const name of names) {
    if (globalOf(name) === undefined) throw new TypeError(`this platform has no ${name}`);
  }
}

function globalOf(name: string): unknown {
  return (globalThis as Record<string, unknown>)[name];
}
