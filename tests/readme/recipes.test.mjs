// The recipes: TypeScript checks them all, and CI runs what it has the runtime for. tests/frameworks has the
// frameworks run the others.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { folder, program, root, run, write } from "../matrix/fixture.mjs";
import { freePort } from "../matrix/workerd.mjs";
import { code, creates, documents, start, stop, TOKEN } from "./snippets.mjs";

before(start);
after(stop);

/** What the frameworks declare, as far as the recipes use it. */
const FRAMEWORKS = `
declare module "hono" {
  export class Hono { post(path: string, handler: (context: any) => unknown): void; }
}
declare module "$app/env/private" { export const FIREWORKS_API_KEY: string; }
declare module "@sveltejs/kit/env" { export function defineEnvVars(variables: object): object; }
declare module "npm:fireworks-keys" { export * from "fireworks-keys"; }
declare module "msw" { export const http: { all(path: string, handler: (sent: any) => unknown): any }; }
declare module "msw/node" { export function setupServer(...handlers: any[]): any; }
declare module "jest-environment-jsdom" { export const TestEnvironment: any; }
declare function defineEventHandler<Handler>(handler: Handler): Handler;
declare const Deno: any;
`;

test("docs: the recipes are what the types allow, and a misspelt option is not", async () => {
  const recipes = [...documents.get("docs/recipes.md").matchAll(/^```m?js (\S+)$/gm)].map(([, file]) => file);
  assert.ok(recipes.length > 5);
  const files = [await write("readme/recipes/frameworks.d.ts", FRAMEWORKS)];
  for (const file of [...recipes, "msw.test.js"])
    files.push(await write(`readme/recipes/${file}`, code(file)));
  const misspelt = code("hono.js").replace("expiresIn", "expireIn");
  files.push(await write("readme/recipes/misspelt.js", misspelt));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = ["--ignoreConfig", "--noEmit", "--allowJs", "--checkJs", "--strict", "false"];
  const target = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"];
  const types = ["--types", "node", "--skipLibCheck"];
  const checked = run(process.execPath, [compiler, ...args, ...target, ...types, ...files], { cwd: folder });
  await assert.rejects(checked, ({ message }) => {
    const wrong = Array.from(message.matchAll(/(\S+)\(\d+,\d+\): error/g), ([, file]) => file);
    assert.deepEqual(wrong, ["readme/recipes/misspelt.js"], message);
    return true;
  });
});

test("docs: the recipe for Astro is the page of the documents", () => {
  const script = /<script>\n([\s\S]*?)<\/script>/
    .exec(code("src/pages/keys.astro"))[1]
    .replace(/^ {2}/gm, "");
  assert.equal(script, code("app.js"));
});

test("docs: the recipe for Deno", async () => {
  const port = await freePort();
  const recipe = code("serve.js").replace("npm:", "").replace("8000", port);
  await write("readme/deno-recipe/serve.js", recipe);
  const args = ["run", "--no-prompt", "--allow-env", "--allow-net=127.0.0.1", "--preload=../detour.mjs"];
  const child = spawn(program(".bin/deno"), [...args, "--node-modules-dir=manual", "serve.js"], {
    cwd: join(folder, "readme/deno-recipe"),
    env: { ...process.env, FIREWORKS_API_KEY: TOKEN },
    stdio: "inherit",
    // npm's Deno starts another process: they are ended as the group that they are.
    detached: true,
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    while ((await fetch(url).catch(() => undefined))?.status !== 405) {
      assert.equal(child.exitCode, null, "it listens, or has ended");
      await sleep(50);
    }
    const { result, key } = await creates(async () => (await fetch(url, { method: "POST" })).json());
    assert.equal(result.keyId, key.keyId);
  } finally {
    process.kill(-child.pid, "SIGKILL");
  }
});
