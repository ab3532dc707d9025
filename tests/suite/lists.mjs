// Tests that lists are lazy and read every page.

import { connection, countingFetch, equal, holds, rejection, rejectionOf } from "./service.mjs";

export const lists = {
  async "a list can be awaited, iterated over, and taken by the page"(
    { createApiKey, deleteApiKey, listApiKeys },
    api,
  ) {
    const at = connection(api, "lister");
    const ids = [];
    for (let count = 0; count < 5; count += 1) ids.push((await createApiKey(at)).keyId);
    const fetch = countingFetch();
    const list = listApiKeys({ ...at, pageSize: 2, fetch });
    equal(fetch.count, 0, "nothing is asked before somebody wants it");

    const first = await list;
    equal(
      first.apiKeys.map(({ keyId }) => keyId),
      ids.slice(0, 2),
      "the first page",
    );
    equal(first.totalSize, 5, "totalSize");
    holds(
      first.apiKeys.every((key) => !("key" in key)),
      "no secret",
    );

    const pages = [];
    for await (const page of list.pages()) pages.push(page.apiKeys.length);
    equal(pages, [2, 2, 1], "pages");

    const keys = [];
    for await (const { keyId } of list) keys.push(keyId);
    equal(keys, ids, "every key");

    const { nextPageToken: pageToken } = first;
    const rest = [];
    for await (const { keyId } of listApiKeys({ ...at, pageSize: 2, pageToken })) rest.push(keyId);
    equal(rest, ids.slice(2), "from a page on");

    const everybody = [];
    for await (const { keyId } of listApiKeys({ ...at, userId: "-" })) everybody.push(keyId);
    holds(
      ids.every((id) => everybody.includes(id)),
      "everybody's",
    );
    for (const keyId of ids) await deleteApiKey({ ...at, keyId });
    equal((await list).apiKeys ?? [], [], "each use asks anew");
  },

  async "a list's items can be asked for before the last has come, and given up"({ listApiKeys }, api) {
    const pages = [["a", "b"], [], ["c"]];
    let asked = 0;
    const fetch = async () => {
      const apiKeys = pages[asked++].map((keyId) => ({ keyId }));
      return Response.json({ apiKeys, nextPageToken: pages[asked] ? `page ${asked}` : "" });
    };
    const every = () => listApiKeys({ ...connection(api), fetch })[Symbol.asyncIterator]();
    const ids = (results) => results.map(({ done, value }) => (done ? done : value.keyId));

    const keys = every();
    const results = await Promise.all(Array.from({ length: 5 }, () => keys.next()));
    equal(ids(results), ["a", "b", "c", true, true], "in the order of the questions");

    asked = 0;
    const left = every();
    equal(ids(await Promise.all([left.next(), left.return(), left.next()])), ["a", true, true], "given up");
    equal(asked, 1, "no page that nobody wants");
    equal(await rejection(every().throw("why")), "why", "what is thrown into it");
  },

  async "a list passes on what the server is to do"({ createApiKey, listApiKeys, ApiError }, api) {
    const at = connection(api, "lister");
    for (const displayName of ["a & b", "c"]) await createApiKey({ ...at, displayName });
    const filter = 'displayName = "a & b"';
    const found = await listApiKeys({ ...at, filter, readMask: "displayName" });
    equal(found.apiKeys, [{ displayName: "a & b" }], "filter and readMask");
    const ordered = await listApiKeys({ ...at, orderBy: "displayName desc" });
    equal(
      ordered.apiKeys.map(({ displayName }) => displayName),
      ["c", "a & b"],
      "orderBy",
    );
    const error = await rejectionOf(ApiError, Promise.resolve(listApiKeys({ ...at, filter: "!" })));
    equal([error.code, error.operation], ["INVALID_ARGUMENT", "listApiKeys"], "a wrong filter");
  },

  async "a token is enough to list its accounts"({ listAccounts, FireworksKeys }, api) {
    const asked = [];
    const pages = [
      { accounts: [{ name: "accounts/a", unheard: 1 }], nextPageToken: "x" },
      { accounts: [{ name: "accounts/b" }] },
    ];
    const fetch = async (url, { headers }) => {
      const { pathname, searchParams } = new URL(url);
      asked.push([pathname, searchParams.get("pageSize"), headers.authorization]);
      return Response.json(pages[searchParams.get("pageToken") === "x" ? 1 : 0]);
    };
    const { token, baseUrl } = connection(api);
    const at = { token, baseUrl, fetch };
    const found = [];
    for await (const account of listAccounts({ ...at, pageSize: 200 })) found.push(account);
    equal(found, [{ name: "accounts/a", unheard: 1 }, { name: "accounts/b" }], "accounts");
    equal(asked, Array(2).fill(["/v1/accounts", "200", `Bearer ${token}`]), "requests");

    const client = new FireworksKeys({ ...at, accountId: "acme", userId: "me", orderBy: "name" });
    const { accounts } = await client.accounts();
    equal(accounts[0].name, "accounts/a", "a client's");
    for await (const page of client.accounts({ pageToken: "x" }).pages()) equal(page, pages[1], "a page");
  },

  async "a page token that repeats is an error, not an endless loop"(
    { listApiKeys, InvalidResponseError },
    api,
  ) {
    let page = 0;
    const circle = async () => {
      page += 1;
      return Response.json({ apiKeys: [], nextPageToken: String(page % 3) });
    };
    const list = listApiKeys({ ...connection(api), fetch: circle });
    const drain = async () => {
      for await (const _ of list.pages());
    };
    const error = await rejectionOf(InvalidResponseError, drain());
    holds(error.message.includes("repeats"), error.message);
    equal(page, 4, "pages");
  },

  async "a list that is no list is an error"({ listApiKeys, InvalidResponseError }, api) {
    for (const body of [
      "[]",
      "null",
      '{"apiKeys": {}}',
      '{"apiKeys": "none"}',
      '{"nextPageToken": 7}',
      '{"unheard": 1}',
      "<html>",
    ]) {
      const fetch = async () => new Response(body);
      const list = listApiKeys({ ...connection(api), fetch });
      await rejectionOf(InvalidResponseError, Promise.resolve(list));
    }
    const fetch = async () => new Response('{"apiKeys": null, "unheard": 1}');
    const error = await rejection(Promise.resolve(listApiKeys({ ...connection(api), fetch })));
    equal(error.code, "INVALID_RESPONSE", "an empty page with something else");
  },

  async "a list never throws where it is called"({ listApiKeys, listUsers }, api) {
    for (const list of [listApiKeys(undefined), listUsers(7), listApiKeys({ toke: 1 })]) {
      equal((await rejection(Promise.resolve(list))).name, "ValidationError", "awaited");
      equal((await rejection(list.pages().next())).name, "ValidationError", "by the page");
    }
    void api;
  },
};
