// Tests the packed tarball in every runtime.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { inChromium, inFirefox, inWebKit, serve } from "../matrix/browsers.mjs";
import { matrix } from "../matrix/cells.mjs";
import { answerInEdgeRuntime } from "../matrix/edge-runtime.mjs";
import { bun, folder, program, run, write } from "../matrix/fixture.mjs";
import { bundleWorker, startWorkerd, wrangle } from "../matrix/workerd.mjs";

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src http://127.0.0.1:*";

matrix("runtime", {
  "Node": (api) => printed(process.execPath, ["program.mjs"], api),
  "Deno, no permission but the network": (api) =>
    printed(
      program("deno/bin.cjs"),
      ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--node-modules-dir=manual", "program.mjs"],
      api,
    ),
  "Bun": (api) => printed(bun, ["program.mjs"], api),
  "workerd": (api) => inWorkerd(api, (at) => bundleWorker("worker.mjs", at)),
  "workerd, of an old date": (api) =>
    inWorkerd(api, (at) => bundleWorker("worker.mjs", at), { date: "2024-01-01", flags: [] }),
  "workerd, from wrangler's output": (api) => inWorkerd(api, wrangled),
  "edge-runtime": inEdgeRuntime,
  "Chromium": (api) => onPage(inChromium, "default", api),
  "Chromium, ./url": (api) => onPage(inChromium, "url", api),
  "Chromium, ./inline": (api) => onPage(inChromium, "inline", api),
  "Chromium, strict policy": (api) =>
    onPage(inChromium, "default", api, { "content-security-policy": POLICY }),
  "Firefox": (api) => onPage(inFirefox, "default", api),
  "Firefox, ./url": (api) => onPage(inFirefox, "url", api),
  "WebKitGTK": (api) => onPage(inWebKit, "default", api),
});

/** A program that imports the package by its name, and prints the report. */
async function printed(command, args, api) {
  await write(
    "program.mjs",
    `import * as fireworksKeys from "fireworks-keys";
     import { report } from "./suite/report.mjs";
     console.log(JSON.stringify(await report(fireworksKeys, ${JSON.stringify(api)})));`,
  );
  const output = await run(command, args);
  return JSON.parse(output.trim().split("\n").at(-1));
}

/** A worker that runs the suite and answers with the report; with `once`, it only creates a key. */
const WORKER = `
import * as fireworksKeys from "fireworks-keys";
import { report } from "./suite/report.mjs";

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const api = searchParams.get("api");
    if (!searchParams.has("once")) return Response.json(await report(fireworksKeys, api));
    const { keyId } = await fireworksKeys.createApiKey({
      token: "fw_local_admin", accountId: "local", userId: "ci-bot", baseUrl: api,
    });
    return Response.json(keyId);
  },
};
`;

async function inWorkerd(api, bundle, options) {
  const at = "workers";
  await rm(join(folder, at), { recursive: true, force: true });
  await write("worker.mjs", WORKER);
  const worker = await startWorkerd(at, await bundle(at), options);
  try {
    const address = (query) => `${worker.url}/?${new URLSearchParams({ api, ...query })}`;
    // Sends three requests to a cold isolate: one whose caller leaves at once, and two whose callers wait.
    const gone = fetch(address({ once: 1 }), { signal: AbortSignal.timeout(1) }).catch(() => {});
    const first = [1, 2].map(async (once) => (await fetch(address({ once }))).json());
    const [one, other] = await Promise.all([...first, gone]);
    if (typeof one !== "string" || typeof other !== "string" || one === other) {
      return [`two first requests at once: ${one}, ${other}`];
    }
    return await (await fetch(address())).json();
  } finally {
    worker.stop();
  }
}

async function wrangled(at) {
  await write("wrangler.toml", 'name = "worker"\nmain = "worker.mjs"\ncompatibility_date = "2026-11-01"\n');
  return wrangle(".", at);
}

async function inEdgeRuntime(api) {
  await write(
    "edge.mjs",
    `import * as fireworksKeys from "fireworks-keys";
     import { report } from "./suite/report.mjs";
     addEventListener("fetch", (event) => event.respondWith(
       report(fireworksKeys, ${JSON.stringify(api)}).then((failures) => Response.json(failures)),
     ));`,
  );
  return answerInEdgeRuntime(join(folder, "edge.mjs"));
}

/** A page without a bundler. */
async function onPage(browser, entry, api, headers) {
  await write("page.html", '<!doctype html><script type="module" src="page.mjs"></script>');
  await write(
    "page.mjs",
    `import * as fireworksKeys from "/node_modules/fireworks-keys/dist/${entry}.js";
     import { report } from "./suite/report.mjs";
     globalThis.report = await report(fireworksKeys, ${JSON.stringify(api)});`,
  );
  const server = await serve(folder, headers);
  try {
    return await browser(`${server.url}/page.html`);
  } finally {
    server.close();
  }
}
