// Which keys a clean-up is about, in the order in which they are named: those in use on top. Pure.

import { DAY } from "./time.js";

/**
 * The plan for the ticked `ids`, by the list as it is now. A key that was used in the last 24 hours and the
 * page's own are left out unless the user ticks them; one whose owner is not known cannot be revoked.
 */
export function planOf(ids, records, { now, shown, service }) {
  const byId = new Map(records.map((record) => [record.id, record]));
  const found = ids.map((id) => byId.get(id)).filter(Boolean);
  const keys = found.map((record) => {
    const isUsed = record.used !== undefined && record.used > now - DAY;
    const isOwn = service.isOwn(record.key.prefix);
    return { record, isUsed, isOwn, isTicked: !isUsed && !isOwn && record.owner.id !== undefined };
  });
  const rank = ({ isUsed, isOwn }) => (isUsed ? 0 : isOwn ? 1 : 2);
  return {
    keys: keys.toSorted((one, other) => rank(one) - rank(other)),
    missing: ids.filter((id) => !byId.has(id)),
    hidden: found.filter(({ id }) => !shown.has(id)).length,
  };
}
