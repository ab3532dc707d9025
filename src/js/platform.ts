// What the platform has, and what it is. Nothing here is asked when the package is imported: a test tool may
// set up its globals later.

/** Throws an error that names the first of these globals that the platform does not have. */
export function need(...names: string[]): void {
  for (const name of names) {
    if (globalOf(name) === undefined) throw new TypeError(`this platform has no ${name}`);
  }
}

/**
 * Whether the platform's own fetch repeats a request by itself if a connection that it reuses breaks without
 * an answer. Browsers and Deno do: Chromium 156 and Deno 2.9 were seen to. Node 20, Bun 1.4 and workerd were
 * not. A test tool may say that it is a browser, and has a document; but its classes are JavaScript.
 */
export function fetchRepeats(): boolean {
  return (repeats ??= globalOf("Deno") !== undefined || isNative("Document") || isNative("WorkerNavigator"));
}

let repeats: boolean | undefined;

function globalOf(name: string): unknown {
  return (globalThis as Record<string, unknown>)[name];
}

/** Whether the engine's host has a class of this name that is not written in JavaScript. */
function isNative(name: string): boolean {
  const found = globalOf(name);
  return typeof found === "function" && /\[native code\]/.test(Function.prototype.toString.call(found));
}

/** Whether the runtime lives on after an answer. Edge workers do not, unless they are told to wait. */
export function livesOn(): boolean {
  return !("WebSocketPair" in globalThis || "EdgeRuntime" in globalThis);
}

/**
 * The address of the page or worker script, if there is one that paths can be relative to. A frame without
 * a file (`about:srcdoc`, `about:blank`) and a worker made from a blob have only the origin of the page that
 * made them. A frame in a sandbox has not even that, but its document's base.
 */
export function pageAddress(): string | undefined {
  try {
    const { location, origin, document } = globalThis;
    const addresses = [location.href, origin, location.origin, document?.baseURI];
    return addresses.find((address) => /^https?:/.test(address));
  } catch {
    return undefined;
  }
}
