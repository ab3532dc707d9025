// Calls into the module: loads it at the first, and replaces it when it has failed.

import init, * as exports from "#module";
import { initSync } from "#module";
import { ModuleLoadError, type Operation } from "./errors.js";
import { abandon } from "./host.js";

/** The module: compiled where the runtime compiles it, otherwise its bytes or an answer with them. */
export type Given = WebAssembly.Module | BufferSource | Response;

/** Gives the module. What is compiled has to be given at once. */
export type Source = () => Given | Promise<Given>;

let source: Source;
let loaded = false;
let loading: Promise<void> | undefined;

/** The calls that an instance has not answered yet: what ends them if it fails. */
const unanswered = new Set<(cause: unknown) => void>();

/** Says where the module comes from, unless it is there already. Each entry calls this once. */
export function provide(from: Source): void {
  source = from;
}

/** Loads the module, unless that is done. Rejects with a {@link ModuleLoadError}; then try again. */
export async function load(operation: Operation): Promise<void> {
  if (loaded) return;
  try {
    await (loading ?? start());
    loaded = true;
  } catch (cause) {
    throw new ModuleLoadError(operation, "could not be loaded", cause);
  }
}

/** Calls a function of the module, and settles whatever becomes of it. */
export async function call<T>(
  operation: Operation,
  run: (module: typeof exports) => Promise<T>,
): Promise<T> {
  await load(operation);
  return new Promise<T>((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new ModuleLoadError(operation, "failed, and is replaced for the next call", cause));
    unanswered.add(fail);
    const answered = (): boolean => unanswered.delete(fail);
    try {
      run(exports).then(
        (value) => answered() && resolve(value),
        (reason) => answered() && reject(reason),
      );
    } catch (cause) {
      failed(cause);
    }
  });
}

/**
 * Stands in for `queueMicrotask` in the glue, where the module's work goes on: what it throws there
 * would be nobody's to catch, and its calls would wait for ever.
 */
export function queueMicrotask(work: () => void): void {
  globalThis.queueMicrotask(() => {
    try {
      work();
    } catch (cause) {
      failed(cause);
    }
  });
}

// After a trap, such as that of memory which has run out, nothing in an instance can be relied on.
function failed(cause: unknown): void {
  const ends = [...unanswered];
  unanswered.clear();
  abandon();
  try {
    exports.__wbg_reset_state();
  } catch {
    // There is no memory for another now; the next call tries again.
  }
  for (const end of ends) end(cause);
}

// A compiled module is instantiated at once: on Workers a pending promise must not be shared
// between requests. Bytes are compiled asynchronously, and every call until then waits for the same.
function start(): Promise<void> | undefined {
  const given = source();
  if (given instanceof WebAssembly.Module) {
    initSync({ module: given });
    return undefined;
  }
  loading = init({ module_or_path: given })
    .then(() => {})
    .finally(() => (loading = undefined));
  return loading;
}
