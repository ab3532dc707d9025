// Writes docs/tried.md: what the packed package was tried with, in which version. With --check, fails if that
// is older than the last change to the entries or to package.json's exports. npm asks before it publishes.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../matrix/fixture.mjs";
import { entries, NOTES } from "./project.mjs";

const DOCUMENT = join(root, "docs/tried.md");
const now = await entries();

if (process.argv.includes("--check")) await check();
else await record();

async function check() {
  const text = await readFile(DOCUMENT, "utf8").catch(() => "");
  if (text.includes(`entries ${now}`)) return;
  console.error(
    "docs/tried.md is older than the entries or the exports: cargo xtask test frameworks --record",
  );
  process.exitCode = 1;
}

/** The rows of the page, if they were tried with the entries of today. */
async function recorded() {
  const text = await readFile(DOCUMENT, "utf8").catch(() => "");
  if (!text.includes(`entries ${now}`)) return [];
  const lines = text.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

async function record() {
  const files = (await readdir(NOTES)).sort();
  const notes = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(NOTES, name), "utf8"))),
  );
  const stale = notes.filter((note) => note.entries !== now);
  if (stale.length > 0)
    throw new Error(`tried with other entries: ${stale.map(({ name }) => name).join(", ")}`);
  const rows = notes.map(({ name, versions, date }) => [
    name,
    Object.entries(versions)
      .map(([each, version]) => `${each.replace(/^node\d+$/, "node")} ${version}`)
      .join(", "),
    date,
  ]);
  const again = new Set(rows.map(([name]) => name));
  rows.push(...(await recorded()).filter(([name]) => !again.has(name)));
  rows.sort(([one], [other]) => one.localeCompare(other, "en"));
  const table = [["tried", "with", "on"], ...rows];
  const widths = [0, 1, 2].map((at) => Math.max(3, ...table.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((text, at) => text.padEnd(widths[at])).join(" | ")} |`;
  const [head, ...body] = table;
  const lines = [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
  await writeFile(
    DOCUMENT,
    `# What it was tried with

\`cargo xtask test frameworks --record\` writes this page. In each row the packed package was installed beside
the framework, and made a key at the emulator. What CI tries every time stands in the
[README](../README.md#where-it-runs).

${lines.join("\n")}

<!-- entries ${now} -->
`,
  );
}
