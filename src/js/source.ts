// What the module can be made from. Nothing that is passed here is trusted: a bundler may have turned an
// import into something that answers every name, and that would be waited for until the call's time is up.

import type { ModuleSource } from "./types.js";

/** What a module's source must be, for the end of an error's sentence. */
export const SOURCES = "must be a WebAssembly.Module, its bytes or a Response";

/** Whether `init` can take this, at once or when it arrives. */
export function isSource(value: unknown): value is ModuleSource | Promise<ModuleSource> {
  // Not every thenable: a proxy that has each method one asks for is one, too, and it never settles.
  return isCompiled(value) || isBytes(value) || isResponse(value) || tagOf(value) === "Promise";
}

/** Whether it is a compiled module. Not `instanceof`: edge runtimes make them in another realm. */
export function isCompiled(value: unknown): boolean {
  return tagOf(value) === "WebAssembly.Module";
}

/** Whether it can be compiled. */
export function isBytes(value: unknown): value is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return ArrayBuffer.isView(value) || tagOf(value) === "ArrayBuffer";
}

/** Whether it can be read as an answer. A polyfill's class may be another than the platform's. */
export function isResponse(value: unknown): value is Response {
  const { ok, arrayBuffer } = Object(value) as Partial<Response>;
  return typeof ok === "boolean" && typeof arrayBuffer === "function";
}

/**
 * The module that a platform compiled as it was imported. Throws at once if its tools have made something
 * else of the import.
 */
export function compiledAhead(imported: unknown): WebAssembly.Module {
  if (isCompiled(imported)) return imported as WebAssembly.Module;
  const made = `this bundler made ${tagOf(imported)} of the import of ./fireworks_keys.wasm?module`;
  throw new TypeError(`${made}, and no WebAssembly.Module: exclude it, or pass the module to init()`);
}

/** The name of the class of a platform's object, or of what JavaScript itself has. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
