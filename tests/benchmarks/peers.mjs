// The peers that the benchmarks measure, and the server that answers them.

import { once } from "node:events";
import { cp, mkdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folder, prepare, tool } from "../matrix/fixture.mjs";

/** The peers' names, with the file in peers/ that implements a create. */
export const PEERS = {
  "fireworks-keys": "fireworks-keys",
  "`fetch` by hand": "fetch",
  "`new Request` + `fetch` by hand": "request",
  "`ky`": "ky",
  "`openai`": "openai",
  "`@anthropic-ai/sdk`": "anthropic",
};

/** The names of the peers that the tables compare others with. */
export const BY_HAND = "`new Request` + `fetch` by hand";
export const OPENAI = "`openai`";
export const OURS = "fireworks-keys";

/** The answer to every create. */
export const ANSWER = {
  keyId: "YsT9blu0LuElEH0i",
  displayName: "bench",
  key: "fw_zgHX3OKM0XshxLwu3HqH1QR4",
  createTime: "2026-11-24T23:37:40.774886Z",
  secure: true,
  email: "ci-bot@acme.sa.fireworks.ai",
  prefix: "fw_zgHX",
  annotations: { "fireworks-keys-attempt": "77d02c51b8088cfd9e5e86184823c00b" },
};

/**
 * The text that answers a request with this body: a create's own tag among the annotations, as the service
 * keeps them, or an empty list. Where a runtime repeats requests by itself, a create whose tag is kept lists
 * the keys.
 */
export function answerTo(body) {
  if (!body) return EMPTY_LIST;
  const [, tag] = body.match(/"fireworks-keys-attempt":"([^"]*)"/) ?? [];
  return tag === undefined ? ANSWERED : ANSWERED.replace(ANSWER.annotations["fireworks-keys-attempt"], tag);
}

const ANSWERED = JSON.stringify(ANSWER);
const EMPTY_LIST = JSON.stringify({ apiKeys: [] });

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
