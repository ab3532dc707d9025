// For all runtimes except those that compile modules ahead of time. The module is part of the file, as
// base64 of its deflated bytes.

import deflated from "#module.deflate";
import { provide } from "../module.js";
import { decode } from "./base64.js";

provide(async () => {
  // Not the stream of a Blob, because browsers keep Blobs in another process.
  const { body } = new Response(decode(deflated));
  return new Response(body?.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
});

export * from "../index.js";
