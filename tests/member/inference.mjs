// A stand-in for the inference host, which answers preflights as the provider does: a page may send
// `Authorization` and `Content-Type`, and no other header that needs asking.

import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "./broker.mjs";

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type",
};

/** The words of an answer. */
export const WORDS = ["The ", "key ", "is ", "yours ", "alone."];

/** Starts one that accepts the keys for which `works` is true. */
export async function startInference(works) {
  const inference = {
    works,
    /** All requests but preflights. */
    requests: [],
    /** Answers instead of what it would do: a function for each of the next requests. */
    answers: [],
    /** Awaited between the words of a streamed answer. */
    pause: () => sleep(1),
  };
  const chunk = (delta, finish = null) => ({
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  inference.origin = await listen(async (request, response) => {
    const { method, url, headers } = request;
    if (method === "OPTIONS") {
      // A browser refuses to send what is not allowed here. Node sends everything.
      return response.writeHead(204, CORS).end();
    }
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString();
    const key = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
    inference.requests.push({ method, url, headers, body, key });
    const json = (status, value) =>
      response.writeHead(status, { ...CORS, "content-type": "application/json" }).end(JSON.stringify(value));
    const next = inference.answers.shift();
    if (next) return next(response, json, CORS);
    if (!inference.works(key)) return json(401, { error: { message: "unauthorized", code: "UNAUTHORIZED" } });
    if (!url.startsWith("/inference/v1/")) return json(404, { error: { message: "no such path" } });
    if (!url.endsWith("/chat/completions")) return json(200, { url, body });
    if (!JSON.parse(body).stream) {
      const message = { role: "assistant", content: WORDS.join("") };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      return json(200, { id: "c1", object: "chat.completion", created: 1, model: "m", choices });
    }
    response.writeHead(200, { ...CORS, "content-type": "text/event-stream" });
    const send = (data) =>
      response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
    for (const content of WORDS) {
      send(chunk({ role: "assistant", content }));
      await inference.pause(content);
    }
    send(chunk({}, "stop"));
    send("[DONE]");
    response.end();
  });
  inference.url = `${inference.origin}/inference/`;
  return inference;
}
