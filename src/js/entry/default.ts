// Everywhere but in runtimes that compile modules ahead: the module is part of the file, as base64
// of its deflated bytes.

import deflated from "#module.deflate";
import { decode } from "./base64.js";
import { provide } from "../module.js";

provide(async () => {
  const inflating = new DecompressionStream("deflate");
  return new Response(new Blob([decode(deflated)]).stream().pipeThrough(inflating)).arrayBuffer();
});

export * from "../index.js";
