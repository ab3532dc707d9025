// Lists, as they are asked of the emulator and of the service in memory: pages, order, filter and fields.

import assert from "node:assert/strict";
import { all, comparable } from "./answers.mjs";

const KEYS = "/v1/accounts/local/users/me/apiKeys";

const ids = ({ body }) => (body.apiKeys ?? body.users).map(({ displayName }) => displayName);

export const lists = {
  async "pages go through everything once, in any order"({ admin }) {
    const answers = [];
    for (const [displayName, expireTime] of [
      ["b", "2099-01-01T00:00:00.5Z"],
      ["a", "2099-01-01T00:00:00Z"],
      ["b", undefined],
      ["C", "2098-01-01T00:00:00Z"],
      ["ä", undefined],
    ]) {
      await admin.create("me", { displayName, expireTime });
    }
    for (const orderBy of [
      "",
      "displayName",
      "displayName desc, createTime",
      "expireTime",
      "secure,email desc",
    ]) {
      const whole = ids(await admin.list("me", { orderBy }));
      for (const pageSize of ["1", "2", "5", "0", "5000"]) {
        const seen = [];
        let pageToken = "";
        do {
          const page = await admin.list("me", { orderBy, pageSize, pageToken });
          answers.push(comparable(page));
          seen.push(...ids(page));
          pageToken = page.body.nextPageToken;
        } while (pageToken);
        assert.deepEqual(seen, whole, orderBy);
      }
    }
    return answers;
  },

  async "a page goes on behind an item that was deleted since"({ admin }) {
    const own = [];
    for (const displayName of "abcd") own.push((await admin.create("me", { displayName })).body.keyId);
    const { nextPageToken: pageToken } = (await admin.list("me", { pageSize: "2" })).body;
    await admin.delete("me", own[1]);
    await admin.create("me", { displayName: "e" });
    const rest = await admin.list("me", { pageToken });
    assert.deepEqual(ids(rest), ["c", "d", "e"]);
    return comparable(rest);
  },

  async "a page token that was made up, or is another list's, is refused"({ admin }) {
    for (const name of "ab") await admin.create("me", { displayName: name });
    const { nextPageToken: pageToken } = (await admin.list("me", { pageSize: "1" })).body;
    return all([
      ...["x", "é", "00", "constructor"].map((made) => [
        made,
        400,
        () => admin.list("me", { pageToken: made }),
      ]),
      ["its own", 200, () => admin.list("me", { pageToken })],
      ["again, larger", 200, () => admin.list("me", { pageToken, pageSize: "9" })],
      ["another order", 400, () => admin.list("me", { pageToken, orderBy: "displayName" })],
      ["another filter", 400, () => admin.list("me", { pageToken, filter: "displayName = a" })],
      ["another user's", 400, () => admin.list("ci-bot", { pageToken })],
      ["everybody's", 400, () => admin.list("-", { pageToken })],
      ["the users'", 400, () => admin.users({ pageToken })],
    ]);
  },

  async "a filter finds equal text, joined by AND"({ admin }) {
    for (const [displayName, team] of [
      ["b", "infra"],
      ["a", "web"],
      ["AND", 'say "hi"'],
    ]) {
      await admin.create("me", {
        displayName,
        annotations: { team, 'a"b': "1", "c.d e": "2", "__proto__": "3" },
      });
    }
    const filters = [
      ...["", " ", 'displayName = "a"', "displayName=a AND annotations.team = 'web'", 'displayName="AND"'],
      ...['annotations.team = "say \\"hi\\""', 'annotations."c.d e" = "2"', 'annotations."a\\"b" = 1'],
      ...["annotations.other = infra", "annotations.constructor = x", 'displayName = "a\' OR 1=1"'],
      ...[
        "annotations.__proto__ = 3",
        "\tdisplayName = a\t",
        "email = 'me@example.com'",
        "displayName = 'A'",
      ],
    ];
    return all(filters.map((filter) => [filter, 200, () => admin.list("me", { filter })]));
  },

  async "any other filter, order, mask or size is refused"({ admin }) {
    const queries = [
      ...[
        ...[
          "displayName",
          "displayName =",
          "= x",
          'displayName != "a"',
          "a = b",
          "displayName = AND",
          "a b = c",
        ],
        ...["displayName = a OR displayName = b", "displayName = a displayName = b", "displayName = a AND"],
        ...["AND displayName = a", "NOT displayName = a", "displayName > a", "displayName : a", "hash = a"],
        ...[
          "(displayName = a)",
          'displayName = "a',
          "displayName..x = a",
          "displayName. = a",
          "createTime = a",
        ],
        ...[
          "annotations = a",
          "annotations.a.b = c",
          "displayName.x = a",
          '"displayName" = a',
          "secure = true",
        ],
        ...[
          "displayName = -b",
          "displayName = *",
          "constructor = a",
          "key = a",
          "displayName = a\n",
          "user = me",
        ],
        Array(101).fill("prefix = a").join(" AND "),
      ].map((filter) => ({ filter })),
      ...[
        "hash",
        "user",
        "seq",
        "annotations",
        "key",
        "displayName up",
        "displayName asc",
        "constructor",
      ].map((orderBy) => ({ orderBy })),
      ...["displayName, displayName desc", "displayName desc desc", "*"].map((orderBy) => ({ orderBy })),
      ...["hash", "keyId,x", "user", "constructor"].map((readMask) => ({ readMask })),
      ...["-1", "many", "1.5", "99999999999", "0x1", " 1", "1e3"].map((pageSize) => ({ pageSize })),
    ];
    const twice = `${KEYS}?pageSize=1&pageSize=2`;
    return all([
      ...queries.map((query) => [JSON.stringify(query), 400, () => admin.list("me", query)]),
      [twice, 400, () => admin.request("GET", twice)],
      ["a hundred", 200, () => admin.list("me", { filter: Array(100).fill("prefix = a").join(" AND ") })],
    ]);
  },

  async "a mask leaves the fields that it names"({ admin }) {
    await admin.create("me", { displayName: "b", annotations: { team: "infra" } });
    const masks = ["", " , ", "displayName, annotations", "key,email", "expireTime"];
    return all(masks.map((readMask) => [readMask, 200, () => admin.list("me", { readMask })]));
  },

  async "users are paged, ordered and filtered like keys"({ admin }) {
    const answers = await all([
      ["all", 200, () => admin.users()],
      ["one", 200, () => admin.users({ pageSize: "1", orderBy: "displayName desc" })],
      ["service accounts last", 200, () => admin.users({ orderBy: "serviceAccount,name" })],
      ["admins", 200, () => admin.users({ filter: 'role = "admin"', readMask: "name" })],
      ["ready", 200, () => admin.users({ filter: "state = READY", readMask: "displayName" })],
      ["another's field", 400, () => admin.users({ filter: "keyId = x" })],
      ["not a field", 400, () => admin.users({ orderBy: "keyId" })],
      ["no mask", 400, () => admin.users({ readMask: "prefix" })],
      ["account", 200, () => admin.account()],
    ]);
    return answers;
  },

  async "accounts are listed for a token alone, in pages, and in one order"({ admin }) {
    const accounts = (query) => admin.request("GET", `/v1/accounts?${new URLSearchParams(query)}`);
    return all([
      ["all", 200, () => accounts({})],
      ["a page", 200, () => accounts({ pageSize: "1" })],
      ["some", 200, () => accounts({ filter: "displayName = local", readMask: "name,createTime" })],
      ["none", 200, () => accounts({ filter: "email = x", pageSize: "500" })],
      ["an order", 400, () => accounts({ orderBy: "name" })],
      ["a made-up token", 400, () => accounts({ pageToken: "x" })],
      ["another's field", 400, () => accounts({ filter: "role = admin" })],
      ["a wrong field", 400, () => accounts({ readMask: "role" })],
      ["nobody's", 401, () => admin.as("fw_x").request("GET", "/v1/accounts")],
      ["a wrong method", 405, () => admin.request("POST", "/v1/accounts", "{}")],
    ]);
  },

  async "a query is understood in full, or refused"({ admin }) {
    await admin.create("me", { displayName: "a" });
    const body = '{"apiKey": {}}';
    return all([
      ["an account's mask", 200, () => admin.request("GET", "/v1/accounts/local?readMask=name,email")],
      ["an account's star", 200, () => admin.request("GET", "/v1/accounts/local?readMask=*")],
      ["no field of an account", 400, () => admin.request("GET", "/v1/accounts/local?readMask=role")],
      ["an account's page", 400, () => admin.request("GET", "/v1/accounts/local?pageSize=1")],
      ["a star", 200, () => admin.list("me", { readMask: "*" })],
      ["a star for users", 200, () => admin.users({ readMask: " * " })],
      ["a star and more", 400, () => admin.list("me", { readMask: "keyId,*" })],
      ["two stars", 400, () => admin.list("me", { readMask: "**" })],
      ["unheard", 400, () => admin.list("me", { unheard: "1" })],
      ["unheard of users", 400, () => admin.users({ unheard: "" })],
      ["of a create", 400, () => admin.request("POST", `${KEYS}?pageSize=1`, body)],
      ["of a delete", 400, () => admin.request("POST", `${KEYS}:delete?x`, '{"keyId": "x"}')],
      ["an int32", 200, () => admin.list("me", { pageSize: "2147483647" })],
      ["no int32", 400, () => admin.list("me", { pageSize: "2147483648" })],
    ]);
  },
};
