// Vercel's edge runtime compiles a module ahead of time if its import asks for it.

import { provide } from "../module.js";
import module from "./fireworks_keys.wasm?module";

provide(() => module);

export * from "../index.js";
