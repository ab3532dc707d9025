// Tests the keyring in a page with the clients that people use, against an inference host that answers
// preflights as the provider does.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { prepare } from "../matrix/fixture.mjs";
import { startBroker, stopAll } from "./broker.mjs";
import { startInference, WORDS } from "./inference.mjs";
import { servePage, withPages } from "./pages.mjs";

const SCRIPT = `
import { createFireworks } from "@ai-sdk/fireworks";
import { generateText, streamText } from "ai";
import { createKeyring } from "fireworks-keys/member";
import OpenAI from "openai";

const messages = [{ role: "user", content: "Whose is it?" }];

const ways = {
  openai(ring, baseURL) {
    const client = new OpenAI({
      baseURL,
      apiKey: () => ring.key(),
      fetch: ring.fetch,
      dangerouslyAllowBrowser: true,
    });
    return async () => {
      const words = [];
      const stream = await client.chat.completions.create({ model: "m", stream: true, messages });
      for await (const { choices } of stream) words.push(choices[0].delta.content ?? "");
      return words.filter(Boolean);
    };
  },
  aiSdk(ring, baseURL) {
    const fireworks = createFireworks({ baseURL, apiKey: "in fetch", fetch: ring.fetch });
    return async () => {
      const words = [];
      const errors = [];
      const { textStream } = streamText({
        model: fireworks("m"),
        messages,
        maxRetries: 0,
        onError: ({ error }) => errors.push(error),
      });
      for await (const word of textStream) words.push(word);
      if (errors.length > 0) throw errors[0];
      return words;
    };
  },
};

const whole = {
  async openai(ring, baseURL) {
    const client = new OpenAI({
      baseURL,
      apiKey: () => ring.key(),
      fetch: ring.fetch,
      dangerouslyAllowBrowser: true,
    });
    return (await client.chat.completions.create({ model: "m", messages })).choices[0].message.content;
  },
  async aiSdk(ring, baseURL) {
    const fireworks = createFireworks({ baseURL, apiKey: "in fetch", fetch: ring.fetch });
    return (await generateText({ model: fireworks("m"), messages, maxRetries: 0 })).text;
  },
};

/** The clients without the keyring's fetch. */
const bare = {
  openai: (apiKey, baseURL) =>
    new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true, maxRetries: 0 }).chat.completions.create({
      model: "m",
      messages,
    }),
};

Object.assign(globalThis, { createKeyring, ways, whole, bare, isReady: true });
`;

let page;
let broker;
let inference;

before(async () => {
  await prepare();
  page = await servePage("clients", SCRIPT);
});

after(() => page.close());

beforeEach(async () => {
  await stopAll();
  broker = await startBroker();
  inference = await startInference(broker.works);
});

after(stopAll);

/** Makes a keyring in a page. */
const makeRing = (tab) =>
  tab.evaluate(
    ([broker, inference]) => {
      globalThis.ring = createKeyring({ broker, inference, authorization: "Bearer a" });
    },
    [broker.url, inference.url],
  );

/** Streams an answer with one of the clients. */
const stream = (tab, way) =>
  tab.evaluate(
    ([way, url]) => {
      globalThis.clients ??= {};
      globalThis.clients[way] ??= ways[way](ring, url);
      return globalThis.clients[way]();
    },
    [way, `${inference.url}v1`],
  );

test("a client without the keyring's fetch fails at the preflight: the stand-in is as strict as that", () =>
  withPages(page.url, async (open) => {
    const tab = await open();
    const { key } = broker.mint();
    const failed = await tab.evaluate(
      ([key, url]) =>
        bare.openai(key, url).catch(({ constructor }) => constructor.name.length > 0 && "failed"),
      [key, `${inference.url}v1`],
    );
    assert.equal(failed, "failed");
    assert.deepEqual(inference.requests, [], "it sent nothing after the preflight");
  }));

