// Nitro on Cloudflare, in its two generations, built and run in workerd by wrangler.

import { cell, keyFrom } from "./project.mjs";
import { recipe, written } from "./recipe.mjs";

const node = (project) => project.module("node24/bin/node");

const ask = (url) => keyFrom(`${url}/keys`, "POST");

cell("Nitro 2, cloudflare-module", "nitro", ["nitropack", "wrangler"], async (project) => {
  await project.write({
    "routes/keys.post.js": recipe("routes/keys.post.js", project),
    "nitro.config.mjs": written("nitro.config.mjs"),
    "package.json": { type: "module" },
  });
  await project.run(node(project), [project.module("nitropack/dist/cli/index.mjs"), "build"]);
  await project.wrangler(node(project), ask);
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
  await project.wrangler(node(project), ask);
});
