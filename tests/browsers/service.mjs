// A service with keys of every age, which an emulator cannot have: it serves the page like any static
// host, under the policy that docs/console.md asks for, and answers lists and deletions.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self' https://api.fireworks.ai; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

const NAMES = [
  "deploy",
  "nightly evaluation",
  "billing export",
  "staging",
  "laptop of Grace",
  "search",
  "support bot",
  "data pipeline",
  "experiments",
  "on-call",
];

const DAY = 86_400_000;

/** So many keys: of every age and end, used and unused, those of a person who has left among them. */
export function someKeys(count, now = Date.now()) {
  const time = (days) => new Date(now + days * DAY).toISOString();
  const ends = [undefined, 5, 45, 200, -3, 11, 340, 90, 25, undefined, 150, 500];
  return Array.from({ length: count }, (_, index) => {
    const age = 1 + ((index * 37) % 400) + (index % 7) / 10;
    const end = ends[(index * 5) % ends.length];
    const owner = index % 3;
    return {
      keyId: `key-${index}`,
      displayName: count > 20 ? `${NAMES[index % NAMES.length]} ${index}` : NAMES[index % NAMES.length],
      createTime: time(-age),
      secure: true,
      prefix: `fw_${"abcdefghij"[index % 10]}${String(index).padStart(3, "0").slice(-3)}`,
      email: [
        "ada@acme.example",
        "ci-bot@acme.sa.fireworks.ai",
        index % 11 === 2 ? "left@acme.example" : "grace@acme.example",
      ][owner],
      ...(end !== undefined && { expireTime: time(end + (index % 5) / 10 + (end > 0 ? index % 60 : 0)) }),
      ...(index % 4 > 0 && { lastUsed: time(-Math.min(age, ((index * 13) % 120) + 0.2)) }),
      annotations: { team: ["infra", "search", "support"][owner] },
    };
  });
}

const USERS = [
  { name: "accounts/acme/users/ada", email: "ada@acme.example", role: "admin" },
  { name: "accounts/acme/users/grace", email: "grace@acme.example", role: "user" },
  {
    name: "accounts/acme/users/ci-bot",
    email: "ci-bot@acme.sa.fireworks.ai",
    role: "user",
    serviceAccount: true,
  },
];

/**
 * Starts one. Its keys can be changed, and users added; `gate`, where it is set, is awaited before each page
 * but the first.
 */
export async function startService({ www, keys, folder = "" }) {
  const service = { keys, users: [], gate: undefined };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    // As a host that passes requests on to the service.
    url.pathname = url.pathname.replace(/^\/passed-on(?=\/v1\/)/, "");
    const answer = (status, body) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname === "/v1/accounts/acme/users")
      return answer(200, { users: [...USERS, ...service.users] });
    const [, user, deletes] =
      /^\/v1\/accounts\/acme\/users\/([^/]+)\/apiKeys(:delete)?$/.exec(url.pathname) ?? [];
    // A user whose e-mail begins with the id.
    const has = (key) => user === "-" || key?.email?.startsWith(`${user}@`);
    if (deletes) {
      const { keyId } = JSON.parse(Buffer.concat(await request.toArray()).toString());
      const key = service.keys.find((key) => key.keyId === keyId && has(key));
      if (!key) return answer(404, { code: 5, message: "there is no such key" });
      service.keys = service.keys.filter((each) => each !== key);
      return answer(200, {});
    }
    if (user) {
      const keys = service.keys.filter((key) => user === "-" || has(key));
      if (user !== "-" && keys.length === 0)
        return answer(404, { code: 5, message: "there is no such user" });
      const from = Number(url.searchParams.get("pageToken") ?? 0);
      const to = from + Number(url.searchParams.get("pageSize") || 1_000);
      if (from > 0) await service.gate;
      return answer(200, {
        apiKeys: keys.slice(from, to),
        nextPageToken: to < keys.length ? String(to) : "",
        totalSize: keys.length,
      });
    }
    const path = url.pathname.startsWith(`${folder}/`) ? url.pathname.slice(folder.length) : "/none";
    const file = join(www, normalize(path.endsWith("/") ? `${path}index.html` : path));
    const body = await readFile(file).catch(() => undefined);
    if (!body) return answer(404, { code: 5, message: "there is no such path" });
    response
      .writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "text/plain",
        "content-security-policy": POLICY,
      })
      .end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  service.url = `http://127.0.0.1:${server.address().port}`;
  service.page = `${service.url}${folder}/`;
  service.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return service;
}
