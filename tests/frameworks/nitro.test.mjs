// Nitro on Cloudflare, in its two generations, built and run in workerd by wrangler.

import { cell, freePort, keyFrom } from "./project.mjs";
import { recipe, TOKEN, written } from "./recipe.mjs";

const node = (project) => project.module("node24/bin/node");

/** Runs what was built, as its documentation says. */
async function dev(project) {
  const port = await freePort();
  const args = [project.module("wrangler/bin/wrangler.js"), "dev", "--ip", "127.0.0.1", "--port", port];
  const [variable] = Object.entries(TOKEN).map((pair) => pair.join(":"));
  const more = [
    "--var",
    variable,
    "--inspector-port",
    await freePort(),
    "--cwd",
    ".output",
    "--config",
    "server/wrangler.json",
  ];
  await project.serve(node(project), [...args, ...more], port, (url) => keyFrom(`${url}/keys`, "POST"));
}

cell("Nitro 2, cloudflare-module", "nitro", ["nitropack", "wrangler"], async (project) => {
  await project.write({
    "routes/keys.post.js": recipe("routes/keys.post.js", project),
    "nitro.config.mjs": written("nitro.config.mjs"),
    "package.json": { type: "module" },
  });
  await project.run(node(project), [project.module("nitropack/dist/cli/index.mjs"), "build"]);
  await dev(project);
});

cell("Nitro 3, cloudflare-module", "nitro", ["nitro", "wrangler"], async (project) => {
  await project.write({
    "routes/keys.post.js": recipe("routes/keys.post.js", project)
      .replace("defineEventHandler(", "")
      .replace(/\);$/, ";"),
    "nitro.config.mjs": written("nitro.config.mjs").replace("{", '{ serverDir: ".",'),
    "package.json": { type: "module" },
  });
  await project.run(node(project), [project.module("nitro/dist/cli/index.mjs"), "build"]);
  await dev(project);
});
