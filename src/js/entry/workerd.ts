// Cloudflare Workers can only run modules that were compiled ahead of time.

import { provide } from "../module.js";
import module from "./fireworks_keys.wasm";

provide(() => module);

export * from "../index.js";
