// Tests what a broker answers and which keys it leaves, with a ledger in memory, in Redis and in Durable
// Objects.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { durableBroker, memoryBroker, PAGE, prepareWorker, stopAll } from "./brokers.mjs";
import { redisBroker } from "./redis-broker.mjs";

before(prepareWorker);

for (const [kind, start] of [
  ["in memory, in Node", memoryBroker],
  ["Redis, in Node", redisBroker],
  ["Durable Objects, in workerd", durableBroker],
]) {
  describe(kind, () => {
    let broker;

    before(async () => {
      broker = await start();
    });
    after(stopAll);

    test("a member gets a key that works for the default lifetime, in an uncached answer", async () => {
      const { status, headers, body } = await broker.ask("ada", "POST", "/keys");
      assert.equal(status, 201);
      assert.deepEqual(Object.keys(body), ["key", "keyId", "expireTime", "expiresInMs"]);
      assert.ok(await broker.works(body.key));
      assert.ok(near(body.expireTime, 300), body.expireTime);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("access-control-allow-origin"), PAGE);
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.equal(headers.get("vary"), "Origin");
      const key = (await broker.stored()).find(({ keyId }) => keyId === body.keyId);
      assert.ok(!JSON.stringify(key).includes("ada"), "the service does not learn the member's id");
    });

    test("a requested lifetime is moved into the bounds", async () => {
      for (const [expiresIn, seconds] of [
        ["2m", 120],
        [90, 90],
        ["1s", 60],
        [0.001, 60],
        ["1w", 3_600],
        ["4294967295w", 3_600],
      ]) {
        const { status, body } = await broker.ask("ada", "POST", "/keys", {
          body: JSON.stringify({ expiresIn }),
        });
        assert.equal(status, 201);
        assert.ok(near(body.expireTime, seconds), `${expiresIn}: ${body.expireTime}`);
      }
      const { status, body } = await broker.ask("ada", "POST", "/keys", {
        body: " {} ",
        type: "application/json; charset=utf-8",
      });
      assert.equal(status, 201);
      assert.ok(near(body.expireTime, 300));
    });

    test("an invalid body is refused, and nothing is minted", async () => {
      const before = (await broker.stored()).length;
      const stream = (...chunks) =>
        new ReadableStream({
          pull(controller) {
            const chunk = chunks.shift();
            if (chunk) controller.enqueue(new TextEncoder().encode(chunk));
            else controller.close();
          },
        });
      for (const [expected, body, type] of [
        [400, "no JSON"],
        [400, "[]"],
        [400, "null"],
        [400, '"5m"'],
        [400, '{"expiresIn": "5y"}'],
        [400, '{"expiresIn": null}'],
        [400, '{"expiresIn": -1}'],
        [400, '{"expiresIn": 0}'],
        [400, '{"expiresIn": 1e999}'],
        [400, '{"expiresIn": {"s": 1}}'],
        [400, '{"expireTime": "2999-01-01T00:00:00Z"}'],
        [400, '{"expiresIn": "5m", "userId": "admin"}'],
        [400, '{"__proto__": {"expiresIn": "5m"}}'],
        [400, new Uint8Array([0x7b, 0xff, 0x7d])],
        [413, `{"expiresIn": "5m"${" ".repeat(4_079)}}`],
        [413, stream(...Array(10).fill(" ".repeat(1_000)))],
        [415, "{}", "text/plain"],
        [415, "{}", "application/jsonp"],
        [415, "{}", "application/x-www-form-urlencoded"],
        [415, undefined, "text/plain"],
      ]) {
        const { status, headers, body: problem } = await broker.ask("ada", "POST", "/keys", { body, type });
        assert.equal(status, expected, `${type} ${body}`);
        isProblem(problem, headers, expected);
      }
      assert.equal((await broker.stored()).length, before);
      const largest = `{"expiresIn": "5m"${" ".repeat(4_077)}}`;
      assert.equal(largest.length, 4_096);
      assert.equal((await broker.ask("ada", "POST", "/keys", { body: largest })).status, 201);
    });

    test("a page that is not allowed is refused whatever it asks", async () => {
      const before = (await broker.stored()).length;
      const { body } = await broker.ask("origin", "POST", "/keys");
      for (const origin of [
        "https://evil.example",
        "null",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://sub.app.example",
        "https://APP.example",
        "https://app.example/",
        "https://app.example, https://evil.example",
      ]) {
        for (const [method, path] of [
          ["POST", "/keys"],
          ["OPTIONS", "/keys"],
          ["DELETE", `/keys/${body.keyId}`],
          ["GET", "/health"],
          ["GET", "/"],
        ]) {
          const answer = await broker.ask("origin", method, path, { headers: { origin } });
          assert.equal(answer.status, 403, `${origin} ${method}`);
          assert.equal(answer.headers.get("access-control-allow-origin"), null);
          assert.equal(answer.headers.get("vary"), "Origin");
          isProblem(answer.body, answer.headers, 403);
        }
      }
      assert.equal((await broker.stored()).length, before + 1);
      assert.ok(await broker.works(body.key));
    });

    test("a preflight of an allowed page is told what it may do", async () => {
      for (const [path, methods] of [
        ["/keys", "POST"],
        ["/keys/some-id", "DELETE"],
        ["/health", "GET, HEAD"],
      ]) {
        const { status, headers } = await broker.ask(undefined, "OPTIONS", path);
        assert.equal(status, 204);
        assert.equal(headers.get("access-control-allow-origin"), PAGE);
        assert.equal(headers.get("access-control-allow-methods"), methods);
        assert.equal(headers.get("access-control-allow-headers"), "authorization, content-type");
      }
    });

    test("a request without a valid token is refused, and nothing is minted", async () => {
      const { body: own } = await broker.ask("mallory", "POST", "/keys");
      const before = (await broker.stored()).length;
      for (const [wrong, authorization] of Object.entries(await broker.issuer.wrongTokens("mallory"))) {
        const headers = authorization === undefined ? {} : { authorization };
        for (const [method, path] of [
          ["POST", "/keys"],
          ["DELETE", `/keys/${own.keyId}`],
        ]) {
          const answer = await broker.ask(undefined, method, path, { headers });
          assert.equal(answer.status, 401, wrong);
          isProblem(answer.body, answer.headers, 401);
          assert.ok(answer.headers.get("www-authenticate"));
        }
      }
      assert.equal((await broker.stored()).length, before);
    });

    test("unknown paths are 404, and other methods are 405 with those that are allowed", async () => {
      for (const path of ["/", "/key", "/keys/", "/keys/a/b", "/Keys", "//keys", "/health/x"]) {
        assert.equal((await broker.ask("ada", "POST", path)).status, 404, path);
      }
      for (const [method, path, allow] of [
        ["GET", "/keys", "POST"],
        ["PUT", "/keys", "POST"],
        ["POST", "/keys/x", "DELETE"],
        ["POST", "/health", "GET, HEAD"],
      ]) {
        const { status, headers } = await broker.ask("ada", method, path);
        assert.equal(status, 405, `${method} ${path}`);
        assert.equal(headers.get("allow"), allow);
      }
      assert.deepEqual((await broker.ask(undefined, "GET", "/health")).body, { status: "ok" });
    });

    test("a member can revoke their own keys and no others", async () => {
      const { body: ada } = await broker.ask("ada", "POST", "/keys");
      const { body: bob } = await broker.ask("bob", "POST", "/keys");
      const byHand = await broker.mintByHand(bob.key);
      for (const keyId of [
        bob.keyId,
        broker.token.keyId,
        byHand.keyId,
        "no-such-key",
        "%",
        "%252e%252e",
        "..%2fx",
        "a".repeat(300),
      ]) {
        const { status, body, headers } = await broker.ask("ada", "DELETE", `/keys/${keyId}`);
        assert.equal(status, 404, keyId);
        isProblem(body, headers, 404);
        assert.equal(body.detail, "You have no key of this id.");
      }
      assert.ok((await broker.works(bob.key)) && (await broker.works(byHand.key)));
      assert.equal((await broker.ask("ada", "DELETE", `/keys/${ada.keyId}`)).status, 204);
      assert.ok(!(await broker.works(ada.key)));
      assert.equal((await broker.ask("ada", "DELETE", `/keys/${ada.keyId}`)).status, 204, "again");
      assert.equal((await broker.ask("bob", "DELETE", `/keys/${ada.keyId}`)).status, 404);
    });

    test("a member can have so many live keys, and mint so many within a window", async () => {
      const { ask, stored } = await start({ limits: { mints: 5, window: "1h", live: 2 } });
      const mint = () => ask("ada", "POST", "/keys", { body: '{"expiresIn": "10m"}' });
      const refused = async (code, least, most) => {
        const { status, headers, body } = await mint();
        assert.equal(status, 429);
        assert.equal(body.code, code);
        isProblem(body, headers, 429);
        assert.equal(headers.get("access-control-expose-headers"), "retry-after");
        const wait = Number(headers.get("retry-after"));
        assert.ok(least <= wait && wait <= most, `${wait}`);
      };
      const minted = [];
      for (let count = 0; count < 5; count += 1) {
        if (count >= 2) {
          await refused("live-limit", 590, 600);
          assert.equal((await ask("ada", "DELETE", `/keys/${minted.shift()}`)).status, 204);
        }
        const { status, body } = await mint();
        assert.equal(status, 201);
        minted.push(body.keyId);
      }
      await ask("ada", "DELETE", `/keys/${minted.shift()}`);
      await refused("mint-limit", 3_590, 3_600);
      assert.equal((await ask("bob", "POST", "/keys")).status, 201, "another member");
      assert.equal((await stored()).length, 2);
    });

    test("a key that has expired no longer counts, and neither does a mint after its window", async () => {
      for (const [limits, expiresIn] of [
        [{ mints: 2, window: "10m", live: 9 }, "1m"],
        [{ mints: 9, window: "1m", live: 2 }, "10m"],
      ]) {
        const { ask, setAhead, issuer } = await start({ limits });
        const mint = async () => {
          const headers = { authorization: `Bearer ${await issuer.tokenFor("ada")}` };
          return ask("ada", "POST", "/keys", { body: JSON.stringify({ expiresIn }), headers });
        };
        const statuses = async (count) => {
          const answers = [];
          for (let index = 0; index < count; index += 1) answers.push((await mint()).status);
          return answers;
        };
        assert.deepEqual(await statuses(3), [201, 201, 429]);
        // A restart may take a while, so the clock stays well away from the limit's boundary.
        await setAhead(300_000);
        assert.deepEqual(await statuses(1), [429]);
        await setAhead(1_200_000);
        assert.deepEqual(await statuses(3), [201, 201, 429]);
        await setAhead(0);
      }
    });

    // It takes two minutes in Node, in which the ledger plays no part.
    const slow = { skip: start === redisBroker && "it runs in Node with its ledger in memory" };
    test("whatever the service does, no orphan is left and the answer gives nothing away", slow, async () => {
      const broker = await start();
      const minted = new Set((await broker.stored()).map(({ keyId }) => keyId));
      for (const [fault, order] of [
        [{ kind: "drop", when: "after" }, {}],
        [{ kind: "drop", when: "after" }, { times: 3 }],
        [{ kind: "drop", when: "before" }, { times: 3 }],
        [{ kind: "cut", bytes: 30 }, { times: 3 }],
        [{ kind: "garbage" }, { times: 3 }],
        [{ kind: "answer", when: "after", status: 500, body: "{{token}} {{key}}" }, { times: 3 }],
        [{ kind: "answer", status: 401, body: '{"message": "{{token}} is wrong"}' }, {}],
        [{ kind: "answer", status: 403, body: '{"message": "{{token}}"}' }, {}],
        [{ kind: "answer", status: 307, headers: { location: "https://evil.example" }, body: "" }, {}],
        [{ kind: "strip-annotations" }, {}],
        // The last one: after it no mint is sent for a while.
        [{ kind: "answer", status: 429, headers: { "retry-after": "120" }, body: "{{token}}" }, {}],
      ]) {
        await broker.fault(fault, order);
        const { status, body, text, headers } = await broker.ask("faults", "POST", "/keys");
        await broker.calm();
        const what = `${JSON.stringify(fault)}: ${status} ${text}`;
        if (status === 201) {
          minted.add(body.keyId);
          assert.ok(await broker.works(body.key), what);
        } else {
          assert.ok(status === 502 || status === 503, what);
          isProblem(body, headers, status);
          assert.ok(!text.includes("fw_") && !text.includes("evil"), what);
        }
        await broker.settled();
        await eventually(async () => {
          const left = (await broker.stored()).filter(({ keyId }) => !minted.has(keyId));
          assert.deepEqual(left, [], what);
        });
      }
    });

    test("a revocation that fails says so, and can be tried again", async () => {
      const { body } = await broker.ask("ada", "POST", "/keys");
      await broker.fault({ kind: "answer", status: 403, body: "{}" }, { operation: "delete" });
      const { status } = await broker.ask("ada", "DELETE", `/keys/${body.keyId}`);
      assert.equal(status, 502);
      assert.ok(await broker.works(body.key));
      assert.equal((await broker.ask("ada", "DELETE", `/keys/${body.keyId}`)).status, 204);
      assert.ok(!(await broker.works(body.key)));
    });

    test("reconcile revokes the keys that members minted with their keys, and no others", async () => {
      const { ask, admin, mintByHand, stored, works, reconcile, token } = await start();
      const { body: ada } = await ask("ada", "POST", "/keys");
      const { body: bob } = await ask("bob", "POST", "/keys");
      const other = await mintByHand(admin, {}, "other");
      const tags = (await stored()).map(({ annotations }) => annotations);
      const forged = [
        await mintByHand(ada.key),
        await mintByHand(ada.key, { displayName: "brokered" }),
        // Tags of other members, the member's own tag, tags of no member, and no tag at all.
        ...(await Promise.all(tags.map((annotations) => mintByHand(ada.key, { annotations })))),
        await mintByHand(ada.key, { annotations: { "fireworks-keys-attempt": `${"0".repeat(64)}.00` } }),
        await mintByHand(ada.key, { annotations: { "fireworks-keys-attempt": "__proto__.x" } }),
      ];
      for (const { key } of forged) assert.ok(await works(key));
      await reconcile();
      for (const { key } of forged) assert.ok(!(await works(key)));
      for (const { key } of [ada, bob, other, token]) assert.ok(await works(key));
      assert.deepEqual((await stored()).map(({ keyId }) => keyId).sort(), [ada.keyId, bob.keyId].sort());
    });

    test("the output holds no key, no token and no member's id", async () => {
      await broker.ask("secretive-member", "POST", "/keys");
      const said = await broker.said();
      for (const secret of ["fw_", "eyJ", "secretive-member"]) assert.ok(!said.includes(secret), said);
    });
  });
}

function near(time, seconds) {
  return Math.abs((Date.parse(time) - Date.now()) / 1_000 - seconds) < 15;
}

function isProblem(body, headers, status) {
  assert.equal(headers.get("content-type"), "application/problem+json");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(body.status, status);
  assert.ok(body.type && body.title && body.detail && body.code, JSON.stringify(body));
}

/** Repeats the check until it passes, because a sweep may continue after the answer. */
async function eventually(check) {
  for (const wait of [0, 100, 400, 1_500, 6_000]) {
    await sleep(wait);
    try {
      return await check();
    } catch (error) {
      if (wait === 6_000) throw error;
    }
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
