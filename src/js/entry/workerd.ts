// Cloudflare Workers compile modules ahead, and nothing else.

import { provide } from "../module.js";
import module from "./fireworks_keys.wasm";

provide(() => module);

export * from "../index.js";
