// A stand-in for a broker, which a test can have fail, and whose keys live as long as the test says.

import { once } from "node:events";
import { createServer } from "node:http";

/** Stops what a test has started. */
const running = new Set();

/** Stops all servers. */
export async function stopAll() {
  for (const stop of running) await stop();
  running.clear();
}

/** Listens on a free port, and returns the address. */
export async function listen(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  running.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** What a page of any origin may read, as the real broker allows its own pages. */
export const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, DELETE",
  "access-control-allow-headers": "authorization, content-type",
  "access-control-expose-headers": "retry-after",
};

/**
 * Starts one. `answers` are functions that answer the next mints, `revocations` the next deletions; when
 * none is left, a mint makes a key that lives for `lifeMs`. `asked` resolves when so many mints have come.
 */
export async function startBroker({ lifeMs = 300_000 } = {}) {
  const waiting = [];
  const broker = {
    lifeMs,
    answers: [],
    revocations: [],
    /** The mints' requests, and the ids of the keys to delete. */
    mints: [],
    deletions: [],
    /** The keys that are alive. */
    alive: new Map(),
    asked: (count) =>
      new Promise((resolve) => {
        waiting.push({ isDone: () => broker.mints.length >= count, resolve });
        heard();
      }),
  };
  const heard = () => {
    for (const { isDone, resolve } of waiting) if (isDone()) resolve();
  };
  let count = 0;
  /** A new key, as the broker answers a mint. */
  broker.mint = (change = {}) => {
    count += 1;
    const key = `fw_secret${String(count).padStart(12, "0")}`;
    const keyId = `id-${count}`;
    broker.alive.set(keyId, key);
    const expireTime = new Date(Date.now() + broker.lifeMs).toISOString();
    return { key, keyId, expireTime, expiresInMs: broker.lifeMs, ...change };
  };
  broker.works = (key) => [...broker.alive.values()].includes(key);
  broker.url = await listen(async (request, response) => {
    const answer = (status, body, headers = {}) =>
      response
        .writeHead(status, { "content-type": "application/json", ...CORS, ...headers })
        .end(body === undefined ? undefined : JSON.stringify(body));
    if (request.method === "OPTIONS") return answer(204);
    if (request.method === "POST" && request.url === "/keys") {
      broker.mints.push({ headers: request.headers });
      heard();
      const next = broker.answers.shift();
      return next ? next(answer, response, request) : answer(201, broker.mint());
    }
    const [, keyId] = /^\/keys\/([^/]+)$/.exec(request.url) ?? [];
    if (request.method === "DELETE" && keyId) {
      broker.deletions.push(decodeURIComponent(keyId));
      const next = broker.revocations.shift();
      if (next) return next(answer, response);
      broker.alive.delete(decodeURIComponent(keyId));
      return answer(204);
    }
    return answer(404, { code: "not-found" });
  });
  return broker;
}

/** Answers that a test puts into `answers`. */
export const lost = (_, response) => response.destroy();
export const refuse = (status, code, headers) => (answer) => answer(status, { status, code }, headers);
