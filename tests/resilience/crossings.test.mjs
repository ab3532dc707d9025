// Each call into JavaScript costs time, on both sides of the boundary.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crossings } from "./crossings.mjs";

const { createApiKey } = await import("fireworks-keys");

test("a create calls into JavaScript at most fifty times", async () => {
  const called = await crossings(createApiKey);
  assert.ok(called.length > 10, "they are counted");
  assert.ok(called.length <= 50, `${called.length}: ${called.join(" ")}`);
});
