// The records that the table and the timeline read: one for each key, with times as numbers. Pure.

import { nameOf, plain, shown } from "./names.js";
import { parseTime } from "./time.js";

/** What makes a key a risk, in display order; `short` is for the table. */
export const FINDINGS = {
  "never-expires": { label: "Never expires", short: "No end", tone: "danger" },
  "expired": { label: "Expired", short: "Expired", tone: "quiet" },
  "expiring-soon": { label: "Expires soon", short: "Ends soon", tone: "warning" },
  "shared-attempt": { label: "Made twice", short: "Made twice", tone: "danger" },
  "plaintext-known": { label: "Plaintext known", short: "Plaintext", tone: "danger" },
  "never-used": { label: "Never used", short: "Never used", tone: "quiet" },
  "stale": { label: "Unused for 90 days", short: "Unused", tone: "warning" },
  "unreadable-time": { label: "Unreadable time", short: "Unreadable", tone: "danger" },
};

/** A finding's readable name. */
export function labelOf(type) {
  return FINDINGS[type]?.label ?? type;
}

/** The record of a key. `owner` is `{ id }`, or `{ why }` if the id is unknown. */
export function recordOf(key, findings, owner) {
  const name = nameOf(key.displayName);
  const ownerName = shown(key.email ?? owner.id ?? "");
  const types = findings.map(({ type }) => type);
  const annotations = Object.entries(key.annotations ?? {}).map((pair) => pair.join("="));
  const words = [
    plain(name),
    key.displayName,
    key.keyId,
    key.prefix,
    key.email,
    owner.id,
    ...annotations,
    ...types.map(labelOf),
  ];
  return {
    key,
    id: key.keyId,
    name,
    owner,
    ownerName,
    prefix: shown(key.prefix ?? ""),
    created: parseTime(key.createTime),
    used: parseTime(key.lastUsed),
    // A missing time means never. So does an unreadable one: it does not promise that the key expires.
    expires: parseTime(key.expireTime),
    findings: types,
    words: words.filter(Boolean).join("\n").toLowerCase(),
  };
}

/** Users' ids by e-mail, for `ownerOf`; null if two users share an e-mail. */
export function usersByEmail(users) {
  const ids = new Map();
  for (const { name, email } of users) {
    const id = String(name ?? "")
      .split("/")
      .at(-1);
    if (typeof email !== "string" || email === "" || !id) continue;
    const known = email.toLowerCase();
    ids.set(known, ids.has(known) ? null : id);
  }
  return ids;
}

/**
 * Who owns a key. In a list for one user, it is that user. In a list for all users, the key's e-mail tells,
 * through the user list (`users`; undefined if it could not be read) or, for service accounts, through the
 * form of the address.
 */
export function ownerOf(key, { userId, accountId, users }) {
  if (userId !== "-") return { id: userId };
  if (typeof key.email !== "string" || key.email === "")
    return { why: "The service does not say whose key this is." };
  const email = key.email.toLowerCase();
  const id = users?.get(email);
  if (id) return { id };
  if (id === null)
    return { why: `Two users share ${shown(key.email)}, so it is not known whose key this is.` };
  const [local, domain] = email.split("@");
  if (domain === `${accountId.toLowerCase()}.sa.fireworks.ai`) return { id: local };
  return {
    why: users
      ? `No user of this account has the e-mail ${shown(key.email)}: the owner may have left.`
      : "The user list could not be read, so the owner’s id is not known.",
  };
}

const COLUMNS = {
  name: (record) => plain(record.name).toLowerCase(),
  prefix: (record) => String(record.key.prefix ?? ""),
  owner: (record) => plain(record.ownerName).toLowerCase(),
  created: (record) => record.created ?? -Infinity,
  used: (record) => record.used ?? -Infinity,
  expires: (record) => record.expires ?? Infinity,
  findings: (record) => record.findings.length,
};

/** Sorts the records by `{ by, descending }`. Equal records keep their order. */
export function sorted(records, { by, descending }) {
  const read = COLUMNS[by];
  const values = new Map(records.map((record) => [record, read(record)]));
  const sign = descending ? -1 : 1;
  return records.toSorted((one, other) => {
    const [a, b] = [values.get(one), values.get(other)];
    return a === b ? 0 : a < b ? -sign : sign;
  });
}

/** The records that contain every word of the text and, if a finding is given, have it. */
export function filtered(records, { text = "", finding } = {}) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return records.filter(
    (record) =>
      (!finding || record.findings.includes(finding)) && words.every((word) => record.words.includes(word)),
  );
}

/** How many records have each finding, in the order of `FINDINGS`, without zeros. */
export function tally(records) {
  const counts = new Map();
  for (const { findings } of records) {
    for (const type of findings) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const known = Object.keys(FINDINGS);
  const rank = (type) => (known.includes(type) ? known.indexOf(type) : known.length);
  return [...counts].sort(([one], [other]) => rank(one) - rank(other));
}
