// Everywhere but on Workers: the module is part of the file, as base64 of its deflated bytes.

import deflated from "#module.deflate";
import { provide } from "../module.js";

provide(() => {
  const bytes = Uint8Array.from(atob(deflated), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
});

export * from "../index.js";
