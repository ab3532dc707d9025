// What is asked of the emulator and of the service in memory: each case says what it expects, and returns
// what came back, so that the two can be compared in full.

import assert from "node:assert/strict";
import { all, comparable } from "./answers.mjs";

const KEYS = "/v1/accounts/local/users/me/apiKeys";

export const cases = {
  async "a create is answered field by field"({ admin }) {
    const given = {
      displayName: "deploy",
      expireTime: "2099-01-31T12:00:00.5+02:00",
      annotations: { "team": "infra", "ü": "", "__proto__": "x", "constructor": "y" },
    };
    const created = await admin.request(
      "POST",
      "/v1/accounts/local/users/ci-bot/apiKeys",
      `{"apiKey": ${JSON.stringify(given)}}`,
    );
    assert.equal(created.body.expireTime, "2099-01-31T10:00:00.5Z");
    assert.ok(created.body.key.startsWith(created.body.prefix));
    assert.ok(Math.abs(Date.parse(created.body.createTime) - Date.now()) < 60_000);
    return [created, await admin.list("ci-bot"), await admin.list("me")].map(comparable);
  },

  async "what is left out, null or empty has the service's default"({ admin }) {
    const answers = [];
    for (const apiKey of [
      {},
      { displayName: null, expireTime: null, annotations: null },
      { displayName: "" },
    ]) {
      const created = await admin.create("me", apiKey);
      assert.equal(created.body.displayName, "default");
      answers.push(comparable(created));
    }
    answers.push(comparable(await admin.create("me", { annotations: {} })));
    return answers;
  },

  async "times are answered in UTC, to the microsecond"({ admin }) {
    const answers = [];
    for (const [expireTime, expected] of [
      ["2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"],
      ["2099-01-01t00:00:00.10z", "2099-01-01T00:00:00.1Z"],
      ["2099-12-31T23:59:59.1234567-00:30", "2100-01-01T00:29:59.123456Z"],
      ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"],
      ["2096-02-29T00:00:00+14:00", "2096-02-28T10:00:00Z"],
    ]) {
      const answer = await admin.create("me", { expireTime });
      assert.equal(answer.body.expireTime, expected);
      answers.push(comparable(answer));
    }
    return answers;
  },

  async "a body that is wrong is refused, and creates nothing"({ admin, stored }) {
    const bodies = [
      ...["", "{", "[]", "null", "{}", '"x"', '{"apiKey": null}', '{"apiKey": []}', "[{}]"],
      ...['{"apiKey": {"displayName": 7}}', '{"apiKey": {"unheard": 1}}', '{"apiKey": {}, "unheard": 1}'],
      ...['{"apiKey": {"constructor": 1}}', '{"apiKey": {"displayName": "\\ud800"}}'],
      ...['{"apiKey": {"annotations": {"a": 1}}}', '{"apiKey": {"annotations": {"a": null}}}'],
      '{"apiKey": {"annotations": ["a"]}}',
      ...[
        ...['"tomorrow"', '"2030-01-01"', '"2020-01-01T00:00:00Z"', '"2099-01-01 00:00:00Z"', "4102444800"],
        ...['"2099-01-01T00:00:00"', '"9999-12-31T23:59:59-14:00"', '"2099-02-30T00:00:00Z"', '""'],
        ...['"2099-01-01T24:00:00Z"', '"2099-01-01T00:60:00Z"', '"2099-13-01T00:00:00Z"'],
        ...['"2099-01-01T00:00:00.Z"', '"+2099-01-01T00:00:00Z"', '"2099-01-01T00:00:00+24:00"'],
        '"2099-01-01T00:00:00Z "',
      ].map((time) => `{"apiKey": {"expireTime": ${time}}}`),
    ];
    const answers = await all(bodies.map((body) => [body, 400, () => admin.request("POST", KEYS, body)]));
    assert.deepEqual(await stored(), []);
    return answers;
  },

  async "a body that is too large is refused, and one just under is read"({ admin }) {
    const body = (size) => JSON.stringify({ apiKey: { displayName: "x".repeat(size) } });
    return all([
      ["over", 413, () => admin.request("POST", KEYS, body(2 ** 20))],
      ["under", 200, () => admin.request("POST", KEYS, body(2 ** 20 - 100))],
    ]);
  },

  async "what only the service can say may be sent, and is not used"({ admin }) {
    const answer = await admin.create("me", { keyId: "mine", key: "fw_mine", secure: false, prefix: "p" });
    assert.notEqual(answer.body.keyId, "mine");
    return comparable(answer);
  },

  async "an expiry in the past is refused, and an expired key is unknown"({ admin, stored }) {
    const answers = await all([
      ["the past", 400, () => admin.create("me", { expireTime: new Date(Date.now() - 1).toISOString() })],
    ]);
    // A lifetime that was too short to use the key in is doubled.
    for (let ms = 100; ; ms *= 2) {
      const expireTime = new Date(Date.now() + ms).toISOString();
      const { key } = (await admin.create("ci-bot", { expireTime })).body;
      const { status } = key ? await admin.as(key).account() : {};
      if (Date.now() >= Date.parse(expireTime)) continue;
      assert.equal(status, 200);
      while (Date.now() <= Date.parse(expireTime)) await new Promise((done) => setTimeout(done, 10));
      answers.push(comparable(await admin.as(key).account()));
      break;
    }
    assert.ok((await stored()).at(-1).expired);
    return answers;
  },

  async "a deleted key is gone, and deleting it again is refused"({ admin }) {
    const { keyId, key } = (await admin.create("ci-bot")).body;
    return all([
      ["it works", 200, () => admin.as(key).account()],
      ["it was used", 200, () => admin.list("ci-bot")],
      ["a wrong user", 404, () => admin.delete("me", keyId)],
      ["an unknown user", 404, () => admin.delete("nobody", keyId)],
      ["an unknown id", 404, () => admin.delete("ci-bot", "x")],
      ["itself", 200, () => admin.as(key).delete("ci-bot", keyId)],
      ["again", 404, () => admin.delete("ci-bot", keyId)],
      ["it works no more", 401, () => admin.as(key).account()],
      ["it is listed no more", 200, () => admin.list("ci-bot")],
      ...["", "{}", '{"keyId": 7}', '{"keyId": null}', '{"keyId": "a", "b": 1}', '["a"]'].map((body) => [
        body,
        400,
        () => admin.request("POST", `${KEYS}:delete`, body),
      ]),
    ]);
  },

  async "a token that is unknown, empty or missing is refused before anything is looked up"({ admin }) {
    const requests = ["fw_unknown", "", "x y", null].flatMap((token) => {
      const other = admin.as(token);
      return [
        ["account", 401, () => other.account()],
        ["another account", 401, () => other.request("GET", "/v1/accounts/other")],
        ["create", 401, () => other.create("me", { wrong: 1 })],
        ["list", 401, () => other.list("nobody")],
        ["delete", 401, () => other.delete("me", "x")],
        ["users", 401, () => other.users()],
      ];
    });
    const basic = { authorization: "Basic fw_local_admin" };
    const scheme = { authorization: "bEARER fw_local_admin" };
    return all([
      ...requests,
      ["basic", 401, () => admin.as(null).request("GET", "/v1/accounts/local", undefined, basic)],
      ["any case", 200, () => admin.as(null).request("GET", "/v1/accounts/local", undefined, scheme)],
    ]);
  },

  async "everybody manages their own keys, and only an administrator all keys"({ admin }) {
    const answers = [];
    for (const user of ["me", "ci-bot", "ann", "bob"]) {
      const client = admin.as((await admin.create(user)).body.key);
      const others = user === "me" ? 200 : 403;
      for (const owner of ["me", "ci-bot", "ann", "bob"]) {
        const expected = owner === user ? 200 : others;
        const { keyId } = (await admin.create(owner)).body;
        answers.push(
          ...(await all([
            [`${user} creates for ${owner}`, expected, () => client.create(owner)],
            [
              `${user} lists ${owner}`,
              expected,
              () => client.list(owner, { pageSize: "1", readMask: "email" }),
            ],
            [`${user} deletes for ${owner}`, expected, () => client.delete(owner, keyId)],
          ])),
        );
      }
      const unknown = user === "me" ? 404 : 403;
      answers.push(
        ...(await all([
          ["everybody", others, () => client.list("-", { readMask: "email", pageSize: "1" })],
          ["nobody", unknown, () => client.list("nobody")],
          ["for nobody", unknown, () => client.create("nobody")],
          ["users", 200, () => client.users()],
          ["account", 200, () => client.account()],
        ])),
      );
    }
    return answers;
  },

  async "an unknown path is 404, and a wrong method 405 with what is allowed"({ admin }) {
    const get = (path) => [path, 404, () => admin.request("GET", path)];
    const method = (method, path, status) => [`${method} ${path}`, status, () => admin.request(method, path)];
    return all([
      ...["/", "/v1", "/v2/accounts/local", "/v1/accounts/local/", "/v1/accounts/local/keys"].map(get),
      ...[
        "/v1/accounts/local/users/me",
        "/v1/accounts/local/users/me/keys",
        `${KEYS}/x`,
        "/v1/accounts//users",
      ].map(get),
      ...["/v1/accounts/other", "/v1/accounts/other/users", "/v1/accounts/other/users/me/apiKeys"].map(get),
      get("/v1/accounts/local/users/nobody/apiKeys"),
      method("PUT", KEYS, 405),
      method("GET", `${KEYS}:delete`, 405),
      ["create for a dash", 400, () => admin.create("-")],
      ["delete for a dash", 400, () => admin.delete("-", "x")],
      ["an account's dash", 404, () => admin.request("GET", "/v1/accounts/-/users/me/apiKeys")],
      method("HEAD", "/v1/accounts/local", 200),
      method("HEAD", KEYS, 200),
    ]);
  },

  async "path segments are decoded, and the colon may be encoded"({ admin }) {
    const user = encodeURIComponent("a b%ü");
    const { keyId } = (await admin.create(user)).body;
    const path = `/v1/accounts/local/users/${user}/apiKeys%3Adelete`;
    return all([["delete", 200, () => admin.request("POST", path, { keyId })]]);
  },

  async "what only the service can say must have its type"({ admin, stored }) {
    const wrong = [
      ...[
        { secure: "no", keyId: 5 },
        { secure: "no" },
        { keyId: 5 },
        { key: 1 },
        { email: 1 },
        { prefix: [] },
      ],
      ...[{ createTime: "x" }, { createTime: 0 }, { lastUsed: "2030-01-01" }, { expireTime: {} }],
    ];
    const answers = await all(
      wrong.map((apiKey) => [JSON.stringify(apiKey), 400, () => admin.create("me", apiKey)]),
    );
    assert.deepEqual(await stored(), []);
    const right = { secure: false, keyId: "", createTime: "2000-01-01T00:00:00Z", lastUsed: null };
    return [...answers, ...(await all([["right", 200, () => admin.create("me", right)]]))];
  },

  async "of two mistakes the same one counts"({ admin }) {
    const key = (await admin.create("ann")).body.key;
    const past = { expireTime: "2020-01-01T00:00:00Z" };
    return all([
      ["the past for nobody", 400, () => admin.create("nobody", past)],
      ["a wrong body for nobody", 400, () => admin.create("nobody", { x: 1 })],
      ["a wrong body for others", 403, () => admin.as(key).create("bob", { x: 1 })],
      ["a wrong delete for others", 403, () => admin.as(key).request("POST", `${KEYS}:delete`, "{")],
      [
        "a wrong delete for nobody",
        400,
        () => admin.request("POST", `${KEYS.replace("me", "nobody")}:delete`, "{"),
      ],
      ["another account's dash", 404, () => admin.request("POST", "/v1/accounts/x/users/-/apiKeys", "{")],
    ]);
  },
};
