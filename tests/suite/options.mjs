// Tests that a wrong option fails before any request, with an error that names it and says what to change.

import { connection, countingFetch, equal, holds, rejection, rejectionOf } from "./service.mjs";

export const options = {
  async "a misspelt option is an error, enumerable or not"({ createApiKey, FireworksKeys, ValidationError }) {
    class Options {
      token = "fw_x";
      accountId = "acme";
      get userId() {
        return "ci-bot";
      }
      method() {}
    }
    class Misspelt extends Options {
      get expireTme() {
        return "2099-01-01T00:00:00Z";
      }
    }
    const hidden = Object.defineProperty(new Options(), "expireTme", { value: "2099-01-01T00:00:00Z" });
    const bare = Object.defineProperty(Object.create(null), "expireTme", { value: 1 });
    for (const options of [new Misspelt(), hidden, bare]) {
      const error = await rejectionOf(ValidationError, createApiKey(options));
      equal(error.path, "expireTme", "path");
    }
    const fetch = async () => Response.json({ keyId: "k", key: "fw_k" });
    const options = Object.assign(new Options(), { fetch });
    equal((await createApiKey(options)).keyId, "k", "methods are no options");
    const throwing = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("mine");
        },
      },
    );
    const { path } = await rejectionOf(ValidationError, new FireworksKeys(throwing).create());
    equal(path, "defaults", "whose they are");
  },

  async "a wrong option of a create is named before anything is sent"(
    { createApiKey, ValidationError },
    api,
  ) {
    const fetch = countingFetch();
    const good = { ...connection(api), fetch };
    const throwing = {
      get accountId() {
        throw new Error("fw_not_to_be_seen");
      },
    };
    const soon = "2099-01-01T00:00:00Z";
    const wrong = [
      ["options", undefined],
      ["options", null],
      ["options", "token"],
      ["options", () => good],
      ["options", [good]],
      ["token", { ...good, token: undefined }],
      ["token", { ...good, token: "" }],
      ["token", { ...good, token: 7 }],
      ["token", { ...good, token: "fw_a\n" }],
      ["token", { ...good, token: "fw_a b" }],
      ["token", { ...good, token: "fw_й" }],
      ["token", { ...good, token: () => Promise.reject(new Error("vault")) }],
      ["token", { ...good, token: () => "" }],
      ["token", { ...good, token: async () => 7 }],
      ["accountId", { ...good, accountId: undefined }],
      ["accountId", { ...good, accountId: "accounts/local" }],
      ["accountId", { ...good, accountId: "\ud800" }],
      ["accountId", { token: good.token, __proto__: throwing }],
      ["userId", { ...good, userId: "" }],
      ["userId", { ...good, userId: "." }],
      ["userId", { ...good, userId: ".." }],
      ["userId", { ...good, userId: "-" }],
      ["baseUrl", { ...good, baseUrl: "" }],
      ["baseUrl", { ...good, baseUrl: "api.fireworks.ai" }],
      ["baseUrl", { ...good, baseUrl: "http://api.fireworks.ai" }],
      ["baseUrl", { ...good, baseUrl: "https://me:secret@api.fireworks.ai" }],
      ["baseUrl", { ...good, baseUrl: "https://api.fireworks.ai/?a=b" }],
      ["baseUrl", { ...good, baseUrl: "https://api.fireworks.ai/#" }],
      ["baseUrl", { ...good, baseUrl: "//evil.example/" }],
      ["baseUrl", { ...good, baseUrl: "/\\evil.example/" }],
      ["baseUrl", { ...good, baseUrl: "ftp://localhost/" }],
      ["allowHttp", { ...good, allowHttp: "yes" }],
      ["fetch", { ...good, fetch: {} }],
      ["headers", { ...good, headers: [["a", "b"]] }],
      ["headers.a b", { ...good, headers: { "a b": "c" } }],
      ["headers.x-a", { ...good, headers: { "x-a": "b\r\nc: d" } }],
      ["headers.x-a", { ...good, headers: { "x-a": 7 } }],
      ["headers.Authorization", { ...good, headers: { Authorization: "Bearer x" } }],
      ["timeoutMs", { ...good, timeoutMs: 0 }],
      ["timeoutMs", { ...good, timeoutMs: -1 }],
      ["timeoutMs", { ...good, timeoutMs: Number.NaN }],
      ["timeoutMs", { ...good, timeoutMs: "30" }],
      ["totalTimeoutMs", { ...good, totalTimeoutMs: Number.NaN }],
      ["maxRetries", { ...good, maxRetries: -1 }],
      ["maxRetries", { ...good, maxRetries: 1.5 }],
      ["maxRetries", { ...good, maxRetries: Infinity }],
      ["signal", { ...good, signal: {} }],
      ["signal", { ...good, signal: null }],
      ["waitUntil", { ...good, waitUntil: {} }],
      ["onEvent", { ...good, onEvent: "log" }],
      ["displayName", { ...good, displayName: null }],
      ["displayName", { ...good, displayName: "\udc00" }],
      ["displayName", { ...good, displayName: "x".repeat(2 ** 20 + 1) }],
      ["expireTime", { ...good, expireTime: "tomorrow" }],
      ["expireTime", { ...good, expireTime: "2020-01-01T00:00:00Z" }],
      ["expireTime", { ...good, expireTime: new Date(Number.NaN) }],
      ["expireTime", { ...good, expireTime: new Date(8.64e15) }],
      ["expireTime", { ...good, expireTime: 4_102_444_800 }],
      ["expireTime", { ...good, expireTime: { toISOString: () => soon } }],
      ["expiresIn", { ...good, expireTime: soon, expiresIn: "1d" }],
      ["expiresIn", { ...good, expiresIn: 0 }],
      ["expiresIn", { ...good, expiresIn: -5 }],
      ["expiresIn", { ...good, expiresIn: Infinity }],
      ["expiresIn", { ...good, expiresIn: 1e15 }],
      ["expiresIn", { ...good, expiresIn: "1 day" }],
      ["expiresIn", { ...good, expiresIn: "0d" }],
      ["expiresIn", { ...good, expiresIn: "9999999w" }],
      ["expiresIn", { ...good, expiresIn: new Date() }],
      ["annotations", { ...good, annotations: "team" }],
      ["annotations", { ...good, annotations: new Map([["team", "infra"]]) }],
      ["annotations", { ...good, annotations: ["team"] }],
      ["annotations.team", { ...good, annotations: { team: 7 } }],
      ["annotations.team", { ...good, annotations: { team: undefined } }],
      ["annotations.__proto__", { ...good, annotations: JSON.parse('{"__proto__": "x"}') }],
      ["annotations.fireworks-keys-x", { ...good, annotations: { "fireworks-keys-x": "y" } }],
      ["attemptTag", { ...good, attemptTag: "" }],
      ["attemptTag", { ...good, attemptTag: "a", orphanProtection: false }],
      ["orphanProtection", { ...good, orphanProtection: 0 }],
      ["expireTme", { ...good, expireTme: soon }],
      ["expireTme", { ...good, expireTme: undefined }],
      ["pageSize", { ...good, pageSize: 1 }],
    ];
    for (const [path, options] of wrong) {
      const error = await rejectionOf(ValidationError, createApiKey(options));
      equal([error.path, error.code, error.attempts], [path, "VALIDATION", 0], "path");
      for (const secret of ["secret", "fw_", "vault"]) {
        equal(error.message.includes(secret), false, `${path}: no value in its message`);
      }
    }
    equal(fetch.count, 0, "requests");
  },

  async "a wrong option of another call is named before anything is sent"(package_, api) {
    const { ValidationError } = package_;
    const fetch = countingFetch();
    const good = { ...connection(api), fetch };
    for (const [name, path, options] of [
      ["deleteApiKey", "keyId", good],
      ["deleteApiKey", "keyId", { ...good, keyId: "" }],
      ["deleteApiKey", "userId", { ...good, keyId: "a", userId: "-" }],
      ["deleteApiKey", "missingOk", { ...good, keyId: "a", missingOk: 1 }],
      ["deleteApiKey", "displayName", { ...good, keyId: "a", displayName: "b" }],
      ["deleteOrphans", "attemptTag", good],
      ["deleteOrphans", "keepKeyId", { ...good, attemptTag: "a", keepKeyId: "" }],
      ["listApiKeys", "userId", { ...good, userId: "a/b" }],
      ["listApiKeys", "pageSize", { ...good, pageSize: 0 }],
      ["listApiKeys", "pageSize", { ...good, pageSize: 1.5 }],
      ["listApiKeys", "pageSize", { ...good, pageSize: 2 ** 31 }],
      ["listApiKeys", "filter", { ...good, filter: {} }],
      ["listApiKeys", "expiresIn", { ...good, expiresIn: 1 }],
      ["listUsers", "readMask", { ...good, readMask: ["name"] }],
      ["listUsers", "options", undefined],
      ["listAccounts", "token", {}],
      ["listAccounts", "orderBy", { ...good, orderBy: "name" }],
    ]) {
      const error = await rejectionOf(ValidationError, Promise.resolve(package_[name](options)));
      equal([error.path, error.operation], [path, name], "path and operation");
    }
    equal(fetch.count, 0, "requests");
  },

  async "an error names the id that a resource name or an e-mail holds"(package_, api) {
    const { createApiKey, listUsers, ValidationError } = package_;
    const fetch = countingFetch();
    const good = { ...connection(api), fetch };
    for (const [options, path, said] of [
      [{ accountId: "accounts/acme" }, "accountId", "must be the bare id: acme"],
      [{ accountId: "accounts/acme/users/me" }, "accountId", "must be the bare id: acme"],
      [{ accountId: "https://api.fireworks.ai/v1/accounts/a-1" }, "accountId", "the bare id: a-1"],
      [{ accountId: "ci@acme.sa.fireworks.ai" }, "accountId", "must be the bare id: acme"],
      [{ userId: "accounts/acme/users/me" }, "userId", "must be the bare id: me"],
      [{ userId: "users/me" }, "userId", "must be the bare id: me"],
      [{ userId: "ci@acme.sa.fireworks.ai" }, "userId", "must be the bare id: ci"],
      [{ userId: "someone@example.com" }, "userId", "listUsers"],
      [{ userId: "accounts/acme" }, "userId", "without a slash"],
      [{ userId: "users/fw_secret" }, "userId", "without a slash"],
      [{ userId: "users/" }, "userId", "without a slash"],
      [{ accountId: undefined }, "accountId", "listAccounts({ token })"],
    ]) {
      const error = await rejectionOf(ValidationError, createApiKey({ ...good, ...options }));
      equal(error.path, path, "path");
      holds(error.message.includes(said), error.message);
      equal(/secret|example/.test(error.message), false, "no value that may be a secret");
    }
    const { userId: _, ...rest } = good;
    const error = await rejectionOf(
      ValidationError,
      Promise.resolve(listUsers({ ...rest, accountId: "accounts/acme" })),
    );
    holds(error.message.includes("bare id: acme"), error.message);
    equal(fetch.count, 0, "requests");
  },

  async "what belongs to one call is no default of a client"({ FireworksKeys, ValidationError }, api) {
    for (const name of ["attemptTag", "keepKeyId", "keyId", "pageToken"]) {
      const client = new FireworksKeys({ ...connection(api), [name]: "x" });
      const error = await rejectionOf(ValidationError, client.create());
      equal(error.path, name, "path");
      holds(error.message.includes("belongs to one call"), error.message);
    }
  },

  async "what somebody put on every object is nobody's option"({ createApiKey }, api) {
    const { token: _, ...rest } = connection(api);
    const fetch = countingFetch();
    Object.prototype.displayName = "polluted";
    Object.prototype.headers = { "x-evil": "1" };
    try {
      const created = await createApiKey({ ...rest, token: "fw_local_admin", fetch });
      equal(created.displayName, "default", "displayName");
    } finally {
      delete Object.prototype.displayName;
      delete Object.prototype.headers;
    }
  },

  async "a misspelt option is answered with the name that was meant"({ createApiKey, ValidationError }, api) {
    for (const [name, meant] of [
      ["expireTme", "expireTime"],
      ["expires_in", "expiresIn"],
      ["apiKey", "token"],
      ["timeout", "timeoutMs"],
      ["baseURL", "baseUrl"],
      ["expiresAt", "expireTime"],
      ["expiretime", "expireTime"],
      ["expires", "expiresIn"],
      ["annotation", "annotations"],
      ["displayname", "displayName"],
      ["display_name", "displayName"],
      ["acountId", "accountId"],
    ]) {
      const options = { ...connection(api), [name]: "x" };
      const { message } = await rejectionOf(ValidationError, createApiKey(options));
      holds(message.endsWith(`is not an option; did you mean ${meant}?`), message);
    }
  },

  async "a name that is near to none of the call's options gets no hint"(
    { createApiKey, deleteApiKey, ValidationError },
    api,
  ) {
    const options = connection(api);
    for (const name of ["", "x", "colour", "ĂĄĆ", "__proto_", "constructor", "x".repeat(1 << 16)]) {
      const call = createApiKey({ ...options, [name]: "x" });
      const { message } = await rejectionOf(ValidationError, call);
      holds(message.endsWith("is not an option"), name);
    }
    const { message } = await rejectionOf(ValidationError, deleteApiKey({ ...options, expiresAt: "x" }));
    holds(message.endsWith("is not an option"), "expiresAt");
  },

  async "a lifetime without a value is an error, and never is said aloud"(package_, api) {
    const { createApiKey, rotateApiKey, FireworksKeys } = package_;
    const at = connection(api);
    const path = async (promise) => (await rejection(promise)).path;
    for (const name of ["expireTime", "expiresIn"]) {
      equal(await path(createApiKey({ ...at, [name]: undefined })), name, "a create");
      const rotating = { ...at, keyId: "k", persist() {}, [name]: undefined };
      equal(await path(rotateApiKey(rotating)), name, "a rotation");
      // A client's defaults are for creates: they give a lifetime to them, and not to a rotation.
      const client = new FireworksKeys({ ...at, expiresIn: "1d" });
      holds((await client.create({ [name]: undefined })).expireTime, "a default counts");
      equal(await path(client.rotate({ keyId: "k", persist() {}, [name]: undefined })), name, "a rotation");
      equal(await path(new FireworksKeys({ ...at, [name]: undefined }).create()), name, "a default");
    }
    const expireTime = new Date(Date.now() + 3_600_000);
    const created = await createApiKey({ ...at, expireTime, expiresIn: undefined });
    equal(Date.parse(created.expireTime), expireTime.getTime(), "one of them is enough");
    for (const lifetime of [{}, { expiresIn: "never" }]) {
      equal((await createApiKey({ ...at, ...lifetime })).expireTime, undefined, "never");
    }
    const { keyId } = await createApiKey({ ...at, expiresIn: "1d" });
    const rotation = await rotateApiKey({ ...at, keyId, persist() {}, expiresIn: "never" });
    equal(rotation.created.expireTime, undefined, "a successor that never expires");
  },

  async "a second argument is an error, because it may hold a lifetime"(package_, api) {
    const { ValidationError, FireworksKeys, init } = package_;
    const fetch = async () => {
      throw new Error("something was sent");
    };
    const options = { ...connection(api), fetch, keyId: "k", attemptTag: "t", persist() {} };
    const client = new FireworksKeys({ ...connection(api), fetch });
    const calls = [
      ...["createApiKey", "deleteApiKey", "deleteOrphans", "listApiKeys"].map((name) => package_[name]),
      ...["listUsers", "listAccounts", "auditApiKeys", "rotateApiKey"].map((name) => package_[name]),
      ...["create", "delete", "deleteOrphans", "list", "audit", "rotate", "users", "accounts"].map(
        (name) =>
          (...given) =>
            client[name](...given),
      ),
      init,
      ({ attemptTag, keyId, persist, ...rest }, second) => package_.listApiKeys(rest).pages(second).next(),
    ];
    const mistaken = new FireworksKeys(options, { expiresIn: "5m" });
    for (const name of ["create", "delete", "deleteOrphans", "list", "audit", "rotate", "users"]) {
      const error = await rejectionOf(ValidationError, Promise.resolve(mistaken[name]({})));
      equal([error.path, error.operation], ["arguments", "FireworksKeys"], name);
    }
    for (const call of calls) {
      for (const second of [{ expiresIn: "5m" }, undefined]) {
        const error = await rejectionOf(ValidationError, Promise.resolve(call(options, second)));
        equal(error.path, "arguments", call.name);
      }
    }
  },
};
