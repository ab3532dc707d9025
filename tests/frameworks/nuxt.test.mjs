// Nuxt: a server's route and a page's component, built for Node and for Cloudflare.

import { keyOnPage } from "./page.mjs";
import { cell, freePort, keyFrom } from "./project.mjs";
import { recipe, TOKEN, written } from "./recipe.mjs";

const node = (project) => project.module("node24/bin/node");

/** Builds the recipe's route, and a page whose component makes a key in the browser. */
async function build(project, config) {
  await project.write({
    "server/routes/keys.post.js": recipe("routes/keys.post.js", project),
    "app/app.vue": `<script setup>
      import { createApiKey } from "fireworks-keys";
      const key = ref("");
      onMounted(() => {
        createApiKey(${project.options})
          .then(({ keyId }) => { key.value = "key:" + keyId; }, (error) => { key.value = String(error); });
      });
    </script>
    <template><p id="key">{{ key }}</p></template>`,
    "package.json": { type: "module", private: true },
    ...config,
  });
  await project.run(node(project), [project.module("nuxt/bin/nuxt.mjs"), "build"]);
}

async function ask(url) {
  await keyFrom(`${url}/keys`, "POST");
  await keyOnPage(url);
}

cell("Nuxt, build, Node", "nuxt", ["nuxt"], async (project) => {
  await build(project, {});
  const port = await freePort();
  const env = { ...TOKEN, HOST: "127.0.0.1", PORT: port };
  await project.serve(node(project), [".output/server/index.mjs"], port, ask, env);
});

cell("Nuxt, build, cloudflare-module", "nuxt", ["nuxt", "wrangler"], async (project) => {
  await build(project, { "nuxt.config.js": written("nuxt.config.js") });
  await project.wrangler(node(project), ask);
});
