// Shows every field of a key that the service sent, including fields that this page does not know.

import { clock } from "./clock.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { nameOf, readableJson, shown } from "./names.js";
import { labelOf, unused } from "./records.js";
import { exact, parseTime, relative } from "./time.js";

const LABELS = {
  keyId: "Key id",
  displayName: "Name",
  prefix: "Begins with",
  email: "Owner",
  createTime: "Created",
  lastUsed: "Last used",
  expireTime: "Expires",
  secure: "Plaintext",
  annotations: "Annotations",
};

/** Opens the details of a key. */
export function showDetails(record, restore) {
  const { key, name, findings, owner, used } = record;
  const told = { lastUsed: used === undefined && unused(record, clock.now()) };
  const facts = [...new Set([...Object.keys(LABELS), ...Object.keys(key)])].map((field) => [
    LABELS[field] ?? shown(field),
    told[field] || valueOf(field, key[field]),
  ]);
  facts.push(["Owner’s id", owner.id === undefined ? owner.why : shown(owner.id)]);
  if (findings.length > 0) facts.push(["Findings", findings.map(labelOf).join(", ")]);
  const dialog = openDialog({
    title: name,
    restore,
    body: h(
      "dl",
      { class: "facts" },
      facts.map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]),
    ),
    actions: h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Close"),
  });
}

function valueOf(field, given) {
  const value = given ?? undefined;
  const time = field.endsWith("Time") || field === "lastUsed" ? parseTime(value) : undefined;
  if (time !== undefined) return `${exact(time)} (${relative(time, clock.now())})`;
  if (field === "secure") return value === true ? "Fireworks does not know it" : "Fireworks may know it";
  if (field === "annotations") return labelsOf(value);
  if (value === undefined) return field === "expireTime" ? "Never" : "Not said";
  if (field === "displayName") return nameOf(value);
  return typeof value === "string" ? shown(value) : readableJson(value);
}

function labelsOf(annotations = {}) {
  const pairs = Object.entries(annotations);
  if (pairs.length === 0) return "None";
  return h(
    "ul",
    { class: "plain" },
    pairs.map(([name, value]) => h("li", {}, h("code", {}, `${shown(name)} = ${shown(value)}`))),
  );
}
