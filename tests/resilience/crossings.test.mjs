// Counts how often the module calls into JavaScript. Each call costs time, on both sides of the boundary.

import assert from "node:assert/strict";
import { test } from "node:test";

/** The names of the imports that were called. */
let called = [];

const { instantiate } = WebAssembly;
WebAssembly.instantiate = (module, imports) => {
  const counted = (functions) =>
    Object.fromEntries(
      Object.entries(functions).map(([name, value]) => {
        if (typeof value !== "function") return [name, value];
        const count = (...given) => {
          called.push(name);
          return value(...given);
        };
        return [name, count];
      }),
    );
  const all = Object.entries(imports).map(([from, functions]) => [from, counted(functions)]);
  return instantiate(module, Object.fromEntries(all));
};

const { createApiKey } = await import("fireworks-keys");

test("a create calls into JavaScript at most fifty times", async () => {
  const fetch = async (_url, { body }) => {
    const { apiKey } = JSON.parse(body);
    return Response.json({ ...apiKey, keyId: "k", key: "fw_k", createTime: new Date().toISOString() });
  };
  const create = () =>
    createApiKey({
      token: "fw_x",
      accountId: "acme",
      userId: "ci-bot",
      displayName: "nightly",
      expiresIn: "30d",
      annotations: { team: "infra" },
      fetch,
    });
  await create();
  called = [];
  const { keyId } = await create();
  assert.equal(keyId, "k");
  assert.ok(called.length > 10, "they are counted");
  assert.ok(called.length <= 50, `${called.length}: ${called.join(" ")}`);
});
