// Cloudflare Workers compile modules ahead, and nothing else.

import module from "./fireworks_keys.wasm";
import { provide } from "../loader.js";

provide(() => module);

export * from "../index.js";
