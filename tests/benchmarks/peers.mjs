// The peers that the benchmarks measure, and the server that answers them.

import { once } from "node:events";
import { cp, mkdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folder, prepare, tool } from "../matrix/fixture.mjs";
import { answerTo } from "./peers/answers.mjs";

export { ANSWER } from "./peers/answers.mjs";

/** The peers' names, with the file in peers/ that implements a create. */
export const PEERS = {
  "fireworks-keys": "fireworks-keys",
  "`fetch` by hand": "fetch",
  "`new Request` + `fetch` by hand": "request",
  "`ky`": "ky",
  "`openai`": "openai",
  "`@anthropic-ai/sdk`": "anthropic",
};

/** The package once more, in a worker that has warmed it up before its first request. */
export const WARM = "fireworks-keys, `init()` at module scope";

/** The names of the peers that the tables compare others with. */
export const BY_HAND = "`new Request` + `fetch` by hand";
export const OPENAI = "`openai`";
export const OURS = "fireworks-keys";

/** Installs the packed package and its peers side by side. */
export async function install() {
  await prepare();
  const at = join(folder, "peers");
  await rm(at, { recursive: true, force: true });
  await mkdir(at, { recursive: true });
  await cp(join(import.meta.dirname, "peers"), at, { recursive: true });
}

/** The installed package itself. */
export const ours = () =>
  import(pathToFileURL(join(folder, "node_modules/fireworks-keys/dist/default.js")).href);

/** Returns a function for each peer that creates a key. */
export async function connectAll(baseUrl) {
  const creates = {};
  for (const [name, file] of Object.entries(PEERS)) {
    const { connect } = await import(pathToFileURL(join(folder, "peers", `${file}.mjs`)).href);
    creates[name] = connect(baseUrl);
  }
  return creates;
}

/** Bundles a script of the installed project, minified, as a product would ship it. */
export async function bundle(script, outfile, conditions) {
  const { build } = await tool("esbuild");
  await build({
    stdin: { contents: script, resolveDir: join(folder, "peers"), loader: "js" },
    outfile: join(folder, outfile),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions,
    external: ["node:*"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
    logLevel: "error",
  });
  return join(folder, outfile);
}

/** A server on this machine that answers creates and lists, and counts the requests. */
export async function startStub() {
  const stub = { requests: 0 };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      stub.requests += 1;
      response.writeHead(200, {
        "content-type": "application/json",
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "*",
      });
      response.end(request.method === "OPTIONS" ? "" : answerTo(body));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stub.url = `http://127.0.0.1:${server.address().port}`;
  stub.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return stub;
}
