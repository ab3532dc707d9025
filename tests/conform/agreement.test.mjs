// The emulator and the service in memory are as the real service is believed to be, and the table of beliefs
// is what is asked and what is documented.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BELIEFS } from "../../tools/conform/beliefs.mjs";
import { document, written } from "../../tools/conform/document.mjs";
import { LONG_QUESTIONS, QUESTIONS } from "../../tools/conform/questions.mjs";
import { conform } from "./check.mjs";
import { serve } from "./service.mjs";

/** What cannot be asked for. */
const UNKNOWN = ["headers.retryAfter"];

test("the emulator is as believed, and is what is asked if nothing else is named", async () => {
  const { code, otherwise, unknown, left } = await conform(["--long"], {});
  assert.deepEqual([otherwise, unknown, left, code], [[], UNKNOWN, [], 0]);
});

test("the service in memory is as believed", async () => {
  const { url, service, stop } = await serve();
  const { code, otherwise, unknown, left } = await conform(["--long", "--base-url", url]);
  assert.deepEqual([otherwise, unknown, left, code, service.keys()], [[], UNKNOWN, [], 0, []]);
  stop();
});

test("every belief has its question, and every question its belief", () => {
  const ids = BELIEFS.map(({ id }) => id);
  assert.deepEqual([...ids].sort(), Object.keys({ ...QUESTIONS, ...LONG_QUESTIONS }).sort());
  for (const { id, belief, basis, expected, hangs } of BELIEFS) {
    assert.ok(["documented", "seen", "assumed"].includes(basis), id);
    assert.ok(belief.endsWith(".") && expected && hangs, id);
  }
});

test("docs/service.md is what the table says: cargo xtask conform --docs writes it", async () => {
  assert.equal(await written(), document());
});
