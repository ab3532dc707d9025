// Whatever JSON a refusal holds, it becomes an error that says something and gives nothing away.
// `BODIES` says how many, `SEED` where the chance begins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKey } from "fireworks-keys";
import { chance } from "./instance.mjs";

const BODIES = Number(process.env.BODIES ?? 20_000);
const TOKEN = "the-token-of-this-test";
const random = chance(Number(process.env.SEED ?? 1));
const pick = (from) => from[Math.floor(random() * from.length)];

const NAMES = [
  "code",
  "message",
  "error",
  "fault",
  "faultstring",
  "details",
  "status",
  "key",
  "a",
  "__proto__",
  TOKEN,
];
const TEXTS = [
  "",
  "no",
  "NOT_FOUND",
  "OK",
  "annotations are unknown",
  `you sent ${TOKEN}`,
  "got fw_0123456789abcdef",
  "é🔑",
  "\ud800",
  "x".repeat(5_000),
];
const NUMBERS = [0, 3, 5, 16, 17, -1, 1.5, 1e300, 404];

function value(depth) {
  const kind = random();
  if (depth > 10 || kind < 0.4) return pick(TEXTS);
  if (kind < 0.55) return pick(NUMBERS);
  if (kind < 0.65) return pick([true, false, null]);
  const size = Math.floor(random() * 4);
  if (kind < 0.75) return Array.from({ length: size }, () => value(depth + 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(NAMES), value(depth + 1)]));
}

test("any body of a refusal is an error with a message and a code, and without a secret", async () => {
  const codes = new Set();
  for (let done = 0; done < BODIES; done += 1) {
    const status = pick([300, 400, 401, 403, 404, 418, 422, 499, 501]);
    const body = random() < 0.05 ? pick(TEXTS) : JSON.stringify(value(0));
    const fetch = async () => new Response(body, { status });
    const at = { token: TOKEN, accountId: "a", userId: "u", maxRetries: 0, orphanProtection: false };
    const error = await createApiKey({ ...at, fetch }).catch((error) => error);
    assert.equal(error.name, "ApiError", body);
    assert.equal(error.status, status);
    assert.match(error.code, /^[A-Z_]+$/, body);
    const [, said] = /^createApiKey: \d+ [A-Z_]+: (.+)$/s.exec(error.message) ?? [];
    assert.ok(said && said.length < 1_200, `${body} is told as ${error.message}`);
    const told = [error.message, error.stack, JSON.stringify(error), JSON.stringify(error.body)].join();
    assert.ok(!told.includes(TOKEN) && !told.includes("fw_"), `${body} is told as ${told}`);
    codes.add(error.code);
  }
  assert.ok(codes.size >= 7, [...codes].join());
});
