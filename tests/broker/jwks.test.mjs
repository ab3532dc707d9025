// Tests what happens to members' tokens if the issuer's keys cannot be fetched, are changed, or are gone.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { prepare, tool } from "../matrix/fixture.mjs";

let jwtAuthenticator;

before(async () => {
  await prepare();
  ({ jwtAuthenticator } = await tool("fireworks-keys/broker/jwt"));
});

const servers = new Set();

afterEach(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  servers.clear();
});

const MINUTE = 60_000;

/** An issuer whose answers a test can change, an authenticator, and a clock that goes on when it is told. */
async function start({ mock }, options = {}) {
  // A test may start a second one.
  mock.restoreAll();
  const pairs = new Map();
  const published = [];
  const issuer = {
    fetches: 0,
    answer: (response) => json(response, { keys: published }),
    /** Makes a key and publishes it. */
    async publish(kid) {
      const pair = await generateKeyPair("ES256", { extractable: true });
      pairs.set(kid, pair);
      published.push({ ...(await exportJWK(pair.publicKey)), kid, alg: "ES256", use: "sig" });
    },
    withdraw: () => published.splice(0),
  };
  const server = createServer((_, response) => {
    issuer.fetches += 1;
    issuer.answer(response);
  }).listen(0, "127.0.0.1");
  servers.add(server);
  await once(server, "listening");
  const errors = [];
  const authenticate = jwtAuthenticator({
    jwks: `http://127.0.0.1:${server.address().port}/`,
    issuer: "https://login.example/",
    audience: "broker",
    algorithms: ["ES256"],
    onError: (error) => errors.push(error),
    ...options,
  });
  let now = Date.now();
  const { now: real } = Date;
  const begin = real();
  mock.method(Date, "now", () => now + real() - begin);
  const sign = async (kid, { header = {}, claims = {} } = {}) => {
    const key = pairs.get(kid) ?? (await generateKeyPair("ES256"));
    const iat = Math.floor(Date.now() / 1_000);
    const payload = {
      sub: "ada",
      iss: "https://login.example/",
      aud: "broker",
      iat,
      exp: iat + 86_400,
      ...claims,
    };
    return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid, ...header }).sign(key.privateKey);
  };
  const ask = (token) =>
    authenticate(new Request("https://keys.example/keys", { headers: { authorization: `Bearer ${token}` } }));
  await issuer.publish("one");
  return {
    issuer,
    errors,
    sign,
    ask,
    /** Asks with so many tokens of keys that the issuer does not have. */
    made: async (count) => {
      const token = await sign("nobody's");
      return Promise.allSettled(Array.from({ length: count }, () => ask(token)));
    },
    later: (ms) => {
      now += ms;
    },
  };
}

function json(response, body, status = 200) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const FAILURES = {
  "is gone": (response) => response.destroy(),
  "answers 500": (response) => json(response, {}, 500),
  "answers a page": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>Hello"),
  "answers something else": (response) => json(response, { error: "not now" }),
  "answers no list": (response) => json(response, { keys: "none" }),
  "answers null": (response) => json(response, null),
  "redirects": (response) => response.writeHead(302, { location: "https://evil.example/" }).end(),
};

for (const [what, answer] of Object.entries(FAILURES)) {
  test(`where the issuer ${what}, its last keys serve for an hour, and onError is told`, async (context) => {
    const { issuer, errors, sign, ask, made, later } = await start(context);
    assert.equal(await ask(await sign("one")), "ada");
    issuer.answer = answer;
    later(11 * MINUTE);
    const before = issuer.fetches;
    assert.equal(await ask(await sign("one")), "ada");
    assert.equal(errors.length, 1);
    for (const { status, value } of await made(50))
      assert.deepEqual([status, value], ["fulfilled", undefined]);
    for (let count = 0; count < 20; count += 1) assert.equal(await ask(await sign("one")), "ada");
    assert.equal(issuer.fetches, before + 1, "fetches, whatever the tokens are");
    later(48 * MINUTE);
    assert.equal(await ask(await sign("one")), "ada");
    later(2 * MINUTE);
    await assert.rejects(ask(await sign("one")), "then it is not known who asks");
    issuer.answer = (response) => json(response, { keys: [] });
    later(MINUTE);
    assert.equal(await ask(await sign("one")), undefined, "an answer is an answer again");
  });
}

test("where the issuer cannot be reached at all, nobody gets in, and it is asked seldom", async (context) => {
  const { issuer, sign, ask, made, later } = await start(context);
  const { answer } = issuer;
  issuer.answer = FAILURES["is gone"];
  const valid = await sign("one");
  await assert.rejects(ask(valid));
  for (const { status } of await made(50)) assert.equal(status, "rejected");
  await assert.rejects(ask(valid));
  assert.equal(issuer.fetches, 1);
  issuer.answer = answer;
  later(11_000);
  assert.equal(await ask(valid), "ada");
  assert.equal(issuer.fetches, 2);
});

test("tokens that come while the keys are fetched wait, and cost no other fetch", async (context) => {
  const { issuer, sign, ask } = await start(context);
  const { answer } = issuer;
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  issuer.answer = async (response) => {
    await held;
    answer(response);
  };
  const token = await sign("one");
  const asked = Array.from({ length: 50 }, () => ask(token));
  letGo();
  assert.deepEqual([...new Set(await Promise.all(asked))], ["ada"]);
  assert.equal(issuer.fetches, 1);
});

