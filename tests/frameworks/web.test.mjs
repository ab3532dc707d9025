// Frameworks for sites: a server's route, an edge route and a client's component, in development and built.

import { dirname } from "node:path";
import { withPage } from "../matrix/browsers.mjs";
import { keyOnPage } from "./page.mjs";
import { cell, freePort, keyFrom } from "./project.mjs";
import { recipe, TOKEN, written } from "./recipe.mjs";

const node = (project) => project.module("node24/bin/node");

/** Fills the form of the recipe for Astro as a person would. */
async function keyFromForm(url) {
  await withPage("", async (page) => {
    await page.goto(url);
    await page.getByLabel("Token").fill(TOKEN.FIREWORKS_API_KEY);
    await page.getByLabel("Account").fill("local");
    await page.getByLabel("User").fill("ci-bot");
    await page.getByRole("button", { name: "Create" }).click();
    await page.locator("output").filter({ hasText: /^fw_/ }).waitFor({ timeout: 120_000 });
  });
}

/** Asks routes and pages of a server, in turn. */
const asking =
  (routes, pages, method = "GET") =>
  async (url) => {
    for (const route of routes) await keyFrom(url + route, method);
    for (const page of pages) await keyOnPage(url + page);
  };

const NEXT = (project) => ({
  "app/layout.js": `export default function Layout({ children }) {
      return <html><body>{children}</body></html>;
    }`,
  "app/page.js": `"use client";
    import { useEffect, useState } from "react";
    import { createApiKey } from "fireworks-keys";
    export default function Page() {
      const [key, setKey] = useState("");
      useEffect(() => {
        createApiKey(${project.options})
          .then(({ keyId }) => setKey("key:" + keyId), (error) => setKey(String(error)));
      }, []);
      return <p id="key">{key}</p>;
    }`,
  "app/keys/route.js": recipe("app/keys/route.js", project),
  "app/node/route.js": recipe("app/keys/route.js", project).replace('export const runtime = "edge";', ""),
  "next.config.mjs": `const root = ${JSON.stringify(dirname(project.modules))};
    export default { outputFileTracingRoot: root, turbopack: { root } };`,
  "package.json": { private: true },
});

for (const [bundler, flag] of [
  ["Turbopack", "--turbopack"],
  ["webpack", "--webpack"],
]) {
  const ask = asking(["/keys", "/node"], ["/"], "POST");
  cell(`Next, dev, ${bundler}`, "web", ["next", "react"], async (project) => {
    await project.write(NEXT(project));
    const port = await freePort();
    const args = [
      project.module("next/dist/bin/next"),
      "dev",
      flag,
      "--hostname",
      "127.0.0.1",
      "--port",
      port,
    ];
    await project.serve(node(project), args, port, ask, TOKEN);
  });
  cell(`Next, build, ${bundler}`, "web", ["next", "react"], async (project) => {
    await project.write(NEXT(project));
    const next = project.module("next/dist/bin/next");
    await project.run(node(project), [next, "build", flag]);
    const port = await freePort();
    const args = [next, "start", "--hostname", "127.0.0.1", "--port", port];
    await project.serve(node(project), args, port, ask, TOKEN);
  });
}

const ASTRO = (project) => ({
  "src/pages/key.js": `import { createApiKey } from "fireworks-keys";
    export const prerender = true;
    export async function GET() { return Response.json(await createApiKey(${project.options})); }`,
  "src/pages/index.astro": `<p id="key"></p><script>
    import { createApiKey } from "fireworks-keys";
    const { keyId } = await createApiKey(${project.options});
    document.querySelector("#key").textContent = "key:" + keyId;
  </script>`,
  "src/pages/keys.astro": recipe("src/pages/keys.astro", project),
  "astro.config.mjs": "export default {};",
  "package.json": { type: "module" },
});

const astro = async (url) => {
  await asking(["/key"], ["/"])(url);
  await keyFromForm(`${url}/keys`);
};

cell("Astro, dev", "web", ["astro"], async (project) => {
  await project.write(ASTRO(project));
  const port = await freePort();
  const args = [project.module("astro/bin/astro.mjs"), "dev", "--host", "127.0.0.1", "--port", port];
  await project.serve(node(project), args, port, astro);
});

