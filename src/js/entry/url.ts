// The module stays a separate file, which a browser compiles while it arrives and keeps in its cache.

import { provide } from "../module.js";
import { need } from "../platform.js";

provide(() => {
  need("fetch");
  return fetch(new URL("./fireworks_keys.wasm", import.meta.url));
});

export * from "../index.js";
