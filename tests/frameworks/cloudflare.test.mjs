// Cloudflare's own tools: each makes a key in workerd, with the module that it compiles ahead of time.

import { cell, freePort, keyFrom } from "./project.mjs";
import { recipe, TOKEN } from "./recipe.mjs";

const WORKER = ({ options }) => `import { createApiKey } from "fireworks-keys";
  export default { async fetch() { return Response.json(await createApiKey(${options})); } };`;

/** The date of the documents' workers, which older tools know as well. */
const CONFIG = { name: "keys", main: "worker.js", compatibility_date: "2026-01-01" };

/** What Cloudflare's tools need a newer Node for than the package does. */
const node = (project) => project.module("node24/bin/node");

for (const [name, of, worker, path, method] of [
  ["wrangler dev", ["wrangler"], WORKER, "/", "GET"],
  ["Hono, wrangler dev", ["hono", "wrangler"], (project) => recipe("hono.js", project), "/keys", "POST"],
])
  cell(name, "cloudflare", of, async (project) => {
    await project.write({ "worker.js": worker(project), "wrangler.json": CONFIG });
    const port = await freePort();
    const args = [project.module("wrangler/bin/wrangler.js"), "dev", "--ip", "127.0.0.1", "--port", port];
    const vars = Object.entries(TOKEN).flatMap((pair) => ["--var", pair.join(":")]);
    args.push(...vars, "--inspector-port", await freePort());
    await project.serve(node(project), args, port, (url) => keyFrom(url + path, method));
  });

const VITE = {
  "vite.config.mjs": `import { cloudflare } from "@cloudflare/vite-plugin";
    export default { plugins: [cloudflare({ inspectorPort: false })] };`,
  "wrangler.json": CONFIG,
};

cell("Cloudflare's Vite plugin, dev", "cloudflare", ["@cloudflare/vite-plugin", "vite"], async (project) => {
  await project.write({ ...VITE, "worker.js": WORKER(project) });
  const port = await freePort();
  const args = [project.module("vite/bin/vite.js"), "--host", "127.0.0.1", "--port", port];
  await project.serve(node(project), args, port, keyFrom);
});

cell(
  "Cloudflare's Vite plugin, build",
  "cloudflare",
  ["@cloudflare/vite-plugin", "vite"],
  async (project) => {
    await project.write({ ...VITE, "worker.js": WORKER(project) });
    const vite = project.module("vite/bin/vite.js");
    await project.run(node(project), [vite, "build"]);
    const port = await freePort();
    const args = [vite, "preview", "--host", "127.0.0.1", "--port", port];
    await project.serve(node(project), args, port, keyFrom);
  },
);

cell("Cloudflare's test pool", "cloudflare", ["@cloudflare/vitest-plugin", "vitest"], async (project) => {
  await project.write({
    "worker.js": WORKER(project),
    "wrangler.json": CONFIG,
    "vitest.config.mjs": `import { cloudflareTest } from "@cloudflare/vitest-plugin";
      export default { plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.json" } })] };`,
    "key.test.js": `import { expect, test } from "vitest";
      import { createApiKey } from "fireworks-keys";
      test("a key", async () => {
        const { keyId } = await createApiKey(${project.options});
        expect(typeof keyId).toBe("string");
        expect(navigator.userAgent).toBe("Cloudflare-Workers");
      });`,
    "package.json": { type: "module" },
  });
  await project.run(node(project), [project.module("vitest/vitest.mjs"), "run"]);
});
