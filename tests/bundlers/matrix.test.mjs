// Tests the packed tarball with every bundler, without a plugin or configuration for the package, and runs
// the result in Chromium or in Node.

import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inChromium, serve } from "../matrix/browsers.mjs";
import { matrix } from "../matrix/cells.mjs";
import { folder, program, run, tool, write } from "../matrix/fixture.mjs";

matrix("bundler", {
  "Vite, dev": viteDev,
  "Vite, build": (api, at) => inPage(vite, "fireworks-keys", api, at),
  "webpack": (api, at) => inPage(webpack, "fireworks-keys", api, at),
  "Rollup": (api, at) => inPage(rollup, "fireworks-keys", api, at),
  "esbuild": (api, at) => inPage(esbuild, "fireworks-keys", api, at),
  "Parcel": (api, at) => inPage(parcel, "fireworks-keys", api, at),
  "Vite, build, ./url": (api, at) => inPage(vite, "fireworks-keys/url", api, at),
  "webpack, ./url": (api, at) => inPage(webpack, "fireworks-keys/url", api, at),
  "Parcel, ./url": (api, at) => inPage(parcel, "fireworks-keys/url", api, at),
  "Rollup, for Node": (api, at) => inNode(rollup, api, at),
  "esbuild, for Node": (api, at) => inNode(esbuild, api, at),
});

/** Writes an application of one file and one page into this empty folder of the project. */
async function application(at, from) {
  const main = await write(
    `${at}/main.js`,
    `import * as fireworksKeys from "${from}";
     import { report } from "../suite/report.mjs";
     const api = globalThis.process?.env.API ?? new URLSearchParams(location.search).get("api");
     report(fireworksKeys, api).then((failures) => {
       globalThis.report = failures;
       if (globalThis.process) console.log(JSON.stringify(failures));
     });`,
  );
  const html = await write(
    `${at}/index.html`,
    '<!doctype html><html><body><script type="module" src="./main.js"></script></body></html>',
  );
  const root = join(folder, at);
  const out = join(root, "out");
  await mkdir(out);
  return { root, main, html, out };
}

async function inPage(bundle, from, api, at) {
  const app = await application(at, from);
  const script = await bundle(app);
  if (script)
    await write(`${at}/out/index.html`, `<!doctype html><script type="module" src="${script}"></script>`);
  const server = await serve(app.out, { api });
  try {
    return await inChromium(`${server.url}/index.html?${new URLSearchParams({ api })}`);
  } finally {
    server.close();
  }
}

async function inNode(bundle, api, at) {
  const app = await application(at, "fireworks-keys");
  const script = join(app.out, await bundle(app, "node"));
  const output = await run(process.execPath, [script], { env: { ...process.env, API: api } });
  return JSON.parse(output.trim().split("\n").at(-1));
}

async function viteDev(api, at) {
  const { root } = await application(at, "fireworks-keys");
  const { createServer } = await tool("vite");
  const server = await createServer({
    root,
    configFile: false,
    logLevel: "error",
    cacheDir: join(root, "cache"),
    server: {
      host: "127.0.0.1",
      port: 0,
      fs: { allow: [folder] },
      // With the page's own Host, which its Origin must agree with.
      proxy: { "/_emulator": { target: api, changeOrigin: false } },
    },
  });
  await server.listen();
  try {
    const [url] = server.resolvedUrls.local;
    return await inChromium(`${url}?${new URLSearchParams({ api })}`);
  } finally {
    await server.close();
  }
}

async function vite({ root, out }) {
  const { build } = await tool("vite");
  await build({
    root,
    configFile: false,
    logLevel: "error",
    build: { outDir: out, emptyOutDir: true },
  });
}

async function webpack({ main, out }) {
  const { default: webpack } = await tool("webpack");
  const stats = await new Promise((resolve, reject) =>
    webpack(
      { mode: "production", context: folder, entry: main, output: { path: out, filename: "bundle.js" } },
      (error, stats) => (error ? reject(error) : resolve(stats)),
    ),
  );
  const { errors, warnings } = stats.toJson();
  // Ignores warnings about large files: they are for the page's owner, and no sign of a broken package.
  const said = [...errors, ...warnings].filter(
    ({ message }) => !/size limit|code splitting|lazy load/.test(message),
  );
  if (said.length > 0) throw new Error(said.map(({ message }) => message).join("\n"));
  return "bundle.js";
}

async function rollup({ main, out }, platform) {
  const { rollup } = await tool("rollup");
  const { default: nodeResolve } = await tool("@rollup/plugin-node-resolve");
  const warnings = [];
  const bundle = await rollup({
    input: main,
    plugins: [nodeResolve({ browser: platform !== "node" })],
    onwarn: ({ message }) => warnings.push(message),
  });
  await bundle.write({ file: join(out, "bundle.mjs"), format: "es" });
  if (warnings.length > 0) throw new Error(warnings.join("\n"));
  return "bundle.mjs";
}

async function esbuild({ main, out }, platform = "browser") {
  const { build } = await tool("esbuild");
  const { warnings } = await build({
    entryPoints: [main],
    outfile: join(out, "bundle.mjs"),
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"));
  return "bundle.mjs";
}

async function parcel({ root, html, out }) {
  // Parcel's documentation asks for this if a package has more than one entry. Parcel reads it from the
  // folder of the lock file.
  await writeFile(join(root, "package.json"), '{"@parcel/resolver-default": {"packageExports": true}}');
  await writeFile(join(root, "package-lock.json"), "{}");
  await symlink(join(folder, "node_modules"), join(root, "node_modules"));
  const args = ["build", html, "--dist-dir", out, "--no-cache", "--no-source-maps", "--public-url", "./"];
  const env = { ...process.env, PARCEL_WORKERS: "0" };
  const options = { env, cwd: root };
  await run(process.execPath, [program("parcel/lib/bin.js"), ...args, "--log-level", "warn"], options);
}