for (const way of ["openai", "aiSdk"]) {
  test(`${way} streams an answer through the end of its key, and with the next one`, () =>
    withPages(page.url, async (open, problems) => {
      const tab = await open();
      await makeRing(tab);
      inference.pause = async (word) => {
        // In the middle of the answer the key ends. The service goes on with what has begun.
        if (word === WORDS[2]) broker.alive.clear();
      };
      assert.deepEqual(await stream(tab, way), WORDS);
      inference.pause = async () => {};
      assert.deepEqual(await stream(tab, way), WORDS);
      assert.equal(broker.mints.length, 2);
      const [first, refused, next] = inference.requests;
      assert.equal(refused.key, first.key);
      assert.notEqual(next.key, first.key);
      for (const { headers } of inference.requests) {
        const unusual = Object.keys(headers).filter((name) => /stainless|x-|openai/.test(name));
        assert.deepEqual(unusual, []);
      }
      assert.deepEqual(problems, []);
    }));

  test(`${way} goes on while keys that live for a second end and are renewed`, () =>
    withPages(page.url, async (open, problems) => {
      const tab = await open();
      broker.lifeMs = 1_000;
      const { mint } = broker;
      const ends = new Map();
      broker.mint = (change) => {
        const minted = mint(change);
        ends.set(minted.key, Date.now() + broker.lifeMs);
        return minted;
      };
      inference.works = (key) => ends.get(key) > Date.now();
      await makeRing(tab);
      while (broker.mints.length < 4) assert.deepEqual(await stream(tab, way), WORDS);
      const keys = new Set(inference.requests.map(({ key }) => key));
      assert.ok(keys.size >= 3, `${keys.size} keys were used`);
      assert.deepEqual(problems, []);
    }));

  test(`${way} gets a whole answer, too`, () =>
    withPages(page.url, async (open) => {
      const tab = await open();
      await makeRing(tab);
      const text = await tab.evaluate(([way, url]) => whole[way](ring, url), [way, `${inference.url}v1`]);
      assert.equal(text, WORDS.join(""));
    }));
}

test("in a page, too, no redirect is followed, and no stream sent twice", () =>
  withPages(page.url, async (open, problems) => {
    const tab = await open();
    await makeRing(tab);
    inference.answers.push((response, _, cors) =>
      response.writeHead(302, { ...cors, location: `${inference.origin}/v1/accounts` }).end(),
    );
    const url = `${inference.url}v1/models`;
    assert.equal(await tab.evaluate(async (url) => (await ring.fetch(url)).type, url), "opaqueredirect");
    assert.equal(inference.requests.length, 1);
    const address = await tab.evaluate(
      (origin) => ring.fetch(`${origin}/v1/accounts`).catch(({ code }) => code),
      inference.origin,
    );
    assert.equal(address, "ADDRESS");
    assert.equal(inference.requests.length, 1);
    assert.deepEqual(problems, []);
  }));

test("closing when the page is left revokes the key", () =>
  withPages(page.url, async (open) => {
    const tab = await open();
    await makeRing(tab);
    await tab.evaluate(() => {
      addEventListener("pagehide", () => ring.close());
      return ring.key();
    });
    assert.equal(broker.alive.size, 1);
    const revoked = new Promise((resolve) => {
      broker.revocations.push((answer) => resolve(answer(204)));
    });
    await tab.goto("about:blank");
    await revoked;
    assert.deepEqual(broker.deletions, ["id-1"]);
  }));

test("neither the page's storage nor its databases hold anything", () =>
  withPages(page.url, async (open) => {
    const tab = await open();
    await tab.evaluate(
      ([broker, inference]) =>
        createKeyring({ broker, inference, authorization: "Bearer a", member: "ada" }).key(),
      [broker.url, inference.url],
    );
    const stored = await tab.evaluate(async () => [
      localStorage.length,
      sessionStorage.length,
      document.cookie,
      (await indexedDB.databases()).length,
      (await caches.keys()).length,
    ]);
    assert.deepEqual(stored, [0, 0, "", 0, 0]);
  }));
