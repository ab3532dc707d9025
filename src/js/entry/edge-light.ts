// Vercel's edge runtime compiles modules ahead, where an import asks for it.

import module from "./fireworks_keys.wasm?module";
import { provide } from "../module.js";

provide(() => module);

export * from "../index.js";
