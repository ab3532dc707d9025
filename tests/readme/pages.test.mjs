// The page of the documents, built by every bundler that it names, and used as a person would.

import assert from "node:assert/strict";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serve, withPage } from "../matrix/browsers.mjs";
import { folder, write } from "../matrix/fixture.mjs";
import { code, command, creates, detour, SERVICE, shell, start, stop, TOKEN } from "./snippets.mjs";

before(start);
after(stop);

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  `connect-src ${SERVICE} http://127.0.0.1:*`,
].join("; ");

for (const [bundler, files] of [
  ["vite", []],
  ["webpack", ["index.html"]],
  ["rollup", ["index.html"]],
  ["esbuild", ["index.html"]],
  ["parcel", []],
]) {
  test(`docs: a page, built by ${bundler}`, async () => {
    await page(bundler, code("app.js"));
    await shell(command(`npx ${bundler}`), `readme/${bundler}`);
    for (const file of files) await write(`readme/${bundler}/dist/${file}`, code(file));
    await used(join(folder, `readme/${bundler}/dist`));
  });
}

test("docs: a page without a bundler, under a strict policy", async () => {
  await page("plain", instead("no-bundler.js"));
  const dist = await readFile(join(folder, "node_modules/fireworks-keys/dist/default.js"), "utf8");
  await write("readme/plain/default.js", dist);
  await used(join(folder, "readme/plain"), { "content-security-policy": POLICY });
});

test("docs: the module as a file of its own", async () => {
  await page("url", instead("url.js"));
  await shell(command("npx vite"), "readme/url");
  await used(join(folder, "readme/url/dist"));
});

/** The page's code with another import line. */
function instead(file) {
  const [first, ...rest] = code("app.js").split("\n");
  assert.match(first, /^import /);
  return [code(file).trim(), ...rest].join("\n");
}

/** A project of its own, with the page. */
async function page(at, script) {
  await write(`readme/${at}/package.json`, "{}");
  await symlink(join(folder, "node_modules"), join(folder, "readme", at, "node_modules"));
  await write(`readme/${at}/index.html`, code("index.html"));
  await write(`readme/${at}/app.js`, script);
}

/** Fills the form as a person would. */
async function used(files, headers) {
  const server = await serve(files, { headers });
  try {
    const { result } = await creates(() =>
      withPage(detour(), async (page, problems) => {
        await page.goto(`${server.url}/index.html`);
        await page.getByLabel("Token").fill(TOKEN);
        await page.getByLabel("Account").fill("acme");
        await page.getByLabel("User").fill("ci-bot");
        await page.getByRole("button").click();
        await page.locator("output").filter({ hasText: /./ }).waitFor();
        assert.deepEqual(problems, []);
        return page.locator("output").textContent();
      }),
    );
    assert.match(result, /^fw_/);
  } finally {
    server.close();
  }
}
