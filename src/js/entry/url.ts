// The module stays a separate file, which a browser compiles while it arrives and keeps in its cache.

import { provide } from "../module.js";
import { need } from "../platform.js";

const FOR_PAGES = 'fireworks-keys/url is for pages, where fetch gets the file; here import "fireworks-keys"';

provide(async () => {
  need("fetch");
  const address = new URL("./fireworks_keys.wasm", import.meta.url);
  try {
    return await fetch(address);
  } catch (cause) {
    // Node's fetch gets no files, and says only that this is not implemented.
    throw address.protocol === "file:" ? new TypeError(FOR_PAGES) : cause;
  }
});

export * from "../index.js";