cell("Astro, build", "web", ["astro"], async (project) => {
  await project.write(ASTRO(project));
  const bin = project.module("astro/bin/astro.mjs");
  await project.run(node(project), [bin, "build"]);
  const port = await freePort();
  const args = [bin, "preview", "--host", "127.0.0.1", "--port", port];
  await project.serve(node(project), args, port, astro);
});

const SVELTEKIT = (project) => ({
  "src/app.html": `<!doctype html>
    <html><head>%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>`,
  "src/routes/+page.svelte": `<script>
      import { onMount } from "svelte";
      import { createApiKey } from "fireworks-keys";
      let key = $state("");
      onMount(async () => { key = "key:" + (await createApiKey(${project.options})).keyId; });
    </script>
    <p id="key">{key}</p>`,
  "src/env.js": written("src/env.js"),
  "src/routes/keys/+server.js": recipe("src/routes/keys/+server.js", project),
  "vite.config.js": `import adapter from "@sveltejs/adapter-node";
    import { sveltekit } from "@sveltejs/kit/vite";
    export default { plugins: [sveltekit({ adapter: adapter() })] };`,
  "package.json": { type: "module", private: true },
});

cell("SvelteKit, dev", "web", ["@sveltejs/kit", "svelte", "vite"], async (project) => {
  await project.write(SVELTEKIT(project));
  const port = await freePort();
  const args = [project.module("vite/bin/vite.js"), "dev", "--host", "127.0.0.1", "--port", port];
  await project.serve(node(project), args, port, asking(["/keys"], ["/"], "POST"), TOKEN);
});

cell("SvelteKit, build", "web", ["@sveltejs/kit", "@sveltejs/adapter-node", "vite"], async (project) => {
  await project.write(SVELTEKIT(project));
  await project.run(node(project), [project.module("vite/bin/vite.js"), "build"]);
  const port = await freePort();
  const env = { ...TOKEN, HOST: "127.0.0.1", PORT: port };
  await project.serve(node(project), ["build"], port, asking(["/keys"], ["/"], "POST"), env);
});

const REACT_ROUTER = (project) => ({
  "app/root.jsx": `import { Outlet, Scripts } from "react-router";
    export default function Root() { return <html><body><Outlet /><Scripts /></body></html>; }`,
  "app/routes.js": `import { index, route } from "@react-router/dev/routes";
    export default [index("page.jsx"), route("key", "key.js")];`,
  "app/key.js": `import { createApiKey } from "fireworks-keys";
    export async function loader() { return Response.json(await createApiKey(${project.options})); }`,
  "app/page.jsx": `import { useEffect, useState } from "react";
    import { createApiKey } from "fireworks-keys";
    export default function Page() {
      const [key, setKey] = useState("");
      useEffect(() => { createApiKey(${project.options}).then(({ keyId }) => setKey("key:" + keyId)); }, []);
      return <p id="key">{key}</p>;
    }`,
  "vite.config.js": `import { reactRouter } from "@react-router/dev/vite";
    export default {
      plugins: [reactRouter()],
      // What is installed is shared, and lies above the project.
      server: { fs: { allow: [${JSON.stringify(project.modules)}, "."] } },
    };`,
  "react-router.config.js": "export default {};",
  "package.json": { type: "module", private: true, dependencies: { "isbot": "*" } },
});

const ROUTER = ["react-router", "@react-router/dev", "vite"];

cell("React Router, dev", "web", ROUTER, async (project) => {
  await project.write(REACT_ROUTER(project));
  const port = await freePort();
  const args = [project.module("@react-router/dev/bin.cjs"), "dev", "--host", "127.0.0.1", "--port", port];
  await project.serve(node(project), args, port, asking(["/key"], ["/"]));
});

cell("React Router, build", "web", ROUTER, async (project) => {
  await project.write(REACT_ROUTER(project));
  await project.run(node(project), [project.module("@react-router/dev/bin.cjs"), "build"]);
  const port = await freePort();
  const args = [project.module("@react-router/serve/bin.cjs"), "build/server/index.js"];
  await project.serve(node(project), args, port, asking(["/key"], ["/"]), { PORT: port, HOST: "127.0.0.1" });
});
