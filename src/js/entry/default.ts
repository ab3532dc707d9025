// For all runtimes except those that compile modules ahead of time. The module is part of the file, as
// base64 of its deflated bytes.

import deflated from "#module.deflate";
import { provide } from "../module.js";
import { need } from "../platform.js";
import { decode } from "./base64.js";

provide(async () => {
  const bytes = decode(deflated);
  const zlib = ofNode.process?.getBuiltinModule?.("node:zlib");
  if (zlib) return zlib.inflateSync(bytes);
  need("Response", "DecompressionStream");
  // Not the stream of a Blob, because browsers keep Blobs in another process.
  const { body } = new Response(bytes);
  return new Response(body?.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
});

/**
 * Node's streams wait for `process.nextTick`, which a test tool may stop, and there are none in the test
 * tools' pages. Node before 20.16 has only streams.
 */
const ofNode = globalThis as {
  process?: {
    getBuiltinModule?: (
      name: string,
    ) => { inflateSync(bytes: Uint8Array): Uint8Array<ArrayBuffer> } | undefined;
  };
};

export * from "../index.js";
