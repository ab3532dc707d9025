// What is asked of a runtime's or a caller's fetch, and what is taken from it for an answer.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { createApiKey, deleteApiKey, listApiKeys, rotateApiKey } from "fireworks-keys";
import { creating, errorOf, refusal } from "./calls.mjs";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

test("a request follows no redirect, says what it sends, and is not bound to anything", async () => {
  const fetch = creating();
  await createApiKey({ ...at, headers: { "x-mine": "1" }, fetch });
  const [{ init, self }] = fetch.asked;
  assert.equal(self, undefined);
  assert.deepEqual([init.method, init.redirect], ["POST", "manual"]);
  assert.deepEqual(init.headers, {
    "accept": "application/json",
    "authorization": "Bearer fw_x",
    "content-type": "application/json",
    "x-mine": "1",
  });
  assert.deepEqual(JSON.parse(init.body), { apiKey: {} });
});

/** Runs a script in a process of its own. */
async function runs(script) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    stdio: "inherit",
  });
  assert.deepEqual(await once(child, "exit"), [0, null]);
}

test("a mock of the global fetch gets the URL's text and an init", async (t) => {
  const mock = t.mock.method(globalThis, "fetch", async (url, init) => {
    assert.ok(typeof url === "string" && url.startsWith("https://") && init.signal instanceof AbortSignal);
    return Response.json({ keyId: "k", key: "fw_k" });
  });
  await createApiKey(at);
  assert.equal(mock.mock.callCount(), 1);
});

/** What people put in the place of the platform's fetch. */
const REPLACEMENTS = {
  "one that takes what it is given": (native) => (resource, init) => native(resource, init),
  "one that makes text of the URL": (native) => (url, init) => native(String(url), init),
  "one that parses the URL": (native) => (url, init) => native(new URL(url), init),
  "one that copies the headers": (native) => (url, init) =>
    native(url, { ...init, headers: { ...init.headers, "x-trace": "1" } }),
  "one that records the method": (native) => (url, init) => {
    assert.ok(["GET", "POST"].includes(init.method.toUpperCase()));
    return native(url, init);
  },
  "one that makes a request": (native) => (resource, init) => native(new Request(resource, init)),
  "one that takes the URL of a request": (native) => (resource, init) =>
    native(typeof resource === "string" ? resource : resource.url, init),
  "one that takes apart what it is given": (native) => (resource, init) => {
    const { method, headers, body } = new Request(resource, init);
    return native(`${resource}`, { ...init, method, headers, body, duplex: "half" });
  },
};

for (const [name, replace] of Object.entries(REPLACEMENTS)) {
  test(`the global fetch may be ${name}`, async (t) => {
    const seen = [];
    const server = await serve((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        seen.push([request.method, request.headers.authorization, body && JSON.parse(body)]);
        response.end(JSON.stringify({ keyId: "k", key: "fw_k", apiKeys: [] }));
      });
    });
    t.after(() => server.close());
    const { token, accountId, userId } = at;
    const to = { token, accountId, userId, baseUrl: `http://127.0.0.1:${server.address().port}` };
    const bearer = `Bearer ${token}`;
    const expected = [
      ["POST", bearer, { apiKey: { displayName: "x" } }],
      ["GET", bearer, ""],
    ];
    // Before the package is imported, as a tracer does.
    await runs(`
      import assert from "node:assert/strict";
      globalThis.fetch = (${replace})(globalThis.fetch);
      const { createApiKey, listApiKeys } = await import("fireworks-keys");
      const to = ${JSON.stringify(to)};
      await createApiKey({ ...to, orphanProtection: false, displayName: "x" });
      await listApiKeys(to);
    `);
    assert.deepEqual(seen.splice(0), expected, "before");
    t.mock.method(globalThis, "fetch", replace(globalThis.fetch));
    await createApiKey({ ...to, orphanProtection: false, displayName: "x" });
    await listApiKeys(to);
    assert.deepEqual(seen, expected, "after");
  });
}

