// What is taken out of errors and events, and what is left of them. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey, rotateApiKey } from "fireworks-keys";
import { errorOf, refusal } from "./calls.mjs";

const TOKEN = "the.token";
const at = { token: TOKEN, accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

/** The error of a create that is refused with this body. */
const refusedWith = (body, headers) => errorOf(createApiKey({ ...at, fetch: refusal(400, body, headers) }));

test("of two tokens the longer is taken out first, whichever was used first", async () => {
  for (const tokens of [
    ["short", "short.and_long"],
    ["short.and_long", "short"],
  ]) {
    let asked = 0;
    const error = await errorOf(
      createApiKey({
        ...at,
        maxRetries: 1,
        token: () => tokens[asked++],
        fetch: refusal(500, { message: "<short.and_long>" }, { "retry-after-ms": "0" }),
      }),
    );
    assert.equal(asked, 2, "both were used");
    assert.equal(error.body.message, "<[redacted]>");
  }
});

test("what goes on after a token is taken out with it, up to the end of the word", async () => {
  const { body } = await refusedWith({ message: `${TOKEN}_and-more; the rest` });
  assert.equal(body.message, "[redacted]; the rest");
});

test("anything that looks like a key is taken out, also of what a fetch throws", async () => {
  const { body, message } = await refusedWith({ message: "got <fw_some-other_key_of_27_char>" });
  assert.equal(body.message, "got <[redacted]>");
  assert.ok(message.endsWith(": got <[redacted]>"), message);
  const thrown = Object.assign(new TypeError(`<${TOKEN}>`, { cause: new Error("<fw_inner_0123456789>") }), {
    code: TOKEN,
  });
  const { cause } = await errorOf(createApiKey({ ...at, fetch: () => Promise.reject(thrown) }));
  assert.deepEqual(
    [cause.name, cause.message, cause.code, cause.cause.message],
    ["TypeError", "<[redacted]>", "[redacted]", "<[redacted]>"],
  );
  assert.equal(cause.stack, "TypeError: <[redacted]>");
});

test("what looks like a key that was made loses its `key` at any depth, whatever it holds", async () => {
  const made = { key: { deep: "plain" }, keyId: "k" };
  const { body } = await refusedWith({ ...made, list: [{ more: made }], metadata: { key: "displayName" } });
  const shown = { key: "[redacted]", keyId: "k" };
  assert.deepEqual(body, { ...shown, list: [{ more: shown }], metadata: { key: "displayName" } });
});

test("tokens are taken out of a body's names and lists, and of the request's id", async () => {
  const { body, requestId } = await refusedWith({ [TOKEN]: [TOKEN] }, { "x-request-id": `r-${TOKEN}` });
  assert.deepEqual([body, requestId], [{ "[redacted]": ["[redacted]"] }, "r-[redacted]"]);
});

test("a body is kept eight levels deep, and what lies deeper is left out", async () => {
  const nested = (levels) => (levels === 0 ? "text" : { in: nested(levels - 1) });
  assert.deepEqual((await refusedWith(nested(8))).body, nested(8));
  const { body } = await refusedWith(nested(9));
  let innermost = body;
  for (let level = 1; level < 8; level += 1) innermost = innermost.in;
  assert.deepEqual(innermost, { in: undefined });
});

/** A token that looks like no key, of every kind of character that a header can carry. */
const LONG = "sk.A1b2-C3d4_E5f6~G7h8+I9j0/K&L<M>'N";

/** What is left of a server's message, where the token is the long one. */
async function left(message, options) {
  const fetch = refusal(400, { message });
  const error = await errorOf(createApiKey({ ...at, token: LONG, fetch, ...options }));
  assert.ok(error.message.endsWith(error.body.message.slice(0, 1_000)), error.message);
  return error.body.message;
}

const each = (text, write) => [...text].map((letter) => write(letter.charCodeAt(0))).join("");
const hexadecimal = (code) => code.toString(16).padStart(2, "0");
const html = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("'", "&#39;");

test("a long token is taken out however it is written", async () => {
  const percent = each(LONG, (code) => `%${hexadecimal(code)}`);
  for (const written of [
    LONG,
    LONG.toUpperCase(),
    LONG.toLowerCase(),
    encodeURIComponent(LONG),
    encodeURIComponent(encodeURIComponent(LONG)),
    encodeURIComponent(LONG).toLowerCase(),
    percent,
    percent.toUpperCase(),
    html(LONG),
    html(html(LONG)),
    html(LONG).replaceAll("&#39;", "&apos;").toUpperCase(),
    each(LONG, (code) => `&#${code};`),
    each(LONG, (code) => `&#x${hexadecimal(code)};`),
    each(LONG, (code) => `&#x00${hexadecimal(code).toUpperCase()};`),
    each(LONG, (code) => `\\u00${hexadecimal(code)}`),
    each(LONG, (code) => `\\x${hexadecimal(code)}`),
    encodeURIComponent(html(LONG)),
    `${LONG}${LONG.toUpperCase()}`,
  ]) {
    assert.equal(await left(`<${written}> & the rest`), "<[redacted]> & the rest", written);
  }
});

test("a long token is taken out of base64, wherever it begins there", async () => {
  for (const before of ["", "a", "ab", "abc", "user:"]) {
    const base64 = btoa(`${before}${LONG} `);
    const url = base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    for (const written of [base64, url, encodeURIComponent(base64)]) {
      const rest = await left(`<${written}> & the rest`);
      assert.match(rest, /^<.{0,8}\[redacted\].{0,8}> & the rest$/, written);
      const plain = atob(base64);
      for (let from = before.length; from + 4 <= plain.length; from += 3) {
        assert.ok(!rest.includes(btoa(plain.slice(from - (from % 3), from - (from % 3) + 9))), rest);
      }
    }
  }
});

test("twelve characters of a long token are taken out, and eleven are left", async () => {
  for (const from of [0, 5, LONG.length - 12]) {
    const cut = LONG.slice(from, from + 12);
    for (const written of [cut, cut.toUpperCase(), encodeURIComponent(cut)])
      assert.equal(await left(`<${written}> & the rest`), "<[redacted]> & the rest", written);
    assert.equal(await left(`<${cut.slice(1)}>`), `<${cut.slice(1)}>`);
  }
  assert.equal(await left(`sent ${LONG.slice(0, 20)}`), "sent [redacted]");
  assert.equal(await left(`${LONG.slice(0, 12)} ${LONG.slice(12, 24)}`), "[redacted] [redacted]");
});

test("a short token eats no text, and a text without a secret is left as it is written", async () => {
  const token = "abcdefghijklmno";
  for (const text of ["ABCDEFGHIJKLMNO", token.slice(0, 14), btoa(token), "%61bcdefghijklmno"])
    assert.equal(await left(`<${text}>`, { token }), `<${text}>`);
  assert.equal(await left(`<${token}>`, { token }), "<[redacted]>");
  const percent = "has%41percent.inside.it";
  const twice = `<${percent}> <${encodeURIComponent(percent)}>`;
  assert.equal(await left(twice, { token: percent }), "<[redacted]> <[redacted]>");
  for (const text of ["100%25 &amp; more &#39;", "İstanbul İ", "%", "&#0;&#x;", "\\u0"])
    assert.equal(await left(text), text);
  assert.equal(await left(`İ <${LONG.toUpperCase()}> İ`), "İ <[redacted]> İ");
});

test("of tokens that overlap nothing is left", async () => {
  const tokens = ["first.secret.of.two", "secret.of.two.and.more", "of.two"];
  let asked = 0;
  const options = {
    maxRetries: 2,
    token: () => tokens[asked++],
    fetch: refusal(
      500,
      { message: "<first.secret.of.two.and.more> <FIRST.SECRET.OF.TWO.AND.MORE> <of.two>" },
      { "retry-after-ms": "0" },
    ),
  };
  const { body } = await errorOf(createApiKey({ ...at, ...options }));
  assert.equal(asked, 3);
  assert.equal(body.message, "<[redacted]> <[redacted]> <[redacted]>");
});

test("what the caller put into headers is taken out of others' words, and not of ids", async () => {
  const headers = { "x-gateway": "the gateway's own secret", "x-team": "infra", "x-twelve": "twelve chars" };
  const said = "for infra: <the gateway's own secret> <twelve chars> <THE%20GATEWAY'S%20OWN>";
  const words = "for infra: <[redacted]> <[redacted]> <[redacted]>";
  assert.equal(await left(said, { headers }), words);
  const { cause } = await errorOf(
    createApiKey({ ...at, headers, fetch: () => Promise.reject(new Error(said)) }),
  );
  assert.equal(cause.message, words);
  const named = refusal(400, {}, { "x-request-id": "the gateway's own secret" });
  assert.equal(
    (await errorOf(createApiKey({ ...at, headers, fetch: named }))).requestId,
    headers["x-gateway"],
  );
  const events = [];
  const keyId = headers["x-twelve"];
  const successor = { keyId: "s", annotations: { "fireworks-keys-rotates": keyId } };
  const fetch = listing([{ keyId }, successor]);
  const options = { ...at, headers, keyId, fetch, onEvent: (event) => events.push(event), persist() {} };
  const { maxRetries, orphanProtection, ...rotating } = options;
  const { liveKeyIds } = await errorOf(rotateApiKey(rotating));
  assert.deepEqual(liveKeyIds, [keyId, "s"]);
  await rotateApiKey({ ...rotating, fetch: listing([{ keyId }]) });
  assert.equal(events.at(-1).keyId, keyId);
});

test("a megabyte is looked through in time that grows with its length alone", async () => {
  const size = 2 ** 20;
  const pieces = ["a", "%41", "&", "&#x0", LONG, `${LONG.slice(0, 13)} `, "[redacted]", "fw_ "];
  const texts = pieces.map((piece) => piece.repeat(size / piece.length));
  for (const text of [...texts, `&#x${"0".repeat(size)}`, `%${"25".repeat(size / 2)}`]) {
    const before = performance.now();
    await left(text);
    const took = performance.now() - before;
    assert.ok(took < 5_000, `${text.slice(0, 20)}: ${took} ms`);
  }
  const endless = "0123456789abcdef".repeat(size / 16);
  await left("the rest", { fetch: refusal(400, { message: endless }), token: endless.slice(0, size / 64) });
});

/** A service with these keys. */
const listing =
  (apiKeys) =>
  async (url, { method, body }) => {
    if (url.endsWith("/acme")) return Response.json({ name: "accounts/acme" });
    if (method === "GET") return Response.json({ apiKeys });
    if (url.endsWith(":delete")) return Response.json({});
    const { annotations } = JSON.parse(body).apiKey;
    return Response.json({ keyId: "new", key: "fw_new", annotations });
  };

test("events do not tell a token that was taken for an id", async () => {
  const events = [];
  const fetch = listing([{ keyId: TOKEN }]);
  const onEvent = (event) => events.push(event);
  await rotateApiKey({
    token: TOKEN,
    accountId: "acme",
    userId: "u",
    keyId: TOKEN,
    fetch,
    onEvent,
    persist() {},
  });
  assert.deepEqual(events.at(-1), {
    type: "rotation",
    stage: "revoke",
    keyId: "[redacted]",
    successorId: "new",
  });
  assert.ok(!JSON.stringify(events).includes(TOKEN));
});

test("an error does not tell a token that was taken for an orphan's id", async () => {
  let annotations;
  const fetch = async (url, { method, body }) => {
    if (method === "GET")
      return Response.json({ apiKeys: [{ keyId: `k.${LONG.toUpperCase()}`, annotations }] });
    if (url.endsWith(":delete")) return Response.json({});
    ({ annotations } = JSON.parse(body).apiKey);
    throw new TypeError("no answer");
  };
  const error = await errorOf(createApiKey({ ...at, token: LONG, fetch, orphanProtection: true }));
  assert.deepEqual([error.orphans, error.keyIds], ["swept", ["k.[redacted]"]]);
});

test("a rotation's error does not tell a token that was taken for an id", async () => {
  const successor = { keyId: `s.${TOKEN}`, annotations: { "fireworks-keys-rotates": TOKEN } };
  const fetch = listing([{ keyId: TOKEN }, successor]);
  const options = { token: TOKEN, accountId: "acme", userId: "u", keyId: TOKEN, fetch, persist() {} };
  const error = await errorOf(rotateApiKey(options));
  assert.equal(error.reason, "unfinished");
  assert.ok(error.liveKeyIds.includes("[redacted]"), error.liveKeyIds.join());
  assert.deepEqual(
    error.successors.map(({ keyId }) => keyId),
    ["s.[redacted]"],
  );
  assert.ok(!error.message.includes(TOKEN), error.message);
});

test("a rotation's cause is the error that its request failed with, as it is", async () => {
  const fetch = refusal(403, { code: 7, message: "no" });
  const options = { token: TOKEN, accountId: "acme", userId: "u", keyId: "k", fetch, persist() {} };
  const { cause } = await errorOf(rotateApiKey(options));
  assert.deepEqual([cause.name, cause.status, cause.body.message], ["ApiError", 403, "no"]);
});
