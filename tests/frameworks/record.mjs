// Writes docs/tried.md: what the packed package was tried with, in which version. A row of the page stays as
// it is where its cell was not run since, and its entries are those of today.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DOCUMENT, entries } from "../../tools/package/tried.mjs";
import { NOTES } from "./project.mjs";

const now = await entries();

/** The rows of the page, if they were tried with the entries of today. */
async function recorded() {
  const text = await readFile(DOCUMENT, "utf8").catch(() => "");
  if (!text.includes(`entries ${now}`)) return [];
  const lines = text.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
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

await record();
