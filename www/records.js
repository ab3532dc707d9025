// The records that the table and the timeline read: one for each key, with times as numbers. Pure.

import { nameOf, plain, shown, visible } from "./names.js";
import { parseTime, relative } from "./time.js";

/**
 * What makes a key a risk, the worst first; `short` is for the table, and `that` follows "all 18 that". The
 * audit tells the findings, but for the first two, which need more than one key.
 */
export const FINDINGS = {
  "owner-gone": {
    label: "Owner gone",
    short: "Owner gone",
    tone: "danger",
    that: "belong to users who left",
  },
  "unfinished-rotation": {
    label: "Unfinished rotation",
    short: "Unfinished",
    tone: "warning",
    that: "an unfinished rotation made",
  },
  "shared-attempt": { label: "Made twice", short: "Made twice", tone: "danger", that: "were made twice" },
  "plaintext-known": {
    label: "Plaintext known",
    short: "Plaintext",
    tone: "danger",
    that: "Fireworks knows the plaintext of",
  },
  "never-expires": { label: "Never expires", short: "No end", tone: "danger", that: "never expire" },
  "unreadable-time": {
    label: "Unreadable time",
    short: "Unreadable",
    tone: "danger",
    that: "have an unreadable time",
  },
  "stale": { label: "Unused for 90 days", short: "Unused", tone: "warning", that: "are unused for 90 days" },
  "expiring-soon": { label: "Expires soon", short: "Ends soon", tone: "warning", that: "expire soon" },
  "never-used": { label: "Never used", short: "Never used", tone: "quiet", that: "were never used" },
  "expired": { label: "Expired", short: "Expired", tone: "quiet", that: "have expired" },
};

const ORDER = Object.keys(FINDINGS);

/** How bad a finding is: 0 is the worst. */
export function rankOf(type) {
  const rank = ORDER.indexOf(type);
  return rank < 0 ? ORDER.length : rank;
}

/** A finding's readable name. */
export function labelOf(type) {
  return FINDINGS[type]?.label ?? visible(type);
}

/** A key that is younger than this is not called unused, in milliseconds. */
export const YOUNG = 60 * 60_000;

/** Whether a key that was made at this time is too young for its use to tell anything. */
export function isYoung(created, now) {
  return created !== undefined && now - created < YOUNG;
}

/** What is said of a key's last use where there is no time: that a young key was not used tells nothing. */
export function unused({ key, created }, now) {
  if (key?.lastUsed) return "Unreadable";
  return isYoung(created, now) ? "Not yet" : "Never";
}

/** When a key was last used, in words. */
export function lastUse(record, now) {
  if (record.used !== undefined) return `last used ${relative(record.used, now)}`;
  return (
    { "Unreadable": "last use unreadable", "Not yet": "not used yet" }[unused(record, now)] ?? "never used"
  );
}

/** The record of a key. `owner` is `{ id }`, or `{ why }` if the id is unknown. */
export function recordOf(key, findings, owner) {
  const name = nameOf(key.displayName);
  const ownerName = shown(key.email ?? owner.id ?? "");
  const types = [...new Set(findings.map(({ type }) => type)), ...(owner.gone ? ["owner-gone"] : [])];
  types.sort((one, other) => rankOf(one) - rankOf(other));
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
    sortName: plain(name).toLowerCase(),
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

/** The id of an account or of a user: the end of its name; undefined if there is none. */
export function idOf(resource) {
  return typeof resource?.name === "string" ? resource.name.split("/").at(-1) : undefined;
}

/**
 * The users, for `ownerOf`: their ids by e-mail, null if two share one, and whether the list is complete and
 * holds service accounts, too. Only a complete list tells that somebody is gone.
 */
export function usersByEmail(users, { isComplete = true } = {}) {
  const ids = new Map();
  let hasServiceAccounts = false;
  for (const user of users.filter(Boolean)) {
    const { email, serviceAccount } = user;
    const id = idOf(user);
    hasServiceAccounts ||= serviceAccount === true;
    if (typeof email !== "string" || email === "" || !id) continue;
    const known = email.toLowerCase();
    ids.set(known, ids.has(known) ? null : id);
  }
  return { ids, isComplete, hasServiceAccounts };
}

/**
 * Who owns a key. In a list for one user, it is that user. In a list for all users, the key's e-mail tells,
 * through the user list (`users`; undefined if it could not be read) or, for service accounts, through the
 * form of the address. `gone` if a complete list of users knows nobody of this e-mail.
 */
export function ownerOf(key, { userId, accountId, users }) {
  if (userId !== "-") return { id: userId };
  if (typeof key.email !== "string" || key.email === "")
    return { why: "The service does not say whose key this is." };
  const email = key.email.toLowerCase();
  const id = users?.ids.get(email);
  if (id) return { id };
  if (id === null)
    return { why: `Two users share ${shown(key.email)}, so it is not known whose key this is.` };
  const [local, domain] = email.split("@");
  const isServiceAccount = domain === `${accountId.toLowerCase()}.sa.fireworks.ai`;
  const gone = users?.isComplete && (!isServiceAccount || users.hasServiceAccounts);
  if (isServiceAccount) return { id: local, gone };
  const left = "the owner has left, or has another now";
  if (gone) return { gone, why: `No user of this account has the e-mail ${shown(key.email)}: ${left}.` };
  return { why: "The user list could not be read whole, so the owner’s id is not known." };
}

/** The record with one more finding, in its place among the others. */
export function withFinding(record, type) {
  const findings = [...record.findings, type].sort((one, other) => rankOf(one) - rankOf(other));
  return { ...record, findings, words: `${record.words}\n${labelOf(type).toLowerCase()}` };
}

const COLUMNS = {
  name: (record) => record.sortName,
  prefix: (record) => String(record.key.prefix ?? ""),
  owner: (record) => record.ownerName.toLowerCase(),
  created: (record) => record.created ?? -Infinity,
  used: (record) => record.used ?? -Infinity,
  expires: (record) => record.expires ?? Infinity,
  findings: (record) => record.findings.length,
};

/** Sorts the records by `{ by, descending }`. Equal records keep their order. */
export function sorted(records, { by, descending }) {
  const read = COLUMNS[by];
  const values = records.map(read);
  const sign = descending ? -1 : 1;
  const order = Uint32Array.from(records, (_, index) => index).sort((one, other) => {
    const [a, b] = [values[one], values[other]];
    return a === b ? one - other : a < b ? -sign : sign;
  });
  return Array.from(order, (index) => records[index]);
}

/** The records that contain every word, have every finding, and are this owner's, if one is given. */
export function filtered(records, { text = "", findings = [], owner, ends } = {}) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && findings.length === 0 && owner === undefined && !ends) return records;
  return records.filter(
    (record) =>
      findings.every((finding) => record.findings.includes(finding)) &&
      (owner === undefined || record.ownerName === owner) &&
      (!ends || (record.expires >= ends.from && record.expires < ends.to)) &&
      words.every((word) => record.words.includes(word)),
  );
}

/** How many records have each finding, in the order of `FINDINGS`, without zeros. */
export function tally(records) {
  const counts = new Map();
  for (const { findings } of records) {
    for (const type of findings) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].sort(([one], [other]) => rankOf(one) - rankOf(other));
}
