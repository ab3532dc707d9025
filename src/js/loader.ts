// Loads the module once, at the first call. A load that failed is tried again at the next.

import init, * as exports from "#module";
import { initSync } from "#module";
import { ModuleLoadError, type Operation } from "./errors.js";

/** Gives the module: compiled where the runtime compiles it, otherwise its bytes. */
export type Source = () => WebAssembly.Module | Promise<BufferSource>;

let source: Source;
let loaded = false;
let loading: Promise<void> | undefined;

/** Says where the module comes from. Each entry calls this once. */
export function provide(from: Source): void {
  source = from;
}

/** The module's functions, loaded. Rejects with a {@link ModuleLoadError} where that fails. */
export async function load(operation: Operation): Promise<typeof exports> {
  if (!loaded) {
    try {
      await (loading ?? start());
      loaded = true;
    } catch (cause) {
      throw new ModuleLoadError(operation, cause);
    }
  }
  return exports;
}

// A compiled module is instantiated at once: on Workers a pending promise must not be shared
// between requests. Bytes are compiled asynchronously, and every call until then waits for the same.
function start(): Promise<void> | undefined {
  const module = source();
  if (module instanceof WebAssembly.Module) {
    initSync({ module });
    return undefined;
  }
  loading = module
    .then((bytes) => init({ module_or_path: bytes }))
    .then(() => {})
    .finally(() => (loading = undefined));
  return loading;
}
