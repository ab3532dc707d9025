// Calls to a ledger that chance decides.

/** A mint with this tag. */
export const mintOf = (attemptTag, change) => ({
  ...{ attemptTag, lifetimeMs: 300_000, aheadMs: 0, settleMs: 70_000, requests: 2 },
  ...change,
});

/** A key that a ledger is asked about. */
export const claim = (keyId, attemptTag = null, endsAt = null) => ({ keyId, attemptTag, endsAt });

/** What has to happen in a long series of them. */
export const WHAT_HAPPENS = [
  ...["reserve done", "reserve mints", "reserve live", "reserve requests", "draw done", "draw requests"],
  ...["settle done", "settle late", "release done", "revoke done"],
  ...["standings live", "standings revoked", "standings pending", "standings lost", "standings unknown"],
];

/** A call that chance decides, and its arguments. */
export function stepOf(random, tags, now) {
  const limits = random.of([
    { mints: 6, windowMs: 600_000, live: 4, requests: 30 },
    { mints: 50, windowMs: 600_000, live: 4, requests: 23 },
    { mints: 6, windowMs: 600_000.5, live: 40, requests: 300 },
  ]);
  // Of an older tag the row may have been forgotten, and may not: some ledgers wait for an alarm.
  const recent = tags.filter(({ notedAt }) => notedAt > now - 600_000);
  const known = () =>
    recent.length > 0 && random.chance(0.9) ? random.of(recent.slice(-5)) : { tag: `none at ${now}` };
  const keyOf = (tag) => `key of ${tag}${random.chance(0.1) ? ", or another" : ""}`;
  const requests = random.below(4);
  switch (random.of(["reserve", "reserve", "settle", "settle", "release", "revoke", "draw", "standings"])) {
    case "reserve": {
      if (recent.length === 0 || random.chance(0.7))
        tags.push({ tag: `t${tags.length}`, notedAt: now, endsAt: now });
      const { tag } = recent.length === 0 || random.chance(0.8) ? tags.at(-1) : random.of(recent);
      const lifetimeMs = random.of([60_000, 300_000, 90_500.25]);
      const aheadMs = random.of([0, 0, 0, -5_000, 1_234, 3_600_000]);
      return ["reserve", mintOf(tag, { lifetimeMs, aheadMs, requests }), limits];
    }
    case "settle": {
      const { tag } = known();
      return ["settle", tag, keyOf(tag), requests];
    }
    case "release":
      return ["release", known().tag, random.chance(0.5), requests];
    case "revoke":
      return ["revoke", keyOf(known().tag)];
    case "draw":
      return ["draw", random.chance(0.5) ? known().tag : `deletion ${now}`, random.below(12), limits];
    default: {
      const claims = Array.from({ length: 1 + random.below(3) }, () => {
        const { tag, endsAt = null } = known();
        const end = endsAt === null ? null : endsAt + random.of([0, -1, 1_000, 1_001, 1e9]);
        return claim(keyOf(random.of([tag, known().tag])), random.of([tag, tag, tag, null]), end);
      });
      return ["standings", claims];
    }
  }
}
