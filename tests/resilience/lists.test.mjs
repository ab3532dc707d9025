// Lists and clients: what is asked for, in which order, and with which options. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FireworksKeys, listApiKeys, listUsers } from "fireworks-keys";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot" };

/** A service with these pages of ids, and the page tokens that it was asked for. */
function paging(pages) {
  const asked = [];
  const fetch = async (url) => {
    const { searchParams, pathname } = new URL(url);
    const token = searchParams.get("pageToken");
    asked.push(token);
    const page = Number(token ?? 0);
    const items = pages[page].map((id) => ({ keyId: id, name: id }));
    const list = pathname.endsWith("/users") ? { users: items } : { apiKeys: items };
    return Response.json({ ...list, nextPageToken: page + 1 < pages.length ? String(page + 1) : "" });
  };
  return { asked, fetch };
}

async function idsOf(list) {
  const ids = [];
  for await (const { name } of list) ids.push(name);
  return ids;
}

test("a list goes through every page, and each use of it does so anew", async () => {
  const pages = [["a", "b"], [], ["c"], ["d"]];
  for (const list of [listApiKeys, listUsers]) {
    const { asked, fetch } = paging(pages);
    const all = list({ ...at, fetch });
    assert.deepEqual(asked, [], "nothing is asked for until it is used");
    for (let use = 0; use < 2; use += 1) assert.deepEqual(await idsOf(all), ["a", "b", "c", "d"]);
    assert.deepEqual(asked, [null, "1", "2", "3", null, "1", "2", "3"]);
  }
});

test("items that are asked for all at once come in the order of the questions", async () => {
  const { fetch } = paging([["a", "b"], [], ["c"]]);
  const items = listApiKeys({ ...at, fetch })[Symbol.asyncIterator]();
  const results = await Promise.all(Array.from({ length: 4 }, () => items.next()));
  assert.deepEqual(
    results.map(({ value, done }) => (done ? "end" : value.keyId)),
    ["a", "b", "c", "end"],
  );
});

test("a list that is given up has no further items and asks for no further page", async () => {
  for (const giveUp of [(items) => items.return("mine"), (items) => items.throw(new Error("mine"))]) {
    const { asked, fetch } = paging([["a", "b"], ["c"]]);
    const items = listApiKeys({ ...at, fetch })[Symbol.asyncIterator]();
    await items.next();
    const [ended] = await Promise.allSettled([giveUp(items)]);
    if (ended.status === "rejected") assert.equal(ended.reason.message, "mine");
    else assert.deepEqual(ended.value, { done: true, value: "mine" });
    assert.equal(ended.status, giveUp.toString().includes("throw") ? "rejected" : "fulfilled");
    assert.deepEqual(await items.next(), { done: true, value: undefined });
    assert.deepEqual(asked, [null]);
  }
});

test("a list has the options that it was made with, and a client its defaults", async () => {
  const { fetch } = paging([["a"]]);
  const urls = [];
  const noting = (url) => {
    urls.push(url);
    return fetch(url);
  };
  const options = { ...at, fetch: noting, filter: "then" };
  const list = listApiKeys(options);
  const client = new FireworksKeys(options);
  options.filter = "later";
  await list;
  await client.list();
  await client.users();
  await client.list({ filter: "own" });
  const filters = urls.map((url) => new URL(url).searchParams.get("filter"));
  assert.deepEqual(filters, ["then", "then", "then", "own"]);
});

test("a method that was taken off its client rejects, and throws nothing", async () => {
  const { list, create } = new FireworksKeys(at);
  await assert.rejects(Promise.resolve(list()));
  await assert.rejects(create());
});

test("a page without its list is empty only if it holds nothing else", async () => {
  const listing = (body) => listApiKeys({ ...at, fetch: async () => Response.json(body) });
  for (const body of [{}, { nextPageToken: "" }, { totalSize: 0 }, { apiKeys: null, nextPageToken: "2" }]) {
    assert.deepEqual(await listing(body), body);
  }
  for (const body of [{ totalSize: 1 }, { message: "hello" }, { users: [] }, { apiKeys: null, more: [] }]) {
    await assert.rejects(Promise.resolve(listing(body)), { code: "INVALID_RESPONSE" });
  }
});
