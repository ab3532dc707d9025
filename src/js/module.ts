// Calls the module's functions. Loads the module at the first call, and replaces it after it has failed.

import instantiate, * as exports from "#module";
import { initSync, run } from "#module";
import { FireworksKeysError, ModuleLoadError, type Operation, ValidationError } from "./errors.js";
import { describe, type Table, tableIn } from "./options.js";
import { type Patience, patienceOf } from "./patience.js";
import { need } from "./platform.js";
import { snapshot } from "./snapshot.js";
import { isBytes, isCompiled, isResponse, SOURCES } from "./source.js";
import { abandon, reasonOf, Stop } from "./stop.js";
import type { ModuleSource } from "./types.js";
import { failWatches, Watch } from "./watch.js";

/** Returns the module. A compiled module must be returned as it is, not as a promise. */
export type Source = () => ModuleSource | Promise<ModuleSource>;

/** A load under way, and its source. */
interface Loading {
  readonly from: Source;
  readonly done: Promise<void>;
}

/** What the module and this code need of the platform, besides a fetch and what the entry needs to load. */
const NEEDED = [
  ...["WebAssembly", "AbortController", "TextDecoder", "TextEncoder", "URL", "btoa", "crypto"],
  ...["performance", "setTimeout", "clearTimeout"],
];

let source: Source;
let loaded = false;
let loading: Loading | undefined;

/** One function for each call that the module has not answered yet: it rejects the call. */
const unanswered = new Set<(cause: unknown) => void>();

/** Sets where the module comes from. Each entry calls this once. */
export function provide(from: Source): void {
  source = from;
}

/**
 * Loads the module, unless it is loaded already. Rejects with a {@link ModuleLoadError}, or with the
 * signal's reason after an abort. After a failure, the next call starts from scratch.
 */
export async function load(
  operation: Operation,
  { limitMs, signal }: Patience,
  from = source,
): Promise<void> {
  if (loaded) return;
  let stop: Stop | undefined;
  try {
    need(...NEEDED);
    const started = loading?.from === from ? loading.done : start(from);
    if (started) {
      stop = new Stop(limitMs, signal);
      await stop.race(started);
    }
    loaded = true;
  } catch (cause) {
    if (stop?.aborted && signal) throw reasonOf(signal);
    // The next call must not wait for a load that hangs.
    if (stop?.timedOut && loading?.from === from) loading = undefined;
    const what = stop?.timedOut ? "could not be loaded in time" : "could not be loaded";
    throw new ModuleLoadError(operation, what, cause);
  } finally {
    stop?.end();
  }
}

/** The arguments of a public function, of which there must be one at most. */
export type Given = readonly unknown[];

/** The error for a second argument: it may hold what a key must not lack. */
export function surplus(operation: Operation): ValidationError {
  const expected = "must be one object that holds all options";
  return new ValidationError("arguments", expected, { operation, attempts: 0 });
}

/**
 * Has the module run an operation with the options and a client's defaults as they are now. The promise
 * settles even if the module fails. What leaves keys behind has a watch, and draws what it marks them with; a
 * list has the page tokens that it has used, and the one of the page that it asks for.
 */
export async function call<T>(
  operation: Operation,
  given: Given,
  defaults: unknown,
  beside?: Beside,
  first?: First,
): Promise<T> {
  try {
    if (given.length > 1) throw surplus(operation);
    const [options] = given;
    if (loaded) return await answer(operation, options, defaults, 0, beside, first);
    // Without this function, loading fails, and says so.
    const startedMs = globalThis.performance?.now();
    const now = snapshot(options);
    await load(operation, patienceOf(now, defaults));
    return await answer(operation, now, defaults, performance.now() - startedMs, beside, first);
  } catch (error) {
    // V8 knows here which of the caller's lines waits for this; the module's own frames help nobody.
    if (error instanceof FireworksKeysError) {
      try {
        (Error as V8Error).captureStackTrace?.(error, call);
      } catch {
        // The caller has aborted with a frozen error.
      }
    }
    throw error;
  }
}

