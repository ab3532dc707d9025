// What must hold in every runtime. Uses nothing but web standards, so that it can be bundled for
// any of them; each runtime's test file says how it gets there.

/**
 * The cases by name. Each is called with the package and with `api`, the address of an emulator
 * that was started with `emulatorArguments`.
 */
export const cases = {
  async "a created key comes back whole, is stored, and works"({ createApiKey }, api) {
    const expireTime = new Date(Date.now() + 3_600_000);
    const created = await createApiKey({
      ...connection(api),
      displayName: "deploy é 🔑",
      expireTime,
      annotations: { team: "infra", "": "empty name", ü: "" },
    });
    equal(Object.getPrototypeOf(created), Object.prototype, "a plain object");
    equal(created.displayName, "deploy é 🔑", "displayName");
    equal(Date.parse(created.expireTime), expireTime.getTime(), "expireTime");
    equal(created.annotations, { team: "infra", "": "empty name", ü: "" }, "annotations");
    equal(created.email, "ci-bot@local.sa.fireworks.ai", "email");
    equal(created.secure, true, "secure");
    const stored = (await storedKeys(api)).filter(({ keyId }) => keyId === created.keyId);
    equal(stored.length, 1, "stored once");
    const headers = { authorization: `Bearer ${created.key}` };
    equal((await fetch(`${api}/v1/accounts/local`, { headers })).status, 200, "the key works");
  },

  async "only what was given is sent"({ createApiKey }, api) {
    const created = await createApiKey({ ...connection(api), displayName: undefined });
    equal(created.displayName, "default", "the service's own default");
    equal("expireTime" in created, false, "it never expires");
  },

  async "an id is one path segment, whatever it holds"({ createApiKey }, api) {
    const created = await createApiKey({ ...connection(api), userId: "ü %2e?#" });
    const stored = (await storedKeys(api)).find(({ keyId }) => keyId === created.keyId);
    equal(stored.user, "ü %2e?#", "the owner");
  },

  async "a base URL may end in slashes"({ createApiKey }, api) {
    const created = await createApiKey({ ...connection(api), baseUrl: `${api}//` });
    equal(typeof created.key, "string", "the key");
  },

  async "a token may come from a function, asked when it is needed"({ createApiKey }, api) {
    let asked = 0;
    const token = async () => {
      asked += 1;
      return "fw_local_admin";
    };
    await createApiKey({ ...connection(api), token });
    equal(asked, 1, "asked once");
  },

  async "a wrong option is named before anything is sent"({ createApiKey, ValidationError }, api) {
    const before = await requests(api);
    const good = connection(api);
    const throwing = {
      get accountId() {
        throw new Error("fw_not_to_be_seen");
      },
    };
    for (const [path, options] of [
      ["options", undefined],
      ["options", null],
      ["options", "token"],
      ["options", [good]],
      ["token", { ...good, token: undefined }],
      ["token", { ...good, token: "" }],
      ["token", { ...good, token: 7 }],
      ["token", { ...good, token: "fw_a\n" }],
      ["token", { ...good, token: "fw_й" }],
      ["token", { ...good, token: () => Promise.reject(new Error("vault")) }],
      ["token", { ...good, token: () => "" }],
      ["accountId", { ...good, accountId: undefined }],
      ["accountId", { ...good, accountId: "accounts/local" }],
      ["accountId", { ...good, accountId: "\ud800" }],
      ["accountId", { token: good.token, __proto__: throwing }],
      ["userId", { ...good, userId: "" }],
      ["userId", { ...good, userId: "." }],
      ["userId", { ...good, userId: ".." }],
      ["userId", { ...good, userId: "-" }],
      ["baseUrl", { ...good, baseUrl: "api.fireworks.ai" }],
      ["baseUrl", { ...good, baseUrl: "http://api.fireworks.ai" }],
      ["baseUrl", { ...good, baseUrl: "https://me:secret@api.fireworks.ai" }],
      ["baseUrl", { ...good, baseUrl: "https://api.fireworks.ai/?a=b" }],
      ["baseUrl", { ...good, baseUrl: "https://api.fireworks.ai/#" }],
      ["baseUrl", { ...good, baseUrl: "//evil.example/" }],
      ["baseUrl", { ...good, baseUrl: "/\\evil.example/" }],
      ["baseUrl", { ...good, baseUrl: "ftp://localhost/" }],
      ["displayName", { ...good, displayName: null }],
      ["displayName", { ...good, displayName: "x".repeat(2 ** 20 + 1) }],
      ["expireTime", { ...good, expireTime: "tomorrow" }],
      ["expireTime", { ...good, expireTime: "2020-01-01T00:00:00Z" }],
      ["expireTime", { ...good, expireTime: new Date(Number.NaN) }],
      ["expireTime", { ...good, expireTime: new Date(8.64e15) }],
      ["expireTime", { ...good, expireTime: 4_102_444_800 }],
      ["expireTime", { ...good, expireTime: { toISOString: () => "2099-01-01T00:00:00Z" } }],
      ["annotations", { ...good, annotations: "team" }],
      ["annotations", { ...good, annotations: new Map([["team", "infra"]]) }],
      ["annotations", { ...good, annotations: ["team"] }],
      ["annotations.team", { ...good, annotations: { team: 7 } }],
      ["annotations.team", { ...good, annotations: { team: undefined } }],
      ["annotations.__proto__", { ...good, annotations: JSON.parse('{"__proto__": "x"}') }],
      ["expireTme", { ...good, expireTme: "2099-01-01T00:00:00Z" }],
      ["expireTme", { ...good, expireTme: undefined }],
    ]) {
      const error = await rejection(createApiKey(options));
      if (!(error instanceof ValidationError)) throw error;
      equal(error.path, path, "path");
      equal(error.attempts, 0, path);
      for (const secret of ["secret", "fw_"]) {
        equal(error.message.includes(secret), false, `${path}: no value in its message`);
      }
    }
    equal(await requests(api), before, "requests");
  },

  async "a refusal says why, in the service's words"({ createApiKey, ApiError }, api) {
    for (const [options, status, code] of [
      [{ token: "fw_nobody" }, 401, "UNAUTHENTICATED"],
      [{ userId: "nobody" }, 404, "NOT_FOUND"],
      [{ accountId: "nowhere" }, 404, "NOT_FOUND"],
    ]) {
      const error = await rejection(createApiKey({ ...connection(api), ...options }));
      if (!(error instanceof ApiError)) throw error;
      equal([error.status, error.code], [status, code], "status and code");
      equal(error.message.includes(error.body.message), true, "the service's message");
      equal([error.operation, error.attempts], ["createApiKey", 1], "operation and attempts");
    }
  },

  async "no secret that a server echoes is in the error"({ createApiKey, ApiError }, api) {
    for (const body of [
      '{"message": "no {{token}}, nor fw_other-one", "key": "{{token}}", "{{token}}": [1]}',
      '{"error": "you said {{token}}"}',
      "you said {{token}}",
    ]) {
      await fault(api, { kind: "answer", status: 400, body, when: "before" });
      const error = await rejection(createApiKey(connection(api)));
      if (!(error instanceof ApiError)) throw error;
      const seen = [error.message, error.stack, JSON.stringify(error), JSON.stringify(error.body)];
      equal(seen.join().includes("fw_"), false, "a secret in the error");
    }
  },

  async "an answer that never comes whole is a connection error"(
    { createApiKey, ConnectionError },
    api,
  ) {
    for (const kind of ["drop", "cut"]) {
      await fault(api, { kind, when: "before", bytes: 10 });
      const error = await rejection(createApiKey(connection(api)));
      equal(error instanceof ConnectionError, true, `${kind}: ${error}`);
      equal(error.code, "CONNECTION", kind);
    }
  },

  async "an answer that is no key is no success"({ createApiKey, InvalidResponseError }, api) {
    for (const body of ["", "null", "[]", "{}", '{"keyId": "a"}', '{"key": "fw_a"}', "<html>"]) {
      await fault(api, { kind: "answer", status: 200, body, when: "before" });
      const error = await rejection(createApiKey(connection(api)));
      equal(error instanceof InvalidResponseError, true, `${body}: ${error}`);
    }
  },

  async "a redirect is never followed"({ createApiKey, ApiError }, api) {
    const before = await storedKeys(api);
    const headers = { location: `${api}/v1/accounts/local/users/me/apiKeys` };
    await fault(api, { kind: "answer", status: 307, headers, body: "", when: "before" });
    const error = await rejection(createApiKey(connection(api)));
    equal(error instanceof ApiError, true, String(error));
    equal((await storedKeys(api)).length, before.length, "keys");
  },

  async "calls may overlap"({ createApiKey }, api) {
    const created = await Promise.all(
      Array.from({ length: 25 }, () => createApiKey(connection(api))),
    );
    equal(new Set(created.map(({ keyId }) => keyId)).size, 25, "keys");
  },
};

/** What the emulator is started with. */
export const emulatorArguments = [
  ...["--faults", "--account", "local", "--token", "fw_local_admin"],
  ...["--user", "me:admin", "--user", "ci-bot:user:service-account", "--user", "ü %2e?#"],
];

function connection(api) {
  return { token: "fw_local_admin", accountId: "local", userId: "ci-bot", baseUrl: api };
}

async function fault(api, fault) {
  const response = await fetch(`${api}/_emulator/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ operation: "create", fault }),
  });
  equal(response.status, 201, "the fault is set");
}

async function storedKeys(api) {
  return (await (await fetch(`${api}/_emulator/keys`)).json()).keys;
}

async function requests(api) {
  return (await (await fetch(`${api}/_emulator/stats`)).json()).requests;
}

async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`should have been rejected, and resolved to ${JSON.stringify(value)}`);
}

function equal(actual, expected, what) {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (actual !== expected && seen !== wanted) {
    throw new Error(`${what}: ${seen} should be ${wanted}`);
  }
}
