// Secrets that a server repeats in another form, and texts that only look like secrets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey } from "fireworks-keys";
import { errorOf, refusal } from "./calls.mjs";

const TOKEN = "fw_3ZqXkP9vLmT2bR8sYwA1cD4e";
const at = { token: TOKEN, accountId: "acme", userId: "ci-bot", maxRetries: 0, orphanProtection: false };

/** The body of the error that a create with this answer ends with. */
const bodyOf = async (body) => (await errorOf(createApiKey({ ...at, fetch: refusal(400, body) }))).body;
const left = async (message) => (await bodyOf({ message })).message;

const each = (text, write) => [...text].map((letter) => write(hexadecimal(letter))).join("");
const hexadecimal = (letter) => letter.charCodeAt(0).toString(16).padStart(2, "0");
const hex = (text) => Buffer.from(text).toString("hex");
const times = (count, write, text) => (count === 0 ? text : times(count - 1, write, write(text)));
const percent = (text) => each(text, (digits) => `%${digits}`);
const unicode = (text) => each(text, (digits) => `\\u00${digits}`);

test("a token is taken out however deep it is encoded", async () => {
  for (const [name, written] of Object.entries({
    "hexadecimal": hex(TOKEN),
    "hexadecimal, upper case": hex(TOKEN).toUpperCase(),
    "hexadecimal, cut": hex(TOKEN).slice(9, 25),
    "percent, three times": times(2, encodeURIComponent, percent(TOKEN)),
    "percent, nine times": times(8, encodeURIComponent, percent(TOKEN)),
    "percent and Unicode": each(TOKEN, (digits) => `%u00${digits}`),
    "a JSON string": unicode(TOKEN),
    "a JSON string in JSON in JSON": times(2, (text) => JSON.stringify(text).slice(1, -1), unicode(TOKEN)),
    "a JSON string in JSON, four times": times(
      4,
      (text) => JSON.stringify(text).slice(1, -1),
      unicode(TOKEN),
    ),
    "escapes with braces": each(TOKEN, (digits) => `\\u{${digits}}`),
    "escapes with long braces": each(TOKEN, (digits) => `\\u{0000${digits}}`),
    "HTML, three times": each(TOKEN, (digits) => `&amp;amp;#x${digits};`),
    "HTML in percent in JSON": unicode(percent(each(TOKEN, (digits) => `&#x${digits};`))),
    "hexadecimal in percent": percent(hex(TOKEN)),
  })) {
    assert.equal(await left(`<${written}> & the rest`), "<[redacted]> & the rest", name);
  }
});

test("a token is taken out of base64 of base64, and of lines", async () => {
  const line = /.{1,11}/g;
  for (const [name, written] of Object.entries({
    "base64 of base64": btoa(btoa(TOKEN)),
    "base64 of base64, behind another text": btoa(`a ${btoa(`ab${TOKEN}`)}`),
    "base64 in lines": btoa(`xy${TOKEN} `).match(line).join("\r\n"),
    "base64 in lines of JSON": btoa(`xy${TOKEN} `).match(line).join("\\r\\n"),
    "lines": TOKEN.match(/.{1,10}/g).join("\n"),
    "percent in lines": percent(TOKEN)
      .match(/.{1,30}/g)
      .join("\n"),
    "lines in percent": percent(TOKEN.match(/.{1,10}/g).join("\n")),
  })) {
    const rest = await left(`<${written}> & the rest`);
    assert.match(rest, /^<.{0,12}\[redacted\].{0,11}> & the rest$/, `${name}: ${rest}`);
  }
  for (const text of ["one\ntwo\r\nthree", `C:\\new\\red\n<${TOKEN}>\nmore`])
    assert.equal(await left(text), text.replace(TOKEN, "[redacted]"));
});

test("a name is no key, however it begins, and a key is one without being known", async () => {
  for (const name of ["fw_limit", "FW_QUOTA", "fw_requests_per_minute", "fw_region-eu", "fw_"])
    assert.equal(await left(`${name} exceeded`), `${name} exceeded`);
  for (const key of [`fw_${"a1B2".repeat(6)}`, `fw_${"0".repeat(16)}`, `FW_${"ab_-".repeat(6)}`])
    assert.equal(await left(`<${key}>`), "<[redacted]>", key);
});

test("no field is lost because its name is like another one's without a secret", async () => {
  assert.deepEqual(await bodyOf({ fw_limit: 5, fw_quota: 7 }), { fw_limit: 5, fw_quota: 7 });
  const keys = Array.from({ length: 3 }, (_, index) => `fw_${"0123456789abcdef"}${index}`);
  const body = { "[redacted]": 0, "[redacted] 2": 1, [keys[0]]: 2, [keys[1]]: 3, [keys[2]]: 4 };
  const told = await bodyOf(body);
  assert.deepEqual(Object.values(told), [0, 1, 2, 3, 4]);
  for (const name of Object.keys(told)) assert.match(name, /^\[redacted\][ \d]*$/);
});

test("a body of very many names that are like secrets is looked through at once", async () => {
  const names = Array.from({ length: 30_000 }, (_, index) => [`fw_0123456789abcdef${index}`, index]);
  const before = performance.now();
  assert.equal(Object.keys(await bodyOf(Object.fromEntries(names))).length, 30_000);
  const took = performance.now() - before;
  assert.ok(took < 5_000, `${took} ms`);
});
