// A service that is not as believed: each difference is found, and named with what hangs on it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOf } from "../emulator/client.mjs";
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

/** What is ordered for every request of an operation, or of all. */
const always = (fault, operation) => [{ operation, share: 1, fault }];

const HOUR = 3_600_000;

/**
 * How a service may differ: the orders that make it so, or the emulator's options; what is then found to be
 * otherwise, and how the first of it is described.
 */
const DIFFERENCES = {
  "annotations that are not kept": {
    rules: always({ kind: "strip-annotations" }, "create"),
    otherwise: [
      ...["create.fields", "create.annotations", "annotations.long", "annotations.longer"],
      ...["annotations.many", "annotations.names"],
    ],
    named: ["create.annotations", /^lost in the answer, lost in the list$/, /orphan/],
  },
  "paging that is ignored": {
    args: ["--paging", "off"],
    rules: always({ kind: "no-paging" }, "list"),
    otherwise: ["list.pageSize", "list.pageToken"],
    named: ["list.pageSize", /^more than one key, and no token$/, /./],
  },
  "CORS that refuses": {
    args: ["--cors", "none"],
    how: { cors: false },
    otherwise: ["cors.preflight", "cors.answer"],
    named: ["cors.preflight", /^no origin/, /console/],
  },
  "a clock that is an hour ahead": {
    args: ["--clock", "+1h"],
    rules: always({ kind: "clock", ms: HOUR }),
    // The package's own create is refused: a key of nine minutes has ended before it is made.
    otherwise: ["headers.date", "package.works"],
    named: ["headers.date", /^about 3(600|599|601) s ahead$/, /./],
  },
  "a clock that is an hour behind": {
    args: ["--clock", "-1h"],
    rules: always({ kind: "clock", ms: -HOUR }),
    otherwise: ["headers.date"],
    named: ["headers.date", /^about 3(600|599|601) s behind$/, /./],
  },
  "lists that lag": {
    args: ["--list-lag", "4s"],
    rules: always({ kind: "list-lag", ms: 4_000 }, "list"),
    otherwise: ["key.listed", "delete.listed", "package.works"],
    named: ["key.listed", /^after \d s$/, /./],
  },
  "keys that lag": {
    args: ["--key-lag", "3s"],
    rules: always({ kind: "key-lag", ms: 3_000 }),
    otherwise: ["key.works", "delete.works"],
    named: ["key.works", /^after \d s$/, /./],
  },
  "short annotations": {
    args: ["--longest-annotation", "63"],
    rules: always({ kind: "longest-annotation", characters: 63 }, "create"),
    otherwise: ["annotations.long", "annotations.longer"],
    named: ["annotations.long", /^400, code 3$/, /broker/],
  },
};

for (const [name, { args, rules = [], how, otherwise, named }] of Object.entries(DIFFERENCES)) {
  const check = (result) => {
    const unknown = ["headers.retryAfter", "long.default", "long.lifetime"];
    assert.deepEqual([result.otherwise, result.unknown, result.left], [otherwise, unknown, []], result.all);
    const [id, found, hangs] = named;
    assert.match(result.found[id].found, found);
    assert.match(result.found[id].hangs, hangs);
    assert.equal(result.code, 1);
  };

  test(`the emulator with ${name}`, async () => {
    const emulator = await startEmulator({ args: ["--faults", ...(args ?? [])] });
    const { fault } = clientOf(emulator.url);
    if (!args) for (const { fault: order, ...where } of rules) await fault(order, where);
    const result = await conform(["--base-url", emulator.url], {});
    const stored = await storedKeys(emulator.url);
    await emulator.stop();
    check(result);
    assert.deepEqual(stored, []);
  });

  test(`the service in memory with ${name}`, async () => {
    check(await differing(how, (service) => rules.forEach(service.addFault)));
  });
}

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
