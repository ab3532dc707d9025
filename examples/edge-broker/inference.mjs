// Stands in for Fireworks' inference host in the local demo: accepts the keys that the service at the given
// address accepts, and streams an answer. It answers preflights as the provider does: a page may send
// `Authorization` and `Content-Type` only.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [, , service, account, port = "0"] = process.argv;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type",
};

/** Between two words, in milliseconds. */
const PAUSE_MS = 60;

const server = createServer(async (request, response) => {
  const { method, url, headers } = request;
  if (method === "OPTIONS") return response.writeHead(204, CORS).end();
  const refuse = (status, message) =>
    response
      .writeHead(status, { ...CORS, "content-type": "application/json" })
      .end(JSON.stringify({ error: { message } }));
  if (method !== "POST" || url !== "/inference/v1/chat/completions")
    return refuse(404, "there is nothing here");
  const { authorization = "" } = headers;
  const { ok } = await fetch(`${service}/v1/accounts/${account}`, { headers: { authorization } });
  if (!ok) return refuse(401, "the key does not work");
  const key = `${authorization.slice("Bearer ".length, 14)}…`;
  const words = `This came straight from the inference host, with the key ${key} of your own.`;
  response.writeHead(200, { ...CORS, "content-type": "text/event-stream" });
  for (const content of words.split(/(?<= )/)) {
    response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    await sleep(PAUSE_MS);
  }
  response.end("data: [DONE]\n\n");
});

server.listen(Number(port), "127.0.0.1", () => {
  console.log(`inference stand-in listening on http://127.0.0.1:${server.address().port}`);
});