test("a platform's Request that refuses what it is given is left out", async (t) => {
  t.mock.method(globalThis, "Request", () => {
    throw new TypeError("a signal of another realm");
  });
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, init) => {
    asked.push([url, init.method]);
    return Response.json({ keyId: "k", key: "fw_k" });
  });
  await createApiKey(at);
  assert.deepEqual(asked, [["https://api.fireworks.ai/v1/accounts/acme/users/ci-bot/apiKeys", "POST"]]);
});

for (const [name, replace] of Object.entries({
  "the platform's fetch": (native) => native,
  "a fetch that passes on what it is given": (native) => (url, init) => native(url, init),
})) {
  test(`an attempt over ${name} that timed out ends its request, whatever is collected`, async (t) => {
    const closed = [];
    const server = await serve((request) => closed.push(once(request.socket, "close")));
    t.after(() => server.closeAllConnections());
    t.after(() => server.close());
    const options = { ...at, baseUrl: `http://127.0.0.1:${server.address().port}`, timeoutMs: 1_000 };
    const script = `
      globalThis.fetch = (${replace})(globalThis.fetch);
      const { createApiKey } = await import("fireworks-keys");
      setInterval(globalThis.gc, 20).unref();
      const calls = Array.from({ length: 10 }, () => createApiKey(${JSON.stringify(options)}));
      const ended = await Promise.allSettled(calls);
      console.log(...new Set(ended.map(({ reason }) => reason.code)));
      // An end of the process would close its connections.
      process.stdin.resume();
    `;
    const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "--eval", script], {
      cwd: import.meta.dirname,
      stdio: ["pipe", "pipe", "inherit"],
    });
    t.after(() => child.kill());
    assert.equal(String((await once(child.stdout, "data"))[0]).trim(), "TIMEOUT");
    // On a busy machine, some time out before they arrive.
    assert.ok(closed.length > 0);
    await Promise.all(closed);
    child.stdin.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
}

/** Starts a server on this machine. */
async function serve(answer) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test("each create has a tag of its own: 32 digits, also where random numbers are small", async (t) => {
  let count = 0;
  t.mock.method(crypto, "getRandomValues", (words) => words.map(() => (count += 1)));
  const tags = [];
  const fetch = creating();
  for (let call = 0; call < 50; call += 1) {
    const { annotations } = await createApiKey({ ...at, orphanProtection: true, fetch });
    tags.push(annotations["fireworks-keys-attempt"]);
  }
  assert.ok(count > 0, "these numbers were asked for");
  assert.equal(new Set(tags).size, tags.length);
  for (const tag of tags) assert.match(tag, /^[0-9a-f]{32}$/);
});

test("what is no answer is not taken for one", async () => {
  const response = (fields) => async () => ({
    status: 200,
    headers: new Headers(),
    text: async () => "{}",
    ...fields,
  });
  for (const fetch of [
    async () => Response.error(),
    response({ status: "200" }),
    response({ status: 200.5 }),
    response({ status: -1 }),
    response({ status: 1_000 }),
    response({ text: () => 7 }),
    async () => undefined,
  ]) {
    const error = await errorOf(createApiKey({ ...at, fetch }));
    assert.deepEqual([error.code, error.cause.name], ["CONNECTION", "TypeError"]);
  }
});

test("a server's word on retries must be true or false", async () => {
  const attempts = async (status, word, body = {}) => {
    const headers = { "x-should-retry": word, "retry-after-ms": "0" };
    return (await errorOf(createApiKey({ ...at, maxRetries: 1, fetch: refusal(status, body, headers) })))
      .attempts;
  };
  assert.equal(await attempts(400, "true"), 2);
  assert.equal(await attempts(400, "truex"), 1);
  assert.equal(await attempts(500, "false"), 1);
  assert.equal(await attempts(500, "falsex"), 2);
  // A refusal with 200 is one, too.
  assert.equal(await attempts(200, "true", { code: 13, message: "later" }), 2);
});

