// The type of `fireworks-keys/fireworks_keys.wasm` in runtimes and bundlers that compile imported modules
// ahead of time.

import type { CompiledModule } from "./types.js";

declare const module: CompiledModule;
export default module;
