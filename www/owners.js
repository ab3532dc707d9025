// The keys by owner: how many, the worst finding, the last use. Pure.

import { rankOf } from "./records.js";

/** A line for each owner, those with the worst finding first. `name` is what the records are filtered by. */
export function byOwner(records) {
  const owners = new Map();
  for (const { ownerName, findings, used, created, key } of records) {
    const line = owners.get(ownerName) ?? { name: ownerName, keys: 0 };
    // One that cannot be read may be the last.
    if (used === undefined && key?.lastUsed) line.key = key;
    line.keys += 1;
    for (const type of findings)
      if (line.worst === undefined || rankOf(type) < rankOf(line.worst)) line.worst = type;
    if (used !== undefined && !(used <= line.used)) line.used = used;
    if (created !== undefined && !(created <= line.created)) line.created = created;
    owners.set(ownerName, line);
  }
  const rank = ({ worst }) => (worst === undefined ? Infinity : rankOf(worst));
  return [...owners.values()].sort(
    (one, other) => rank(one) - rank(other) || other.keys - one.keys || (one.name < other.name ? -1 : 1),
  );
}
