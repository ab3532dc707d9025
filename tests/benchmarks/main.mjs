// Runs the benchmarks, and writes BENCHMARKS.md and BENCHMARKS.json.

import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { orphans } from "./orphans.mjs";

const root = join(import.meta.dirname, "../..");
const [python] = process.argv.slice(2);
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const sdk = (await readFile(join(import.meta.dirname, "requirements.txt"), "utf8")).trim();

const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0].model}`,
  versions: { "fireworks-keys": version, node: process.version, python: sdk },
  orphans: await orphans(python),
};
const table = (names, rows) =>
  [names, names.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const text = `# Benchmarks

Written by \`cargo xtask bench\` on ${results.date}. Machine: ${results.machine}. Versions: \
${Object.entries(results.versions).map((pair) => pair.join(" ")).join(", ")}.

## Orphans

${results.orphans.rows[0].creates} creates each against the same emulator, which drops the connection \
after the commit for ${results.orphans.lost * 100} % of them (the same seed for everybody). An orphan is a live key whose \
secret nobody was given; \`told\` counts those creates whose caller was told that there may be one, \
with the tag that \`deleteOrphans\` finds it by.

${table(
  ["client", "creates", "keys returned", "orphans", "told"],
  results.orphans.rows.map(Object.values),
)}
`;
await writeFile(join(root, "BENCHMARKS.md"), text);
await writeFile(join(root, "BENCHMARKS.json"), `${JSON.stringify(results, undefined, 2)}\n`);
console.log(text);
