// Tests creates and deletes when nothing goes wrong, and the client.

import { connection, equal, holds, rejection, rejectionOf, storedKeys } from "./service.mjs";

export const calls = {
  async "a created key comes back whole, is stored, and works"({ createApiKey }, api) {
    const expireTime = new Date(Date.now() + 3_600_000);
    const given = { team: "infra", "": "empty name", ü: "", toString: "own", constructor: "own" };
    const created = await createApiKey({
      ...connection(api),
      displayName: "deploy é 🔑",
      expireTime,
      annotations: given,
    });
    equal(Object.getPrototypeOf(created), Object.prototype, "a plain object");
    equal(created.displayName, "deploy é 🔑", "displayName");
    equal(Date.parse(created.expireTime), expireTime.getTime(), "expireTime");
    const { "fireworks-keys-attempt": tag, ...annotations } = created.annotations;
    holds(/^[0-9a-f]{32}$/.test(tag), "the tag");
    equal(sorted(annotations), sorted(given), "annotations");
    equal(created.email, "ci-bot@local.sa.fireworks.ai", "email");
    equal(created.secure, true, "secure");
    const stored = (await storedKeys(api)).filter(({ keyId }) => keyId === created.keyId);
    equal(stored.length, 1, "stored once");
    const headers = { authorization: `Bearer ${created.key}` };
    equal((await fetch(`${api}/v1/accounts/local`, { headers })).status, 200, "the key works");
  },

  async "only what was given is sent"({ createApiKey }, api) {
    const sent = [];
    const recording = (url, init) => {
      sent.push({ url, ...init });
      return fetch(url, init);
    };
    const options = { ...connection(api), fetch: recording, orphanProtection: false };
    const created = await createApiKey({ ...options, displayName: undefined });
    equal(created.displayName, "default", "the service's own default");
    equal("expireTime" in created, false, "it never expires");
    await createApiKey({ ...options, displayName: "a", annotations: { b: "c" } });
    equal(
      sent.map(({ url, method, headers, body }) => [url, method, headers, JSON.parse(body)]),
      [{}, { displayName: "a", annotations: { b: "c" } }].map((apiKey) => [
        `${api}/v1/accounts/local/users/ci-bot/apiKeys`,
        "POST",
        {
          accept: "application/json",
          authorization: "Bearer fw_local_admin",
          "content-type": "application/json",
        },
        { apiKey },
      ]),
      "the requests",
    );
    equal(sent[0].redirect, "manual", "redirect");
    for (const name of ["credentials", "mode"]) equal(name in sent[0], false, name);
    // Older Workers do not know the option.
    holds(["no-store", undefined].includes(sent[0].cache), "cache");
  },

  async "a lifetime may be a duration"({ createApiKey }, api) {
    for (const [expiresIn, seconds] of [
      [90, 90],
      ["36h", 129_600],
      ["2w", 1_209_600],
    ]) {
      const before = Date.now();
      const { expireTime } = await createApiKey({ ...connection(api), expiresIn });
      const lifetime = Date.parse(expireTime) - seconds * 1000;
      holds(lifetime >= before && lifetime <= Date.now(), `${expiresIn}: ${expireTime}`);
    }
  },

  async "an id is one path segment, whatever it holds"({ createApiKey, deleteApiKey }, api) {
    const at = connection(api, "ü %2e?#");
    const { keyId } = await createApiKey(at);
    equal((await storedKeys(api, "ü %2e?#")).map((key) => key.keyId).includes(keyId), true, "owner");
    await deleteApiKey({ ...at, keyId });
    equal((await storedKeys(api, "ü %2e?#")).map((key) => key.keyId).includes(keyId), false, "gone");
  },

  async "a base URL may end in slashes"({ createApiKey }, api) {
    const created = await createApiKey({ ...connection(api), baseUrl: `${api}//` });
    equal(typeof created.key, "string", "the key");
  },

  async "a token may come from a function, asked once an attempt"({ createApiKey }, api) {
    let asked = 0;
    const token = async () => {
      asked += 1;
      return "fw_local_admin";
    };
    await createApiKey({ ...connection(api), token, orphanProtection: false });
    equal(asked, 1, "asked once");
  },

  async "a caller's fetch is called unbound with a URL and an init"({ createApiKey }, api) {
    let seen;
    const given = function (...args) {
      seen = { self: this, args };
      return fetch(...args);
    };
    const headers = { "X-Team": "infra" };
    // The emulator does not allow this header from a page of another origin, so the answer is made up.
    const answer = () => Promise.resolve(Response.json({ keyId: "k", key: "fw_made_up", new: [1] }));
    const created = await createApiKey({
      ...connection(api),
      headers,
      fetch: (...args) => {
        given.call(undefined, ...args).catch(() => {});
        return answer();
      },
    });
    equal(created.new, [1], "a field that nobody has heard of");
    equal(seen.self, undefined, "this");
    equal(typeof seen.args[0], "string", "the URL");
    equal(seen.args[1].headers["X-Team"], "infra", "the caller's header");
  },

  async "what replaces the global fetch gets the URL's text, and an init that is whole"(
    { createApiKey },
    api,
  ) {
    const { fetch } = globalThis;
    let method;
    globalThis.fetch = (url, init) => {
      if (url.startsWith(api)) method ??= init.method;
      return fetch(url, init);
    };
    try {
      const created = await createApiKey({ ...connection(api), displayName: "whole" });
      equal([method, created.displayName], ["POST", "whole"], "what it gets");
    } finally {
      globalThis.fetch = fetch;
    }
  },

  async "a delete deletes, and says when there is nothing to delete"(
    { createApiKey, deleteApiKey, ApiError },
    api,
  ) {
    const at = connection(api);
    const { keyId } = await createApiKey(at);
    equal(await deleteApiKey({ ...at, keyId }), undefined, "nothing");
    equal(
      (await storedKeys(api)).some((key) => key.keyId === keyId),
      false,
      "gone",
    );
    const error = await rejectionOf(ApiError, deleteApiKey({ ...at, keyId }));
    equal([error.code, error.operation], ["NOT_FOUND", "deleteApiKey"], "code and operation");
    equal(await deleteApiKey({ ...at, keyId, missingOk: true }), undefined, "nothing");
  },

  async "a client remembers what need not be repeated, and tells nobody"(
    { FireworksKeys, ValidationError },
    api,
  ) {
    const client = new FireworksKeys({ ...connection(api), displayName: "mine", expiresIn: "1d" });
    equal(JSON.stringify(client), "{}", "as JSON");
    equal(Object.keys(client), [], "own fields");
    for (const name of Reflect.ownKeys(client)) equal(typeof client[name], "function", "a hidden field");
    const created = await client.create();
    equal(created.displayName, "mine", "a default");
    const named = await client.create({ displayName: "other", expireTime: "2099-01-01T00:00:00Z" });
    equal([named.displayName, named.expireTime], ["other", "2099-01-01T00:00:00Z"], "overridden");
    const { apiKeys } = await client.list();
    holds(
      apiKeys.some(({ keyId }) => keyId === created.keyId),
      "the list",
    );
    await client.delete({ keyId: created.keyId });
    const users = [];
    for await (const { name } of client.users()) users.push(name);
    holds(users.includes("accounts/local/users/me"), "the users");
    const wrong = new FireworksKeys({ ...connection(api), acountId: "x" });
    const error = await rejectionOf(ValidationError, wrong.create());
    equal(error.path, "acountId", "a wrong default is each call's error");
    for (const nothing of [undefined, null, 7, () => {}]) {
      const error = await rejection(new FireworksKeys(nothing).create());
      equal(error instanceof ValidationError, true, String(error));
    }
  },

  async "options are what they were when the call was made"(
    { createApiKey, FireworksKeys, listApiKeys },
    api,
  ) {
    const options = connection(api);
    const creating = ["ci-bot", "me"].map((userId) => {
      options.userId = userId;
      return createApiKey(options);
    });
    const owners = (await Promise.all(creating)).map(({ email }) => email.split("@")[0]);
    equal(owners, ["ci-bot", "me"], "owners");
    const list = listApiKeys(Object.assign(options, { pageSize: 1 }));
    options.userId = "nobody";
    for await (const { apiKeys } of list.pages()) equal(apiKeys.length, 1, "a page of its owner");
    const defaults = connection(api);
    const client = new FireworksKeys(defaults);
    defaults.userId = "nobody";
    await client.create();
  },

  async "a method that was taken off its client rejects"({ FireworksKeys }, api) {
    const { create, delete: remove, list, users } = new FireworksKeys(connection(api));
    for (const call of [create, remove, list, users]) {
      const error = await rejection(Promise.resolve(call({})));
      holds(error instanceof TypeError, String(error));
    }
  },

  async "init loads the module, once and again"({ init, createApiKey }, api) {
    equal(await init(), undefined, "nothing");
    await init();
    await createApiKey(connection(api));
  },

  async "calls may overlap"({ createApiKey }, api) {
    const created = await Promise.all(Array.from({ length: 25 }, () => createApiKey(connection(api))));
    equal(new Set(created.map(({ keyId }) => keyId)).size, 25, "keys");
  },
};

function sorted(record) {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
