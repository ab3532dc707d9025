// Cloudflare Workers compile modules ahead, and nothing else.

import module from "./fireworks_keys.wasm";
import { provide } from "../module.js";

provide(() => module);

export * from "../index.js";
