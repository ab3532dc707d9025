// Tests that closing a keyring revokes its keys, and says of which of them that is known.

import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { prepare, tool } from "../matrix/fixture.mjs";
import { lost, refuse, startBroker, stopAll } from "./broker.mjs";
import { happened, stopClock } from "./clock.mjs";

let createKeyring;

before(async () => {
  await prepare();
  ({ createKeyring } = await tool("fireworks-keys/member"));
});

afterEach(stopAll);

const ringOf = (broker, change = {}) =>
  createKeyring({ broker: broker.url, authorization: "Bearer a", ...change });

for (const end of ["close", "signOut"]) {
  test(`${end}() revokes all keys that are alive, once, and ends the keyring`, async (context) => {
    const clock = stopClock(context);
    const broker = await startBroker({ lifeMs: 300_000 });
    const events = [];
    const ring = ringOf(broker, {
      fetch: clock.fetch,
      onEvent: ({ type, keyId }) => events.push([type, keyId].join(" ")),
    });
    const first = await ring.key();
    await clock.next();
    await happened(async () => (await ring.key()) !== first);
    const closing = ring[end]();
    assert.equal(ring.close(), closing);
    await assert.rejects(ring.key(), { code: "CLOSED" });
    assert.deepEqual(await closing, { revoked: ["id-1", "id-2"], pending: [] });
    assert.deepEqual(broker.deletions.sort(), ["id-1", "id-2"]);
    assert.equal(broker.alive.size, 0);
    assert.equal(clock.set(), 0);
    await assert.rejects(ring.fetch("https://api.fireworks.ai/inference/v1/models"), { code: "CLOSED" });
    await happened(() => events.at(-1) === "closed ");
    assert.deepEqual(events.filter((event) => event.startsWith("revoked")).sort(), [
      "revoked id-1",
      "revoked id-2",
    ]);
  });
}

test("a key that is alive is revoked, though the time of day says that it has ended", async (context) => {
  const clock = stopClock(context);
  for (const ms of [-86_400_000, 86_400_000]) {
    const broker = await startBroker();
    const ring = ringOf(broker, { fetch: clock.fetch });
    await ring.key();
    clock.timeOfDay = ms;
    assert.deepEqual(await ring.close(), { revoked: ["id-1"], pending: [] });
    clock.timeOfDay = 0;
  }
});

test("signOut() after close() tries again what may not be revoked, and tells of all", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker({ lifeMs: 300_000 });
  const events = [];
  const ring = ringOf(broker, { fetch: clock.fetch, onEvent: ({ type }) => events.push(type) });
  const first = await ring.key();
  await clock.next();
  await happened(async () => (await ring.key()) !== first);
  broker.revocations.push(refuse(401, "unauthenticated"));
  const closed = await ring.close();
  assert.deepEqual([closed.revoked.length, closed.pending.length], [1, 1]);
  const signedOut = await ring.signOut();
  assert.deepEqual(signedOut, { revoked: [...closed.revoked, ...closed.pending], pending: [] });
  assert.equal(closed.revoked.length, 1, "what was told before stays as it was");
  assert.deepEqual([broker.deletions.length, broker.alive.size], [3, 0]);
  assert.equal(await ring.signOut(), await ring.close());
  assert.equal(broker.deletions.length, 3);
  assert.equal(events.filter((type) => type === "closed").length, 1);
});

test("a keyring without a key closes without a request", async () => {
  const broker = await startBroker();
  assert.deepEqual(await ringOf(broker).close(), { revoked: [], pending: [] });
  assert.deepEqual([broker.mints, broker.deletions], [[], []]);
});

test("a key that is on its way is revoked, too, and handed to nobody", async () => {
  const broker = await startBroker();
  let answerIt;
  broker.answers.push((answer) => {
    answerIt = () => answer(201, broker.mint());
  });
  const ring = ringOf(broker);
  const key = ring.key();
  const refused = assert.rejects(key, { code: "CLOSED" });
  await broker.asked(1);
  const closing = ring.close();
  answerIt();
  await refused;
  assert.deepEqual(await closing, { revoked: ["id-1"], pending: [] });
  assert.equal(broker.alive.size, 0);
});

test("while a keyring waits to try again, it closes at once", async (context) => {
  stopClock(context);
  const broker = await startBroker();
  broker.answers.push(lost);
  const events = [];
  const ring = ringOf(broker, { onEvent: ({ type }) => events.push(type) });
  ring.key().catch(() => {});
  await happened(() => events.includes("failure"));
  assert.deepEqual(await ring.close(), { revoked: [], pending: [] });
  assert.equal(broker.mints.length, 1);
});

test("a revocation that fails for the moment is sent again", async (context) => {
  const clock = stopClock(context);
  const broker = await startBroker();
  broker.revocations.push(lost, refuse(503, "unavailable"));
  const ring = ringOf(broker, { fetch: clock.fetch });
  await ring.key();
  assert.deepEqual(await clock.until(ring.close()), { revoked: ["id-1"], pending: [] });
  assert.equal(broker.deletions.length, 3);
});

test("what is not known to be revoked is not said to be", async (context) => {
  const clock = stopClock(context);
  const html = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>Sign in");
  for (const [times, answer] of [
    [3, lost],
    [3, refuse(503, "unavailable")],
    [1, refuse(404, "not-found")],
    [1, refuse(401, "unauthenticated")],
    [1, html],
    [1, (_, response) => response.writeHead(302, { location: "/" }).end()],
  ]) {
    const broker = await startBroker();
    broker.revocations.push(...Array(times).fill(answer));
    const ring = ringOf(broker, { fetch: clock.fetch });
    await ring.key();
    assert.deepEqual(await clock.until(ring.close()), { revoked: [], pending: ["id-1"] }, `${answer}`);
    assert.equal(broker.deletions.length, times, `${answer}`);
  }
});

test("an id is sent as one segment of the path", async () => {
  const broker = await startBroker();
  const keyId = "../keys?a=#b";
  broker.answers.push((answer) => answer(201, broker.mint({ keyId })));
  const ring = ringOf(broker);
  await ring.key();
  await ring.close();
  assert.deepEqual(broker.deletions, [keyId]);
});
