// Writes docs/service.md from the table of beliefs.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BELIEFS } from "./beliefs.mjs";
import { KEYS } from "./run.mjs";

const PATH = join(import.meta.dirname, "../../docs/service.md");

/** The document, formatted as everything else is. */
export function document() {
  const cells = BELIEFS.map(({ id, belief, basis, expected, hangs }) =>
    [`\`${id}\``, belief, basis, expected, hangs].map((text) => text.replaceAll("|", "\\|")),
  );
  const rows = [HEADINGS, ...cells];
  const widths = HEADINGS.map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((text, at) => text.padEnd(widths[at])).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  const table = [HEADINGS, rule, ...cells].map(line).join("\n");
  return [...BEGINNING, table, ""].join("\n\n").trimEnd().concat("\n");
}

const HEADINGS = ["question", "belief", "basis", "what is found if it holds", "what hangs on it"];

/** Writes it. */
export async function writeDocument() {
  await writeFile(PATH, document());
  return 0;
}

/** What is written there now. */
export const written = () => readFile(PATH, "utf8");

const BEGINNING = [
  "# The service as it is believed to be",
  [
    "Nothing here was tried against the real service yet. Each line is a belief of this package's, and a",
    "question that `cargo xtask conform` asks: of the local emulator, and with an account of yours of the",
    "real service.",
  ].join(" "),
  [
    "```sh",
    "export FIREWORKS_API_KEY=… FIREWORKS_ACCOUNT_ID=… FIREWORKS_USER_ID=…",
    "cargo xtask conform --live",
    "```",
  ].join("\n"),
  [
    "The key should be an administrator's if the user is another one. `FIREWORKS_SERVICE_ACCOUNT_ID`, if",
    "it is set, is whose keys are made in place of the user's; `FIREWORKS_ADMIN_API_KEY` lets it ask what",
    `only an administrator may. It makes up to ${KEYS.usual} keys that end within ten minutes, deletes them`,
    "at the end, after Ctrl-C and after a failure too, and names what may be left. `--long` asks two more",
    "questions, with a key that never ends and one for ten years, each deleted at once. It sends one request",
    "at a time and waits when it is asked to (429). What it prints holds no token, no id and no e-mail, so",
    "you can paste it into an issue; `--json` prints it as JSON. `--base-url` asks another service; one on",
    "another machine needs `--live`, since your key goes there.",
  ].join(" "),
  [
    "A basis is _documented_ (the provider's reference says so), _seen_ (public code relies on it) or",
    "_assumed_ (nobody says). This page is written from `tools/conform/beliefs.mjs` by",
    "`cargo xtask conform --docs`.",
  ].join(" "),
];