test("a refusal in another shape than the API's does not prove that nothing was made", async () => {
  for (const [status, body, known] of [
    [404, { code: 5, message: "no such user" }, "none"],
    [413, { error: "too large" }, "none"],
    [400, { error: { message: "no", type: "invalid" } }, "none"],
    [404, { fault: { faultstring: "no route" } }, "none"],
    [413, { timestamp: 1, status: 413, error: "Payload Too Large", path: "/v1" }, "unaccounted"],
    [404, { code: 404, message: "not defined" }, "unaccounted"],
    [400, { code: "ERR_BAD_RESPONSE" }, "unaccounted"],
    [403, { error: { reason: "sso" } }, "unaccounted"],
    [403, { error: "no", success: false }, "unaccounted"],
    [200, { error: "upstream" }, "unaccounted"],
    [200, "<html>sign in</html>", "unaccounted"],
  ]) {
    const fetch = async (_, { method }) =>
      method === "GET" ? Response.json({ apiKeys: [] }) : await refusal(status, body)();
    const { orphans } = await errorOf(createApiKey({ ...at, orphanProtection: true, fetch }));
    assert.equal(orphans, known, `${status} ${JSON.stringify(body)}`);
  }
});

test("a setter on every object takes part in no request of the runtime's own fetch", async () => {
  const set = () => {
    throw new Error("a setter was called");
  };
  // The first request finds out whether the platform can build one.
  await errorOf(createApiKey({ ...at, baseUrl: "http://127.0.0.1:1" }));
  for (const name of ["method", "headers", "redirect", "signal", "cache", "body"]) {
    Object.defineProperty(Object.prototype, name, { set, get: () => undefined, configurable: true });
    try {
      // No server listens there.
      const error = await errorOf(createApiKey({ ...at, baseUrl: "http://127.0.0.1:1" }));
      assert.equal(error.code, "CONNECTION", `${name}: ${error.message}`);
    } finally {
      delete Object.prototype[name];
    }
  }
});

test("an option that is on every object is not taken for the caller's", async () => {
  for (const name of ["displayName", "expiresIn"]) {
    const polluted = { value: "1d", configurable: true, enumerable: true };
    Object.defineProperty(Object.prototype, name, polluted);
    try {
      const fetch = creating();
      await createApiKey({ ...at, fetch });
      assert.deepEqual(JSON.parse(fetch.asked[0].init.body), { apiKey: {} });
    } finally {
      delete Object.prototype[name];
    }
  }
});

test("an unknown option is found where it is hidden or inherited, and a method is none", async () => {
  const hidden = Object.defineProperty({ ...at }, "expireTme", { value: "x", enumerable: false });
  const inherited = Object.assign(Object.create({ expireTme: "x" }), at);
  for (const options of [hidden, inherited]) {
    assert.equal((await errorOf(createApiKey(options))).path, "expireTme");
  }
  class Options {
    helps() {}
  }
  await createApiKey(Object.assign(new Options(), at, { fetch: creating() }));
});

test("a token or a header that no request can carry is refused before anything is sent", async () => {
  for (const [path, options] of [
    ["token", { token: "fw_x\n" }],
    ["token", { token: "fw x" }],
    ["token", { token: "fw_é" }],
    ["headers.a b", { headers: { "a b": "1" } }],
    ["headers.x-mine", { headers: { "x-mine": "a\r\nb" } }],
    ["headers.x-mine", { headers: { "x-mine": "\u0100" } }],
  ]) {
    const fetch = creating();
    assert.equal((await errorOf(createApiKey({ ...at, fetch, ...options }))).path, path);
    assert.equal(fetch.asked.length, 0);
  }
  const fetch = creating();
  await createApiKey({ ...at, headers: { "x-mine": "\tcaf\u00e9" }, fetch });
  assert.equal(fetch.asked[0].init.headers["x-mine"], "\tcaf\u00e9");
});

