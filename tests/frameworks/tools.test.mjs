// Test tools, old and new Node, and bundlers: each makes a key with the packed tarball.

import { bun } from "../matrix/fixture.mjs";
import { cell } from "./project.mjs";
import { written } from "./recipe.mjs";

const CREATE = ({ options }) => `const { keyId } = await createApiKey(${options});`;

for (const environment of ["node", "jsdom", "happy-dom", "edge-runtime"]) {
  const package_ = environment === "edge-runtime" ? "@edge-runtime/vm" : environment;
  cell(
    `Vitest, ${environment}`,
    "tools",
    ["vitest", ...(environment === "node" ? [] : [package_])],
    async (project) => {
      await project.write({
        "key.test.js": `import { expect, test } from "vitest";
          import { createApiKey } from "fireworks-keys";
          test("a key", async () => { ${CREATE(project)} expect(keyId).toBeTypeOf("string"); });`,
        "package.json": { type: "module" },
      });
      await project.node("vitest/vitest.mjs", ["run", "--environment", environment]);
    },
  );
}

cell("MSW, Vitest", "tools", ["msw", "vitest"], async (project) => {
  await project.write({
    // Beside what it mocks, requests still reach other services: here, the emulator.
    "msw.test.js": `${written("msw.test.js")}
      test("another service", async () => { ${CREATE(project)} expect(keyId).toBeTypeOf("string"); });`,
    "package.json": { type: "module" },
  });
  await project.node("vitest/vitest.mjs", ["run"]);
});

cell("Jest, jsdom", "tools", ["jest", "jest-environment-jsdom"], async (project) => {
  await project.write({
    "key.test.js": `import { createApiKey } from "fireworks-keys";
      test("a key", async () => { ${CREATE(project)} expect(typeof keyId).toBe("string"); });`,
    "package.json": { type: "module" },
    // jsdom has no fetch, and hides Node's: its users put it there.
    "environment.mjs": written("environment.mjs"),
    "jest.config.json": written("jest.config.json"),
  });
  await project.run(process.execPath, ["--experimental-vm-modules", project.module("jest/bin/jest.js")]);
});

for (const version of ["20", "22", "24", "26"]) {
  cell(`Node ${version}, require`, "tools", [`node${version}`], async (project) => {
    await project.write({
      "key.cjs": `const { createApiKey } = require("fireworks-keys");
        createApiKey(${project.options}).then(({ keyId }) => console.log(keyId));`,
    });
    await project.run(project.module(`node${version}/bin/node`), ["key.cjs"]);
  });
}

const SCRIPT = (project) => `import { createApiKey } from "fireworks-keys";
  createApiKey(${project.options}).then(({ keyId }) => console.log(keyId));`;

cell("Rolldown", "tools", ["rolldown"], async (project) => {
  await project.write({ "key.js": SCRIPT(project) });
  await project.node("rolldown/bin/cli.mjs", ["key.js", "--platform", "node", "--file", "out.mjs"]);
  await project.run(process.execPath, ["out.mjs"]);
});

cell("Rspack", "tools", ["@rspack/core"], async (project) => {
  await project.write({
    "key.js": SCRIPT(project),
    "build.mjs": `import { rspack } from "@rspack/core";
      const options = { mode: "production", target: "node", entry: "./key.js", context: import.meta.dirname,
        output: { path: import.meta.dirname + "/out", filename: "key.cjs" } };
      rspack(options, (error, stats) => {
        if (error ?? stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1); }
      });`,
  });
  await project.run(process.execPath, ["build.mjs"]);
  await project.run(process.execPath, ["out/key.cjs"]);
});

cell("esbuild, for a Lambda", "tools", ["esbuild"], async (project) => {
  await project.write({
    "handler.js": `import { createApiKey } from "fireworks-keys";
      export const handler = async () => { ${CREATE(project)} return { keyId }; };`,
    "invoke.cjs": `require("./out.cjs").handler().then(console.log);`,
  });
  const args = ["handler.js", "--bundle", "--platform=node", "--target=node20", "--format=cjs", "--minify"];
  await project.run(project.module(".bin/esbuild"), [...args, "--outfile=out.cjs"]);
  await project.run(process.execPath, ["invoke.cjs"]);
});

for (const [name, args, start] of [
  ["node", ["--target=node", "--outfile=out.mjs"], () => [process.execPath, ["out.mjs"]]],
  ["browser", ["--target=browser", "--outfile=out.mjs"], () => [process.execPath, ["out.mjs"]]],
  ["compile", ["--compile", "--outfile=out"], (project) => [project.path("out"), []]],
]) {
  cell(`Bun's bundler, ${name}`, "tools", ["bun"], async (project) => {
    await project.write({ "key.js": SCRIPT(project) });
    await project.run(bun, ["build", "key.js", ...args]);
    await project.run(...start(project));
  });
}
