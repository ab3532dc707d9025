// A service in memory behind an HTTP server on this machine, which can be made to differ, and what a run of
// the check did there.

import { createServer } from "node:http";
import { fakeFireworks } from "fireworks-keys/testing";

export const TOKEN = "fw_conform_admin_token";
export const ACCOUNT = "hidden-account";
export const USER = "hidden-bot";

/**
 * Serves a service. `ask` may change a request or answer it, `answer` may change an answer; `cors` is whether
 * pages of other origins may use it. What is sent is noted.
 */
export async function serve({ ask = () => {}, answer = (given) => given, cors = true } = {}) {
  const service = fakeFireworks({
    accountId: ACCOUNT,
    users: [
      { userId: "me", role: "admin" },
      { userId: USER, serviceAccount: true },
    ],
    token: TOKEN,
  });
  const noted = { creates: [], deletes: [], secrets: new Set(), most: 0, count: 0 };
  let running = 0;
  const server = createServer(async (incoming, outgoing) => {
    running += 1;
    noted.count += 1;
    noted.most = Math.max(noted.most, running);
    try {
      const given = await read(incoming);
      const request = (await ask(given, service)) ?? given;
      const response = request instanceof Response ? request : await sent(request);
      await write(outgoing, await answer(response, given));
    } catch {
      outgoing.destroy();
    } finally {
      running -= 1;
    }
  });

  async function sent({ method, url, headers, body }) {
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: cors ? preflight : {} });
    const pathname = new URL(url).pathname;
    const json = body === "" ? undefined : JSON.parse(body.replace(/^[^{]*$/, "{}"));
    if (method === "POST" && pathname.endsWith(":delete")) noted.deletes.push(json.keyId);
    if (method === "POST" && pathname.endsWith("/apiKeys")) noted.creates.push(json.apiKey);
    const response = await service.fetch(url, { method, headers, ...(body === "" ? {} : { body }) });
    const copy = await response
      .clone()
      .json()
      .catch(() => undefined);
    for (const value of [copy?.key, copy?.keyId, copy?.email]) if (value) noted.secrets.add(value);
    return response;
  }

  const preflight = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "Authorization, Content-Type",
  };

  async function write(outgoing, response) {
    const headers = Object.fromEntries(response.headers);
    if (cors) headers["access-control-allow-origin"] ??= "*";
    outgoing.writeHead(response.status, headers).end(Buffer.from(await response.arrayBuffer()));
  }

  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  // A test that fails does not wait for it.
  server.unref();
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    service,
    noted,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function read(incoming) {
  const pieces = [];
  for await (const piece of incoming) pieces.push(piece);
  const { host: _, connection: __, ...headers } = incoming.headers;
  const url = `http://127.0.0.1${incoming.url}`;
  return { method: incoming.method, url, headers, body: Buffer.concat(pieces).toString() };
}
