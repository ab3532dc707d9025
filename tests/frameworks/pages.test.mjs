// What a page's own rules do to the package: Trusted Types, and a service worker.

import { serve, withPage } from "../matrix/browsers.mjs";
import { cell } from "./project.mjs";

const BUNDLE = ["--bundle", "--format=esm", "--minify"];

/** Serves a folder with these headers, and waits until its page shows a key's id. */
async function onPage(folder, headers) {
  const server = await serve(folder, headers);
  try {
    await withPage("", async (page, problems) => {
      await page.goto(`${server.url}/index.html`);
      // Asked from outside: the page's policy lets nothing wait inside of it.
      let report;
      while (!(report = await page.evaluate("globalThis.report ?? null")))
        await new Promise((resolve) => setTimeout(resolve, 50));
      if (!/^key:/.test(report) || problems.length > 0) throw new Error([report, ...problems].join("\n"));
    });
  } finally {
    server.close();
  }
}

const REPORT = ".then(({ keyId }) => { report = 'key:' + keyId; }, (error) => { report = String(error); });";

for (const entry of ["fireworks-keys", "fireworks-keys/inline"]) {
  cell(`A page with Trusted Types, ${entry}`, "tools", ["esbuild"], async (project) => {
    await project.write({
      "main.js": `import { createApiKey } from "${entry}"; createApiKey(${project.options})${REPORT}`,
      "out/index.html":
        '<!doctype html><script>var report;</script><script type="module" src="main.js"></script>',
    });
    await project.run(project.module(".bin/esbuild"), ["main.js", ...BUNDLE, "--outfile=out/main.js"]);
    const policy = [
      "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
      "connect-src http://127.0.0.1:*",
      "require-trusted-types-for 'script'; trusted-types 'none'",
    ];
    await onPage(project.path("out"), { "content-security-policy": policy.join("; ") });
  });
}

cell("A service worker", "tools", ["esbuild"], async (project) => {
  await project.write({
    "worker.js": `import { createApiKey } from "fireworks-keys";
      addEventListener("install", () => skipWaiting());
      addEventListener("activate", (event) => event.waitUntil(clients.claim()));
      addEventListener("message", ({ data, source }) => {
        createApiKey(data).then(
          ({ keyId }) => source.postMessage("key:" + keyId),
          (error) => source.postMessage(String(error)),
        );
      });`,
    "out/index.html": `<!doctype html><script>
      var report;
      navigator.serviceWorker.addEventListener("message", ({ data }) => { report = data; });
      navigator.serviceWorker.register("worker.js")
        .then(() => navigator.serviceWorker.ready)
        .then(({ active }) => active.postMessage(${project.options}))
        .catch((error) => { report = String(error); });
    </script>`,
  });
  const args = ["worker.js", "--bundle", "--format=iife", "--minify", "--outfile=out/worker.js"];
  await project.run(project.module(".bin/esbuild"), args);
  await onPage(project.path("out"), {});
});
