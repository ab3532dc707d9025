// Writes keys as CSV and JSON, for a spreadsheet and for programs. Pure, but for the download. It writes the
// fields that are named here, and so never a secret.

import { readableJson, visible } from "./names.js";

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

/** The records as JSON: texts exactly as the service has them, with unseen characters escaped. */
export function jsonOf(records) {
  const rows = records.map((record) =>
    Object.fromEntries(COLUMNS.map(([name, read]) => [name, read(record) ?? undefined])),
  );
  return `${readableJson(rows, 2)}\n`;
}

/** The records as CSV (RFC 4180). What a spreadsheet would take for a formula stays a text. */
export function csvOf(records) {
  const lines = records.map((record) => COLUMNS.map(([, read]) => cell(read(record))).join(","));
  return `${[COLUMNS.map(([name]) => name).join(","), ...lines].join("\r\n")}\r\n`;
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

/** Has the browser save a text as a file. */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
