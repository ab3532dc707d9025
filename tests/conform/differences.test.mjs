// A service that is not as believed: each difference is found, and named with what hangs on it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startEmulator } from "../emulator/server.mjs";
import { storedKeys } from "../suite/service.mjs";
import { conform, start } from "./check.mjs";
import { serve } from "./service.mjs";

/** The ids that are found to be otherwise at a service that differs like this. */
async function differing(how, prepare = () => {}) {
  const server = await serve(how);
  prepare(server.service);
  const result = await conform(["--base-url", server.url]);
  assert.deepEqual(server.service.keys(), []);
  assert.equal(result.code, result.otherwise.length > 0 ? 1 : 0);
  server.stop();
  return result;
}

const withoutQuery =
  (...names) =>
  (request) => {
    const url = new URL(request.url);
    for (const name of names) url.searchParams.delete(name);
    return { ...request, url: url.href };
  };

test("annotations that are not kept", async () => {
  const { otherwise, found } = await differing({}, (service) =>
    service.addFault({ operation: "create", share: 1, fault: { kind: "strip-annotations" } }),
  );
  assert.deepEqual(otherwise, [
    ...["create.fields", "create.annotations", "annotations.long", "annotations.longer"],
    ...["annotations.many", "annotations.names"],
  ]);
  assert.equal(found["create.annotations"].found, "lost in the answer, lost in the list");
  assert.match(found["create.annotations"].hangs, /orphan/);
});

test("paging that is ignored", async () => {
  const { otherwise, found } = await differing({ ask: withoutQuery("pageSize", "pageToken") });
  assert.deepEqual(otherwise, ["list.pageSize", "list.pageToken"]);
  assert.equal(found["list.pageSize"].found, "more than one key, and no token");
});

test("CORS that refuses", async () => {
  const { otherwise, found } = await differing({ cors: false });
  assert.deepEqual(otherwise, ["cors.preflight", "cors.answer"]);
  assert.match(found["cors.preflight"].hangs, /console/);
});

test("a clock that is an hour ahead, or behind", async () => {
  // The package's own create is refused where a key of nine minutes has ended before it is made.
  for (const [aheadMs, words, ids] of [
    [3_600_000, "ahead", ["headers.date", "package.works"]],
    [-3_600_000, "behind", ["headers.date"]],
  ]) {
    const { otherwise, found } = await differing({ aheadMs });
    assert.deepEqual(otherwise, ids);
    assert.match(found["headers.date"].found, new RegExp(`^about 3(600|599|601) s ${words}$`));
  }
});

test("lists that lag", async () => {
  // A key is missing from the first list after its creation, and still in the first one after its deletion.
  const known = new Map();
  const lagging = async (response, { method, url }) => {
    if (method !== "GET" || !new URL(url).pathname.endsWith("/apiKeys") || response.status !== 200)
      return response;
    // A page or a filtered list does not show what else there is.
    if (new URL(url).search !== "") return response;
    const body = await response.json();
    const listed = new Map(body.apiKeys.map((key) => [key.keyId, key]));
    const shown = [...known.values()].map((key) => listed.get(key.keyId) ?? key);
    known.clear();
    for (const [id, key] of listed) known.set(id, key);
    return Response.json({ ...body, apiKeys: shown, totalSize: shown.length });
  };
  const { otherwise, found } = await differing({ answer: lagging });
  assert.deepEqual(otherwise, ["key.listed", "delete.listed", "package.works"]);
  assert.match(found["key.listed"].found, /^after \d s$/);
});

test("keys that do not end, deletions that say nothing, errors of another form", async () => {
  const endless = await differing({
    ask: (request) => ({ ...request, body: request.body.replace(/"expireTime":"[^"]+"/, '"email":""') }),
  });
  assert.equal(endless.found["create.expireTime"].verdict, "not known");
  assert.match(endless.found["create.expireTime"].why, /deleted at once/);

  const other = await differing({
    answer: async (response, { url }) => {
      if (response.ok && url.endsWith(":delete")) return Response.json({ done: true });
      if (response.ok) return response;
      const { message } = await response.json();
      return Response.json({ error: { message } }, { status: response.status });
    },
  });
  assert.equal(other.found["delete.answer"].found, "200, something else");
  assert.equal(other.found["token.garbage"].found, "401, not in the API's form");
  assert.equal(other.found["error.body"].found, "application/json: error");
  // Whether something on the way or the service itself has refused these creates is not known.
  assert.ok(other.left.length > 0 && other.left.every((text) => text.includes("may exist")), other.left);
});

for (const [name, args, expected] of [
  ["CORS that refuses", ["--cors", "none"], ["cors.preflight", "cors.answer"]],
  ["a clock that is an hour ahead", ["--clock", "+1h"], ["headers.date", "package.works"]],
  ["paging that is ignored", ["--paging", "off"], ["list.pageSize", "list.pageToken"]],
  ["lists that lag", ["--list-lag", "4s"], ["key.listed", "delete.listed", "package.works"]],
]) {
  test(`the emulator with ${name}`, async () => {
    const emulator = await startEmulator({ args: ["--faults", ...args] });
    const { otherwise, unknown, left, all } = await conform(["--base-url", emulator.url], {});
    const stored = await storedKeys(emulator.url);
    await emulator.stop();
    assert.deepEqual(
      [otherwise, unknown],
      [expected, ["headers.retryAfter", "long.default", "long.lifetime"]],
      all,
    );
    assert.deepEqual([left, stored], [[], []]);
  });
}

test("the table says what was expected, what was found, since when, and what hangs on it", async () => {
  const server = await serve({ cors: false });
  const { stdout } = await start(["--base-url", server.url]).ended;
  server.stop();
  assert.match(stdout, /^= create\.secure +true$/m);
  assert.match(stdout, /^\? long\.default +needs --long$/m);
  const [, block] = /^≠ cors\.preflight +(no origin[\s\S]*?)^[=≠?]/m.exec(stdout);
  assert.match(block, /believed: +A page of any origin may send .* \(assumed\)$/m);
  assert.match(block, /expected: +any origin, POST, /);
  assert.match(block, /differs at: +\d{4}-\d\d-\d\dT/);
  assert.match(block, /hangs on it: +the package in a page/);
  assert.match(stdout, /^50 as believed, 2 otherwise, 3 not known /m);
});
