// The type of `fireworks-keys/fireworks_keys.wasm`, as the runtimes that compile modules ahead import
// it, and every bundler that does the same.

import type { CompiledModule } from "./types.js";

declare const module: CompiledModule;
export default module;
