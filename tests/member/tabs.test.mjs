// Tests what the tabs of one member share, in Chromium.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { prepare } from "../matrix/fixture.mjs";
import { refuse, startBroker, stopAll } from "./broker.mjs";
import { startInference } from "./inference.mjs";
import { servePage, withPages } from "./pages.mjs";

const SCRIPT = `
import { createKeyring } from "fireworks-keys/member";

globalThis.start = (options) => {
  globalThis.events = [];
  const onEvent = (event) => events.push(event);
  globalThis.ring = createKeyring({ ...options, authorization: "Bearer a", onEvent });
};
globalThis.isReady = true;
`;

let page;
let broker;
let inference;

before(async () => {
  await prepare();
  page = await servePage("tabs", SCRIPT);
});

after(() => page.close());

beforeEach(async () => {
  await stopAll();
  broker = await startBroker();
  inference = await startInference(broker.works);
});

after(stopAll);

/** Opens a tab with a keyring. */
async function tabOf(open, member) {
  const tab = await open();
  const options = { broker: broker.url, inference: inference.url, ...(member && { member }) };
  await tab.evaluate((options) => start(options), options);
  return tab;
}

const keyOf = (tab) => tab.evaluate(() => ring.key());
const happens = (tab, type) =>
  tab.waitForFunction((type) => events.some((event) => event.type === type), type);
const shared = (tab) => tab.waitForFunction(() => events.some(({ isShared }) => isShared));

test("tabs of one member share a key: one that opens gets it, and one that renews it tells all", () =>
  withPages(page.url, async (open, problems) => {
    const one = await tabOf(open, "ada");
    const first = await keyOf(one);
    const two = await tabOf(open, "ada");
    await shared(two);
    assert.equal(await keyOf(two), first);
    assert.equal(broker.mints.length, 1);
    // The service forgets the key: one tab notices.
    await two.evaluate((url) => ring.fetch(url).then(({ status }) => status), `${inference.url}v1/models`);
    broker.alive.clear();
    await two.evaluate((url) => ring.fetch(url).then(({ status }) => status), `${inference.url}v1/models`);
    assert.equal(broker.mints.length, 2);
    await shared(one);
    const second = await keyOf(two);
    assert.notEqual(second, first);
    assert.equal(await keyOf(one), second);
    assert.equal(broker.mints.length, 2);
    assert.deepEqual(problems, []);
  }));

test("tabs that ask at the same time send the broker one request", () =>
  withPages(page.url, async (open) => {
    const tabs = [];
    for (let count = 0; count < 4; count += 1) tabs.push(await tabOf(open, "ada"));
    const keys = await Promise.all(tabs.map(keyOf));
    assert.equal(new Set(keys).size, 1);
    assert.equal(broker.mints.length, 1);
  }));

test("a renewal is one for all tabs", () =>
  withPages(page.url, async (open) => {
    broker.lifeMs = 1_000;
    const tabs = [];
    for (let count = 0; count < 3; count += 1) tabs.push(await tabOf(open, "ada"));
    await Promise.all(tabs.map(keyOf));
    broker.lifeMs = 300_000;
    await broker.asked(2);
    for (const tab of tabs) {
      await tab.waitForFunction(() => events.filter(({ type }) => type === "key").length > 1);
    }
    const keys = await Promise.all(tabs.map(keyOf));
    assert.equal(new Set(keys).size, 1);
    assert.equal(broker.mints.length, 2);
  }));

test("other members, other brokers and pages without a member share nothing", () =>
  withPages(page.url, async (open) => {
    const keys = [];
    for (const member of ["ada", "grace", undefined, undefined])
      keys.push(await keyOf(await tabOf(open, member)));
    const { url } = broker;
    broker = await startBroker();
    keys.push(`${broker.url} ${await keyOf(await tabOf(open, "ada"))}`);
    assert.notEqual(broker.url, url);
    assert.equal(new Set(keys).size, 5);
    assert.equal(broker.mints.length, 1);
  }));

test("the last tab that closes revokes the key, and no other", () =>
  withPages(page.url, async (open) => {
    const one = await tabOf(open, "ada");
    const two = await tabOf(open, "ada");
    const key = await keyOf(one);
    await shared(two);
    assert.deepEqual(await one.evaluate(() => ring.close()), { revoked: [], pending: ["id-1"] });
    assert.deepEqual(broker.deletions, []);
    assert.equal(await keyOf(two), key);
    assert.deepEqual(await two.evaluate(() => ring.close()), { revoked: ["id-1"], pending: [] });
    assert.deepEqual(broker.deletions, ["id-1"]);
  }));

test("of two tabs that close at once, one revokes the key", () =>
  withPages(page.url, async (open) => {
    const tabs = [await tabOf(open, "ada"), await tabOf(open, "ada")];
    await Promise.all(tabs.map(keyOf));
    const closings = await Promise.all(tabs.map((tab) => tab.evaluate(() => ring.close())));
    assert.equal(closings.flatMap(({ revoked }) => revoked).length, 1);
    assert.deepEqual(broker.deletions, ["id-1"]);
  }));

test("a tab that was closed without a farewell does not keep the key alive", () =>
  withPages(page.url, async (open) => {
    const one = await tabOf(open, "ada");
    const two = await tabOf(open, "ada");
    await keyOf(one);
    await shared(two);
    await one.close();
    assert.deepEqual(await two.evaluate(() => ring.close()), { revoked: ["id-1"], pending: [] });
    assert.equal(broker.alive.size, 0);
  }));

