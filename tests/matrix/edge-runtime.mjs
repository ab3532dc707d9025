// Runs code in Vercel's edge runtime, prepared as Vercel's builder does: it bundles the code, and turns each
// `?module` import into a compiled module.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "./fixture.mjs";

/** Bundles a script, sends it a request, and returns the JSON of its answer. */
export async function answerInEdgeRuntime(script, path = "/", init = {}) {
  const [{ build }, { EdgeRuntime }] = await Promise.all([tool("esbuild"), tool("edge-runtime")]);
  const compiled = [];
  const { outputFiles } = await build({
    entryPoints: [script],
    write: false,
    bundle: true,
    format: "iife",
    // Modules are strict; the bundle has to stay strict as a script.
    banner: { js: '"use strict";' },
    conditions: ["edge-light", "worker", "browser"],
    logLevel: "warning",
    plugins: [
      {
        name: "compiled modules",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
            path: join(resolveDir, path.replace("?module", "")),
            namespace: "compiled",
          }));
          onLoad({ filter: /.*/, namespace: "compiled" }, async ({ path }) => {
            const index = compiled.push(await WebAssembly.compile(await readFile(path))) - 1;
            return { contents: `export default globalThis.compiled[${index}]` };
          });
        },
      },
    ],
  });
  const runtime = new EdgeRuntime({
    initialCode: outputFiles[0].text,
    extend: (context) => Object.assign(context, { compiled }),
  });
  const response = await runtime.dispatchFetch(`http://localhost${path}`, init);
  await response.waitUntil?.();
  return response.json();
}