test("a new key of the issuer's is found, and made-up ones cost one fetch in 30 s", async (context) => {
  const { issuer, sign, ask, made, later } = await start(context);
  assert.equal(await ask(await sign("one")), "ada");
  await issuer.publish("two");
  await made(50);
  assert.equal(await ask(await sign("two")), undefined);
  assert.equal(issuer.fetches, 1);
  later(31_000);
  assert.equal(await ask(await sign("two")), "ada");
  await made(50);
  assert.equal(issuer.fetches, 2);
});

test("a set that arrives empty replaces the last one, and the operator is told", async (context) => {
  const { issuer, errors, sign, ask, made, later } = await start(context);
  const token = await sign("one");
  assert.equal(await ask(token), "ada");
  issuer.withdraw();
  later(11 * MINUTE);
  assert.equal(await ask(token), undefined);
  assert.equal(errors.length, 1);
  assert.match(errors[0].message, /no key/);
  await made(50);
  assert.equal(issuer.fetches, 2);
  // Now a failure must not bring the old keys back.
  issuer.answer = FAILURES["is gone"];
  later(11 * MINUTE);
  assert.equal(await ask(token), undefined);
});

test("a key that the issuer has withdrawn is refused once the set is fetched anew", async (context) => {
  const { issuer, sign, ask, later } = await start(context);
  const token = await sign("one");
  assert.equal(await ask(token), "ada");
  issuer.withdraw();
  await issuer.publish("two");
  later(11 * MINUTE);
  assert.equal(await ask(token), undefined);
  assert.equal(await ask(await sign("two")), "ada");
});

test("onError may throw or reject", async (context) => {
  for (const onError of [
    () => {
      throw new Error("no log");
    },
    () => Promise.reject(new Error("no log")),
  ]) {
    const { issuer, sign, ask, later } = await start(context, { onError });
    const token = await sign("one");
    await ask(token);
    issuer.answer = FAILURES["is gone"];
    later(11 * MINUTE);
    assert.equal(await ask(token), "ada");
  }
});

test("typ and maxTokenAge are demanded where they are given", async (context) => {
  const typed = await start(context, { typ: "at+jwt" });
  assert.equal(await typed.ask(await typed.sign("one")), undefined);
  assert.equal(await typed.ask(await typed.sign("one", { header: { typ: "JWT" } })), undefined);
  assert.equal(await typed.ask(await typed.sign("one", { header: { typ: "at+jwt" } })), "ada");
  const young = await start(context, { maxTokenAge: 600 });
  const issued = (ago) => ({ claims: { iat: ago && Math.floor(Date.now() / 1_000) - ago } });
  assert.equal(await young.ask(await young.sign("one", issued(300))), "ada");
  assert.equal(await young.ask(await young.sign("one", issued(700))), undefined, "though it has not expired");
  assert.equal(await young.ask(await young.sign("one", issued(undefined))), undefined);
});

test("after the clock was set back, a key that was withdrawn does not serve for longer", async (context) => {
  const { issuer, sign, ask, later } = await start(context);
  later(24 * 60 * MINUTE);
  const token = await sign("one", { claims: { exp: 4e9 } });
  assert.equal(await ask(token), "ada");
  issuer.withdraw();
  await issuer.publish("two");
  later(-24 * 60 * MINUTE);
  assert.equal(await ask(token), undefined);
  assert.equal(issuer.fetches, 2);
  // A failure that seems to lie ahead does not keep the next fetch away.
  const other = await start(context);
  const { answer } = other.issuer;
  other.issuer.answer = FAILURES["answers 500"];
  const good = await other.sign("one");
  await assert.rejects(other.ask(good));
  other.issuer.answer = answer;
  other.later(-60 * MINUTE);
  assert.equal(await other.ask(good), "ada");
});

test("where the set does not tell which key has signed, each is tried", async (context) => {
  const pairs = await Promise.all([1, 2, 3].map(() => generateKeyPair("ES256", { extractable: true })));
  const [one, two] = await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey)));
  const token = ({ privateKey }, claims = {}, header = {}) =>
    new SignJWT({ sub: "ada", iss: "https://login.example/", aud: "broker", exp: 4e9, ...claims })
      .setProtectedHeader({ alg: "ES256", ...header })
      .sign(privateKey);
  for (const keys of [
    [one, two],
    [
      { ...one, kid: "1" },
      { ...two, kid: "2" },
    ],
    [
      { ...one, kid: "same" },
      { ...two, kid: "same" },
    ],
  ]) {
    const header = keys[0].kid === "same" ? { kid: "same" } : {};
    const { issuer, ask } = await start(context);
    issuer.answer = (response) => json(response, { keys });
    const ways = [ask];
    ways.push((await start(context, { jwks: { keys } })).ask);
    for (const way of ways) {
      assert.equal(await way(await token(pairs[0], {}, header)), "ada");
      assert.equal(await way(await token(pairs[1], {}, header)), "ada");
      assert.equal(await way(await token(pairs[2], {}, header)), undefined, "signed by neither");
      for (const claims of [{ aud: "another" }, { exp: 1 }, { iss: "https://evil.example/" }]) {
        assert.equal(await way(await token(pairs[1], claims, header)), undefined);
      }
    }
  }
});
