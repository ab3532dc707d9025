// The module stays a file of its own, which is compiled while it arrives and kept in the cache.

import { provide } from "../module.js";

provide(() => fetch(new URL("./fireworks_keys.wasm", import.meta.url)));

export * from "../index.js";
