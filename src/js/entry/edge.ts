// For edge runtimes (Cloudflare Workers, Vercel), which only run modules that were compiled ahead of time.
// The `?module` asks their tools to do so; without it, some of them make something else of the import.

import { provide } from "../module.js";
import { compiledAhead } from "../source.js";
import module from "./fireworks_keys.wasm?module";

provide(() => compiledAhead(module));

export * from "../index.js";
