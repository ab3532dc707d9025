// Tests the packed tarball in every runtime.

import { inChromium, inFirefox, inWebKit, serve } from "../matrix/browsers.mjs";
import { matrix } from "../matrix/cells.mjs";
import { answerInEdgeRuntime } from "../matrix/edge-runtime.mjs";
import { bun, folder, program, run, write } from "../matrix/fixture.mjs";
import { bundleWorker, DATE, startWorkerd, wrangle } from "../matrix/workerd.mjs";

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src http://127.0.0.1:*";

matrix("runtime", {
  "Node": (api, at) => printed(process.execPath, [], api, at),
  "Deno, no permission but the network": (api, at) =>
    printed(
      program("deno/bin.cjs"),
      ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--node-modules-dir=manual"],
      api,
      at,
    ),
  "Bun": (api, at) => printed(bun, [], api, at),
  "workerd": (api, at) => inWorkerd(api, at, bundled),
  "workerd, of an old date": (api, at) => inWorkerd(api, at, bundled, { date: "2024-01-01", flags: [] }),
  // At a module's scope, a worker may set no timer, draw nothing random and send nothing.
  "workerd, warmed up": (api, at) => inWorkerd(api, at, bundled, undefined, "await fireworksKeys.init();"),
  "workerd, from wrangler's output": (api, at) => inWorkerd(api, at, wrangled),
  "edge-runtime": inEdgeRuntime,
  "Chromium": (api, at) => onPage(inChromium, "default", api, at),
  "Chromium, ./url": (api, at) => onPage(inChromium, "url", api, at),
  "Chromium, ./inline": (api, at) => onPage(inChromium, "inline", api, at),
  "Chromium, strict policy": (api, at) =>
    onPage(inChromium, "default", api, at, { "content-security-policy": POLICY }),
  "Firefox": (api, at) => onPage(inFirefox, "default", api, at),
  "Firefox, ./url": (api, at) => onPage(inFirefox, "url", api, at),
  "WebKitGTK": (api, at) => onPage(inWebKit, "default", api, at),
});

/** A program that imports the package by its name, and prints the report. */
async function printed(command, args, api, at) {
  await write(
    `${at}/program.mjs`,
    `import * as fireworksKeys from "fireworks-keys";
     import { report } from "../suite/report.mjs";
     console.log(JSON.stringify(await report(fireworksKeys, ${JSON.stringify(api)})));`,
  );
  const output = await run(command, [...args, `${at}/program.mjs`]);
  return JSON.parse(output.trim().split("\n").at(-1));
}

/** A worker that runs the suite and answers with the report; with `once`, it only creates a key. */
const WORKER = `
import * as fireworksKeys from "fireworks-keys";
import { report } from "../suite/report.mjs";

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

async function inWorkerd(api, at, bundle, options, atModuleScope = "") {
  await write(`${at}/worker.mjs`, WORKER + atModuleScope);
  const worker = await startWorkerd(`${at}/out`, await bundle(at), options);
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

function bundled(at) {
  return bundleWorker(`${at}/worker.mjs`, `${at}/out`);
}

async function wrangled(at) {
  const config = `name = "worker"\nmain = "worker.mjs"\ncompatibility_date = "${DATE}"\n`;
  await write(`${at}/wrangler.toml`, config);
  return wrangle(at, "out");
}

async function inEdgeRuntime(api, at) {
  const script = await write(
    `${at}/edge.mjs`,
    `import * as fireworksKeys from "fireworks-keys";
     import { report } from "../suite/report.mjs";
     addEventListener("fetch", (event) => event.respondWith(
       report(fireworksKeys, ${JSON.stringify(api)}).then((failures) => Response.json(failures)),
     ));`,
  );
  return answerInEdgeRuntime(script);
}

/** A page without a bundler. */
async function onPage(browser, entry, api, at, headers) {
  await write(`${at}/page.html`, '<!doctype html><script type="module" src="page.mjs"></script>');
  await write(
    `${at}/page.mjs`,
    `import * as fireworksKeys from "/node_modules/fireworks-keys/dist/${entry}.js";
     import { report } from "../suite/report.mjs";
     globalThis.report = await report(fireworksKeys, ${JSON.stringify(api)});`,
  );
  const server = await serve(folder, { headers, api });
  try {
    return await browser(`${server.url}/${at}/page.html`);
  } finally {
    server.close();
  }
}