/** What V8 adds to `Error`: it writes the stack anew, without the frames up to a function. */
interface V8Error {
  captureStackTrace?(error: Error, upTo: unknown): void;
}

type Beside = Watch | Set<string>;

/** Makes what is described before the options. */
type First = () => string | undefined;

/** The options of each operation that was called. */
const tables = new Map<string, Table>();

function tableOf(operation: string): Table {
  let table = tables.get(operation);
  if (!table) tables.set(operation, (table = tableIn(exports.optionsOf(operation))));
  return table;
}

function answer<T>(
  operation: Operation,
  options: unknown,
  defaults: unknown,
  waitedMs: number,
  beside: Beside | undefined,
  first: First | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      const what = "failed, and is replaced for the next call";
      const watch = beside instanceof Watch ? beside : undefined;
      reject(new ModuleLoadError(operation, what, cause, watch?.attempts, watch?.fail()));
    };
    unanswered.add(fail);
    const answered = (): boolean => unanswered.delete(fail);
    try {
      const { text, numbers, values } = describe(
        tableOf(operation),
        tableOf("FireworksKeys"),
        options,
        defaults,
        first,
      );
      run(operation, text, new Float64Array(numbers), [...values], beside, waitedMs).then(
        (value: T) => answered() && resolve(value),
        (reason) => answered() && reject(reason),
      );
    } catch (cause) {
      failed(cause);
    }
  });
}

/**
 * Replaces `queueMicrotask` in the glue, which continues the module's work there. Nothing could catch an
 * exception of such a microtask, and the calls would wait forever.
 */
export function queueMicrotask(work: () => void): void {
  // Node's own function keeps track of each callback, which takes longer than the work.
  Promise.resolve().then(() => {
    try {
      work();
    } catch (cause) {
      failed(cause);
    }
  });
}

// Ends all calls and replaces the instance. After a trap, for example because memory has run out, no part
// of its state can be relied on.
function failed(cause: unknown): void {
  const ends = [...unanswered];
  unanswered.clear();
  abandon();
  try {
    exports.__wbg_reset_state();
  } catch {
    // There is no memory for another instance now; the next call tries again.
  }
  for (const end of ends) end(cause);
  failWatches();
}

// A compiled module is instantiated at once: on Workers a pending promise must not be shared
// between requests. Bytes are compiled asynchronously, and every call until then waits for that load.
function start(from: Source): Promise<void> | undefined {
  const given = from();
  if (given instanceof WebAssembly.Module) {
    initSync({ module: checked(given) });
    return undefined;
  }
  const done = compile(given)
    .then((module) => instantiate(checked(module)))
    .then(() => {})
    .finally(() => {
      if (loading?.done === done) loading = undefined;
    });
  loading = { from, done };
  return done;
}

async function compile(given: ModuleSource | Promise<ModuleSource>): Promise<WebAssembly.Module> {
  const arrived: unknown = await given;
  if (isCompiled(arrived)) return arrived as WebAssembly.Module;
  if (isBytes(arrived)) return WebAssembly.compile(arrived);
  if (!isResponse(arrived)) throw new TypeError(`it ${SOURCES}`);
  if (!arrived.ok) throw new TypeError(`the file cannot be had: ${arrived.status}`);
  // Only a response of this type can be compiled while it arrives.
  if (arrived.headers.get("content-type") === "application/wasm")
    return WebAssembly.compileStreaming(arrived);
  // Not with `await` among the arguments: Turbopack moves this call into a function that is not async.
  return arrived.arrayBuffer().then((bytes) => WebAssembly.compile(bytes));
}

/** Refuses another package's module, which would load and then fail at every call. */
function checked(module: WebAssembly.Module): WebAssembly.Module {
  const ours = WebAssembly.Module.exports(module).some(({ name }) => name === "optionsOf");
  if (!ours) throw new TypeError("it is the module of something else");
  return module;
}