/** A service with one key, whose prefix is told, and what it was asked as whom. */
function rotating(prefix) {
  const asked = [];
  const fetch = async (url, { method, body, headers: { authorization } }) => {
    if (url.endsWith(":delete")) asked.push(authorization);
    if (url.endsWith("/acme")) return Response.json({ name: "accounts/acme" });
    if (method === "GET") return Response.json({ apiKeys: [{ keyId: "k", prefix }] });
    if (url.endsWith(":delete")) return Response.json({});
    return Response.json({ keyId: "new", key: "fw_new", annotations: JSON.parse(body).apiKey.annotations });
  };
  const options = { token: "fw_x", accountId: "acme", userId: "u", keyId: "k", keep: 0, fetch };
  return { asked, options };
}

test("only a prefix of the token tells that the token is the key that is deleted", async () => {
  for (const [prefix, token] of [
    ["fw_", "fw_new"],
    ["_x", "fw_x"],
    ["", "fw_x"],
    [undefined, "fw_x"],
  ]) {
    const { asked, options } = rotating(prefix);
    await rotateApiKey({ ...options, persist() {} });
    assert.deepEqual(asked, [`Bearer ${token}`], `${prefix}`);
  }
});

test("a listener or a waitUntil that throws changes nothing for the call", async () => {
  const events = [];
  let failures = 0;
  const fetch = async (url, init) => {
    if (init.method === "GET") return Response.json({ apiKeys: [] });
    failures += 1;
    return failures === 1
      ? new Response("", { status: 500, headers: { "retry-after-ms": "0" } })
      : creating()(url, init);
  };
  const onEvent = (event) => {
    events.push(event.type);
    throw new Error("mine");
  };
  const waitUntil = () => {
    throw new Error("mine");
  };
  const { token, accountId, userId } = at;
  const { keyId } = await createApiKey({ token, accountId, userId, fetch, onEvent, waitUntil });
  assert.equal(keyId, "k");
  assert.deepEqual(events, ["retry", "orphans-open"]);
});

test("a delete sends the key's id, and resolves to nothing", async () => {
  let sent;
  const fetch = async (url, { body }) => {
    sent = [new URL(url).pathname, JSON.parse(body)];
    return Response.json({});
  };
  const { token, accountId, userId } = at;
  assert.equal(await deleteApiKey({ token, accountId, userId, keyId: "k", fetch }), undefined);
  assert.deepEqual(sent, ["/v1/accounts/acme/users/ci-bot/apiKeys:delete", { keyId: "k" }]);
});

test("a second argument, and a lifetime without a value, are refused before anything is sent", async () => {
  const fetch = creating();
  assert.equal((await errorOf(createApiKey({ ...at, fetch }, { expiresIn: "5m" }))).path, "arguments");
  for (const options of [{ expiresIn: undefined }, Object.create({ expiresIn: undefined })]) {
    const error = await errorOf(createApiKey(Object.assign(options, { ...at, fetch })));
    assert.equal(error.path, "expiresIn");
  }
  assert.deepEqual(fetch.asked, []);
});

test("a deletion is confirmed by an empty object alone", async () => {
  const { token, accountId, userId } = at;
  const deleting = (body) => {
    const fetch = async (_, { method }) =>
      Response.json(method === "GET" ? { apiKeys: [{ keyId: "k" }] } : body);
    return deleteApiKey({ token, accountId, userId, keyId: "k", missingOk: true, fetch });
  };
  assert.equal(await deleting({}), undefined);
  assert.equal((await errorOf(deleting({ done: true }))).code, "INVALID_RESPONSE");
  for (const refused of [{ error: "no" }, { fault: {} }, { code: 7 }, { error: { code: 7 } }]) {
    assert.equal((await errorOf(deleting(refused))).name, "ApiError", JSON.stringify(refused));
  }
});
