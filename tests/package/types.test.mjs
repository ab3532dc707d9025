// Compiles code against the types under strict settings: valid code must compile, and misuse must not.

import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, prepare, program, root, run, write } from "../matrix/fixture.mjs";

const COMPILERS = {
  "TypeScript 5.4": () => program("typescript-oldest/bin/tsc"),
  "TypeScript 5": () => program("typescript/bin/tsc"),
  "TypeScript 7": () => join(root, "node_modules/typescript/bin/tsc"),
};

const RESOLUTIONS = {
  bundler: { module: "esnext", moduleResolution: "bundler" },
  node16: { module: "node16", moduleResolution: "node16" },
};

const PLATFORMS = {
  "a page": { lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"], types: [] },
  "Node": { lib: ["es2023"], types: ["node"] },
  "Cloudflare Workers": { lib: ["es2023"], types: ["@cloudflare/workers-types"] },
};

/** The files to compile on every platform, those only for Workers, and those only for Node. */
const FILES = ["use.ts", "misuse.ts", "wrappers.ts", "broker.ts", "member.ts", "testing.ts"];
const OTHERS = { "Cloudflare Workers": ["worker.ts"], "Node": ["redis.ts"] };

before(async () => {
  await prepare();
  await rm(join(folder, "types"), { recursive: true, force: true });
  await cp(join(import.meta.dirname, "types"), join(folder, "types"), { recursive: true });
  await write("types/package.json", '{"type": "module"}');
});

const STRICTNESS = {
  "strict": {},
  "stricter": { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
};

for (const [compiler, tsc] of Object.entries(COMPILERS)) {
  for (const [resolution, module] of Object.entries(RESOLUTIONS)) {
    for (const [platform, globals] of Object.entries(PLATFORMS)) {
      const files = [...FILES, ...(OTHERS[platform] ?? [])];
      test(`${compiler}, ${resolution}, ${platform}`, async () => {
        for (const [name, checks] of Object.entries(STRICTNESS)) {
          const common = { target: "es2022", strict: true, noEmit: true, skipLibCheck: false };
          const compilerOptions = { ...module, ...globals, ...common, ...checks };
          const config = await write(
            `types/tsconfig.${name}.json`,
            JSON.stringify({ compilerOptions, files }),
          );
          await run(process.execPath, [tsc(), "--project", config]);
        }
      });
    }
  }
}