test("signOut() ends the keyrings of all tabs, and revokes every key", () =>
  withPages(page.url, async (open) => {
    const tabs = [];
    for (let count = 0; count < 3; count += 1) tabs.push(await tabOf(open, "ada"));
    await keyOf(tabs[0]);
    for (const tab of tabs.slice(1)) await shared(tab);
    const stranger = await tabOf(open, "grace");
    await keyOf(stranger);
    assert.deepEqual(await tabs[1].evaluate(() => ring.signOut()), { revoked: ["id-1"], pending: [] });
    for (const tab of tabs) {
      await happens(tab, "closed");
      assert.equal(await tab.evaluate(() => ring.key().catch(({ code }) => code)), "CLOSED");
    }
    assert.deepEqual([...broker.alive.keys()], ["id-2"], "another member's stays");
    // A tab that opens later starts anew.
    const later = await tabOf(open, "ada");
    assert.ok(broker.works(await keyOf(later)));
  }));

test("a key that another tab is minting while all sign out is revoked", () =>
  withPages(page.url, async (open) => {
    const one = await tabOf(open, "ada");
    const two = await tabOf(open, "ada");
    let letGo;
    broker.answers.push((answer) => {
      letGo = () => answer(201, broker.mint());
    });
    const code = one.evaluate(() => ring.key().catch(({ code }) => code));
    await broker.asked(1);
    const done = two.evaluate(() => ring.signOut());
    await one.waitForFunction(() => {
      const code = ring.key().catch(({ code }) => code);
      return Promise.race([code, new Promise((resolve) => setTimeout(resolve))]);
    });
    letGo();
    assert.equal(await code, "CLOSED");
    await done;
    await happens(one, "closed");
    assert.equal(broker.alive.size, 0);
  }));

test("signOut() after close() ends the other tabs' keyrings, too", () =>
  withPages(page.url, async (open) => {
    const one = await tabOf(open, "ada");
    const two = await tabOf(open, "ada");
    await keyOf(one);
    await shared(two);
    assert.deepEqual(await one.evaluate(() => ring.close()), { revoked: [], pending: ["id-1"] });
    assert.ok(broker.works(await keyOf(two)));
    assert.deepEqual(await one.evaluate(() => ring.signOut()), { revoked: ["id-1"], pending: [] });
    await happens(two, "closed");
    assert.equal(await two.evaluate(() => ring.key().catch(({ code }) => code)), "CLOSED");
    assert.equal(broker.alive.size, 0);
  }));

test("signOut() while the tab still closes ends it for all", () =>
  withPages(page.url, async (open) => {
    const one = await tabOf(open, "ada");
    const two = await tabOf(open, "ada");
    await keyOf(one);
    await shared(two);
    const ended = await one.evaluate(() => Promise.all([ring.close(), ring.signOut()]));
    assert.deepEqual(ended[1], { revoked: ["id-1"], pending: [] });
    await happens(two, "closed");
    assert.equal(broker.alive.size, 0);
  }));

for (const [what, prepare] of [
  ["denied", () => navigator.locks.query().catch(({ name }) => name)],
  [
    "never given",
    () => {
      navigator.locks.request = async () => {
        throw new DOMException("no turn", "TimeoutError");
      };
      return "SecurityError";
    },
  ],
  [
    "missing",
    () => {
      Object.defineProperty(navigator, "locks", { value: undefined });
      return "SecurityError";
    },
  ],
]) {
  test(`where locks are ${what}, a keyring that names its member has a key all the same`, () =>
    withPages(page.url, async (open, problems) => {
      const tab = await open();
      // Without an origin, a browser denies locks.
      await tab.evaluate(async (url) => {
        const script = await (await fetch("./app.js")).text();
        const frame = Object.assign(document.createElement("iframe"), {
          sandbox: "allow-scripts",
          srcdoc: `<meta charset="utf-8"><base href="${url}/"><script type="module">${script}</script>`,
        });
        document.body.append(frame);
      }, page.url);
      const frame = what === "denied" ? tab.frames()[1] : tab;
      await frame.waitForFunction("globalThis.isReady");
      assert.equal(await frame.evaluate(prepare), "SecurityError");
      await frame.evaluate((options) => start(options), {
        broker: broker.url,
        inference: inference.url,
        member: "ada",
      });
      const key = await frame.evaluate(() => ring.key().catch(({ name, code }) => [name, code]));
      assert.ok(broker.works(key), `${key}`);
      broker.answers.push(refuse(403, "origin"));
      assert.deepEqual(await frame.evaluate(() => ring.close()), { revoked: ["id-1"], pending: [] });
      await frame.evaluate((options) => start(options), { broker: broker.url, member: "ada" });
      const error = await frame.evaluate(() => ring.key().catch(({ name, code }) => [name, code]));
      assert.deepEqual(error, ["KeyringError", "BROKER"]);
      assert.deepEqual(problems, []);
    }));
}

test("what is no message of a keyring's is ignored", () =>
  withPages(page.url, async (open, problems) => {
    const tab = await tabOf(open, "ada");
    const other = await open();
    await keyOf(tab);
    await other.evaluate(async (name) => {
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
      const channel = new BroadcastChannel(`fireworks-keys ${new Uint8Array(hash)}`);
      for (const message of [
        7,
        null,
        "keys",
        [],
        ["keys", 1, 7],
        ["keys", 1, [null, 7, {}, { key: "a\nb", keyId: "x", lifeMs: 9e9, at: Date.now() }]],
        ["keys", 1, [{ key: "fw_a", keyId: "x", lifeMs: "long", at: {} }]],
      ])
        channel.postMessage(message);
      await new Promise((resolve) => {
        channel.onmessage = resolve;
        channel.postMessage(["call", 1, []]);
      });
    }, `${broker.url}/ ada`);
    assert.equal(await tab.evaluate(() => events.length), 1);
    assert.ok(broker.works(await keyOf(tab)));
    assert.deepEqual(problems, []);
  }));
