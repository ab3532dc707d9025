// Which keys a clean-up is about, in the order in which they are named: those in use on top. Pure.

import { DAY } from "./time.js";

/**
 * The plan for the ticked `ids`, by the list as it is now. A key that was used in the last 24 hours, or may
 * have been where the service's clock is not known, and the page's own are left out unless the user ticks
 * them; one whose owner is not known cannot be revoked.
 */
export function planOf(ids, records, { clock, shown, service }) {
  const byId = new Map(records.map((record) => [record.id, record]));
  const found = ids.map((id) => byId.get(id)).filter(Boolean);
  const keys = found.map((record) => {
    const isSure = record.used > clock.now() - DAY;
    const isUsed = isSure || (record.used !== undefined && !clock.hasPassed(record.used + DAY));
    const isOwn = service.isOwn(record.key.prefix);
    const isTicked = !isUsed && !isOwn && record.owner.id !== undefined;
    return { record, isUsed, isSure, isOwn, isTicked };
  });
  const rank = ({ isUsed, isOwn }) => (isUsed ? 0 : isOwn ? 1 : 2);
  return {
    keys: keys.toSorted((one, other) => rank(one) - rank(other)),
    missing: ids.filter((id) => !byId.has(id)),
    hidden: found.filter(({ id }) => !shown.has(id)).length,
  };
}
