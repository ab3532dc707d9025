// `cargo xtask demo --proxy`: the demo's page, and beside it a path that leads to the real service, for those
// whose browser may not talk to it (CORS). It serves this machine alone, and no page but its own.

import { request as ask, createServer } from "node:http";
import { pipeline } from "node:stream/promises";

const [port, page, service] = process.argv.slice(2);

/** The path of the relay. */
const PATH = "/fireworks/";

/** What is passed on of a request and of an answer. */
const ASKED = ["accept", "authorization", "content-type"];
const ANSWERED = ["content-type", "date", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry"];

/** The largest body of a request, in bytes. */
const LARGEST = 2 ** 20;

const server = createServer((request, response) => {
  const relayed = request.url.startsWith(PATH);
  (relayed ? relay(request, response) : pass(request, response)).catch(() => {
    // A connection that the emulator breaks on purpose is broken for the page, too.
    if (response.headersSent || !relayed) response.destroy();
    else refuse(response, 502, "no answer arrived");
  });
});

/** Whether a request comes from the page itself, or from no page at all: whose form or script it is. */
function isOwn({ headers }) {
  const { host, origin, "sec-fetch-site": site = "none" } = headers;
  const { port } = server.address();
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(host)) return false;
  return (origin === undefined || origin === `http://${host}`) && ["none", "same-origin"].includes(site);
}

/** Passes a request on to the service. Only the page's own, which carry the token that somebody typed in. */
async function relay(request, response) {
  const { method, headers, url } = request;
  if (!isOwn(request) || !headers.authorization) return refuse(response, 403, "this is for the demo's page");
  const path = url.slice(PATH.length - 1);
  const isApi = /^\/v1\/accounts([/?]|$)/.test(path) && !/(^|\/)\.{1,2}(\/|\?|$)|\\/.test(decodeURI(path));
  if (!isApi || !["GET", "POST"].includes(method))
    return refuse(response, 404, "only the API's paths are here");
  const answer = await fetch(service + path, {
    method,
    headers: chosen(ASKED, (name) => headers[name]),
    body: method === "POST" ? await bodyOf(request) : undefined,
    redirect: "manual",
  });
  response.writeHead(answer.status, {
    ...chosen(ANSWERED, (name) => answer.headers.get(name) ?? undefined),
    // Whatever it is, it is no document of this origin.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** Passes a request on to the emulator, which serves the page and has rules of its own. */
async function pass(request, response) {
  const { method, headers, url } = request;
  const answer = await new Promise((resolve, reject) => {
    const onward = ask(page + url, { method, headers, setHost: false }, resolve);
    onward.on("error", reject);
    request.pipe(onward);
  });
  response.writeHead(answer.statusCode, answer.headers);
  await pipeline(answer, response);
}

/** The values that are there, by their names. */
function chosen(names, valueOf) {
  const entries = names.map((name) => [name, valueOf(name)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST) throw new Error("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response, status, message) {
  response.writeHead(status, { "content-type": "application/json", "x-content-type-options": "nosniff" });
  response.end(JSON.stringify({ error: `the demo's relay: ${message}` }));
}

server.on("error", ({ message }) => {
  console.error(message);
  process.exit(1);
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`fireworks-keys-proxy listening on http://127.0.0.1:${server.address().port}`);
});
