// Which key took over from which, as the annotations of rotations tell. Anybody who may create keys can copy
// an annotation: what is told here narrows down, and decides nothing. Pure.

import { withFinding } from "./records.js";

const ROTATES = "fireworks-keys-rotates";
const REVOKES = "fireworks-keys-revokes";

/** The finding of a successor whose rotation has not come to its end. */
export const UNFINISHED = "unfinished-rotation";

/**
 * The records, each with what its line tells: `predecessor`, `successors`, and `remains`, the keys that its
 * rotation was to revoke and that are still there. A rotation is unfinished if there are any, or if the same
 * key has two successors.
 */
export function withLineage(records) {
  const byId = new Map(records.map((record) => [record.id, record]));
  const children = new Map();
  for (const record of records) {
    const predecessor = predecessorOf(record, byId);
    if (predecessor) children.set(predecessor, [...(children.get(predecessor) ?? []), record]);
  }
  if (children.size === 0) return records;
  return records.map((record) => {
    const predecessor = predecessorOf(record, byId);
    const successors = children.get(record) ?? [];
    if (!predecessor && successors.length === 0) return record;
    const named = String(record.key.annotations?.[REVOKES] ?? "").split(" ");
    const remains = named.map((id) => byId.get(id)).filter((each) => each && isSameOwner(each, record));
    const isUnfinished = predecessor && (remains.length > 0 || children.get(predecessor).length > 1);
    const line = { ...record, predecessor, successors, remains };
    return isUnfinished ? withFinding(line, UNFINISHED) : line;
  });
}

function predecessorOf(record, byId) {
  const found = byId.get(record.key.annotations?.[ROTATES]);
  return found && found !== record && isSameOwner(found, record) ? found : undefined;
}

/** A successor belongs to the same user. */
function isSameOwner(one, other) {
  return one.key.email === other.key.email && one.owner.id === other.owner.id;
}

/**
 * The records in this order, but each successor under its predecessor: `isBelow`, where that is among them. A
 * circle is left as it is.
 */
export function underPredecessors(records) {
  if (!records.some(({ predecessor }) => predecessor)) return records;
  const shown = new Map(records.map((record) => [record.id, record]));
  const below = new Map();
  const tops = [];
  for (const record of records) {
    const above = record.predecessor?.id;
    if (above !== undefined && shown.has(above)) below.set(above, [...(below.get(above) ?? []), record]);
    else tops.push(record);
  }
  const placed = new Set();
  const lines = [];
  const place = (record) => {
    const pending = [record];
    while (pending.length > 0) {
      const next = pending.pop();
      if (placed.has(next)) continue;
      const above = shown.get(next.predecessor?.id);
      lines.push(placed.has(above) ? { ...next, isBelow: true } : next);
      placed.add(next);
      pending.push(...(below.get(next.id) ?? []).toReversed());
    }
  };
  for (const record of tops) place(record);
  for (const record of records) place(record);
  return lines;
}
