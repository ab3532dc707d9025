// Vercel's edge runtime, as its builder prepares code for it: bundled, with every `?module` import
// made a compiled module beside it.

import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export class EdgeRuntime {
  #runtime;

  /** Takes the package `edge-runtime`. */
  constructor({ EdgeRuntime }) {
    this.#runtime = EdgeRuntime;
  }

  /** Runs a script that answers a request with the report. */
  async report(script) {
    const modules = {};
    const { outputFiles } = await build({
      entryPoints: [script],
      write: false,
      bundle: true,
      format: "iife",
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
              modules.compiled = await WebAssembly.compile(await readFile(path));
              return { contents: "export default globalThis.compiled" };
            });
          },
        },
      ],
    });
    const runtime = new this.#runtime({
      initialCode: outputFiles[0].text,
      extend: (context) => {
        context.compiled = modules.compiled;
        return context;
      },
    });
    const response = await runtime.dispatchFetch("http://localhost/");
    await response.waitUntil?.();
    return response.json();
  }
}

