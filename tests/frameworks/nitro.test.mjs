// Nitro on Cloudflare, in its two generations, built and run in workerd by wrangler.

import { cell, freePort, keyFrom } from "./project.mjs";

const ROUTE = ({ options }) => `import { createApiKey } from "fireworks-keys";
  export default async () => await createApiKey(${options});`;

const node = (project) => project.module("node24/bin/node");

/** Runs what was built, as its documentation says. */
async function dev(project) {
  const port = await freePort();
  const args = [project.module("wrangler/bin/wrangler.js"), "dev", "--ip", "127.0.0.1", "--port", port];
  const more = ["--inspector-port", await freePort(), "--cwd", ".output", "--config", "server/wrangler.json"];
  await project.serve(node(project), [...args, ...more], port, (url) => keyFrom(`${url}/key`));
}

cell("Nitro 2, cloudflare-module", "nitro", ["nitropack", "wrangler"], async (project) => {
  await project.write({
    "routes/key.js": `export default defineEventHandler(async () => {
      const { createApiKey } = await import("fireworks-keys");
      return await createApiKey(${project.options});
    });`,
    "nitro.config.mjs": `export default {
      compatibilityDate: "2026-01-01", preset: "cloudflare-module",
      cloudflare: { deployConfig: true }, experimental: { wasm: true },
    };`,
    "package.json": { type: "module" },
  });
  await project.run(node(project), [project.module("nitropack/dist/cli/index.mjs"), "build"]);
  await dev(project);
});

cell("Nitro 3, cloudflare-module", "nitro", ["nitro", "wrangler"], async (project) => {
  await project.write({
    "routes/key.js": ROUTE(project),
    "nitro.config.mjs": `export default {
      serverDir: ".", compatibilityDate: "2026-01-01", preset: "cloudflare-module",
      cloudflare: { deployConfig: true }, experimental: { wasm: true },
    };`,
    "package.json": { type: "module" },
  });
  await project.run(node(project), [project.module("nitro/dist/cli/index.mjs"), "build"]);
  await dev(project);
});
