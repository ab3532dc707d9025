// Writes keys as CSV and JSON, for a spreadsheet and for programs. Pure, but for the download. It writes the
// fields that are named here, and so never a secret.

import { readableJson, visible } from "./names.js";
import { pauses } from "./pause.js";

const COLUMNS = [
  ["name", ({ key }) => key.displayName],
  ["keyId", ({ id }) => id],
  ["prefix", ({ key }) => key.prefix],
  ["ownerEmail", ({ key }) => key.email],
  ["ownerId", ({ owner }) => owner.id],
  ["created", ({ key }) => key.createTime],
  ["lastUsed", ({ key }) => key.lastUsed],
  ["expires", ({ key }) => key.expireTime],
  ["findings", ({ findings }) => findings],
  ["annotations", ({ key }) => key.annotations],
];

/**
 * The records as JSON, piece by piece: texts exactly as the service has them, with unseen characters escaped.
 */
export function* jsonOf(records) {
  for (const [index, record] of records.entries()) {
    const row = Object.fromEntries(COLUMNS.map(([name, read]) => [name, read(record) ?? undefined]));
    yield `${index === 0 ? "[" : ","}\n${readableJson(row, 2).replace(/^/gm, "  ")}`;
  }
  yield records.length === 0 ? "[]\n" : "\n]\n";
}

/** The records as CSV (RFC 4180), line by line. What a spreadsheet would take for a formula stays a text. */
export function* csvOf(records) {
  yield `${COLUMNS.map(([name]) => name).join(",")}\r\n`;
  for (const record of records) yield `${COLUMNS.map(([, read]) => cell(read(record))).join(",")}\r\n`;
}

function cell(value) {
  const text = visible(textOf(value));
  const safe = /^\s*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) ? `'${text}` : text;
  return /[",\s;']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.join(" ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map((pair) => pair.join("="))
    .join("; ");
}

/** Has the browser save the pieces of a text as a file. */
export async function save(name, type, pieces) {
  const parts = [];
  const breathe = pauses();
  for (const piece of pieces) {
    parts.push(piece);
    await breathe();
  }
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
