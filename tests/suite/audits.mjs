// Tests that an audit says which keys are a risk, and why.

import { connection, equal, rejectionOf, storedKeys } from "./service.mjs";

const DAY = 86_400_000;
const ago = (days) => new Date(Date.now() - days * DAY).toISOString();
const ahead = (days) => ago(-days);

/** A service that lists these keys in this order, two per page. */
function listing(keys) {
  return async (url) => {
    const from = Number(new URL(url).searchParams.get("pageToken") ?? 0);
    const nextPageToken = from + 2 < keys.length ? String(from + 2) : "";
    return Response.json({ apiKeys: keys.slice(from, from + 2), nextPageToken, totalSize: keys.length });
  };
}

const at = { token: "fw_x", accountId: "acme", userId: "-" };
// A function, because a Worker's clock stays at zero until the first request.
const calmKey = () => ({ createTime: ago(10), expireTime: ahead(100), lastUsed: ago(1), secure: true });

export const audits = {
  async "each risk is a finding, with its date"({ auditApiKeys }) {
    const calm = calmKey();
    const [past, soon, long, young] = [ago(1), ahead(13), ago(91), ago(89)];
    const cases = [
      [calm, []],
      [{ ...calm, expireTime: undefined }, [{ type: "never-expires" }]],
      [{ ...calm, expireTime: "" }, [{ type: "never-expires" }]],
      [{ ...calm, expireTime: past }, [{ type: "expired", expireTime: past }]],
      [{ ...calm, expireTime: soon }, [{ type: "expiring-soon", expireTime: soon }]],
      [{ ...calm, expireTime: ahead(15) }, []],
      [{ ...calm, lastUsed: undefined }, [{ type: "never-used" }]],
      [
        { ...calm, lastUsed: null, createTime: long },
        [{ type: "never-used" }, { type: "stale", since: long }],
      ],
      [{ ...calm, createTime: ago(200), lastUsed: long }, [{ type: "stale", since: long }]],
      [{ ...calm, createTime: ago(200), lastUsed: young }, []],
      [{ ...calm, secure: false }, [{ type: "plaintext-known" }]],
      [{ ...calm, secure: undefined }, []],
      [
        { ...calm, expireTime: "soon", lastUsed: 7 },
        [
          { type: "unreadable-time", field: "expireTime" },
          { type: "unreadable-time", field: "lastUsed" },
        ],
      ],
      [{ keyId: "bare" }, [{ type: "never-expires" }, { type: "never-used" }]],
    ];
    for (const [key, findings] of cases) {
      const fetch = listing([{ keyId: "k", ...key }]);
      const audit = await auditApiKeys({ ...at, fetch });
      equal(audit.keys[0].findings, findings, JSON.stringify(key));
      const types = new Set(findings.map(({ type }) => type));
      for (const [type, count] of Object.entries(audit.counts)) equal(count, Number(types.has(type)), type);
    }
  },

  async "the caller says what counts as stale and as soon"({ auditApiKeys, FireworksKeys }) {
    const key = { ...calmKey(), keyId: "k", lastUsed: ago(2), expireTime: ahead(2) };
    const fetch = listing([key]);
    const types = async (options) => {
      const { keys } = await auditApiKeys({ ...at, fetch, ...options });
      return keys[0].findings.map(({ type }) => type);
    };
    equal(await types({ staleAfter: "3d", expiringWithin: "1d" }), [], "neither");
    equal(await types({ staleAfter: 86_400, expiringWithin: "1d" }), ["stale"], "stale");
    equal(await types({ staleAfter: "3d", expiringWithin: "72h" }), ["expiring-soon"], "soon");
    const client = new FireworksKeys({ ...at, fetch, staleAfter: "1d" });
    equal((await client.audit({ expiringWithin: "1h" })).counts.stale, 1, "a default");
  },

  async "the oldest key comes first, whatever the list's order, with all that is known of it"({
    auditApiKeys,
  }) {
    const keys = [
      "2024-03-01T00:00:00Z",
      "2024-01-01T00:00:00Z",
      "2024-01-01T01:00:00+01:00",
      undefined,
      "2024-02-01T00:00:00Z",
    ].map((createTime, index) => ({ keyId: `k${index}`, createTime, news: { of: ["tomorrow"] } }));
    for (const order of [keys, [...keys].reverse()]) {
      const audit = await auditApiKeys({ ...at, fetch: listing(order) });
      equal(
        audit.keys.map(({ key }) => key.keyId),
        ["k3", "k1", "k2", "k4", "k0"],
        "order",
      );
      equal(audit.keys[0].key.news, { of: ["tomorrow"] }, "a field that this version does not know");
      equal(audit.counts["never-expires"], 5, "a count");
    }
  },

  async "two keys of one create are a finding; two creates may share a tag"({ auditApiKeys }) {
    const calm = calmKey();
    const made = (keyId, tag, call) => ({
      ...calm,
      keyId,
      annotations: { "fireworks-keys-attempt": tag, ...(call && { "fireworks-keys-call": call }) },
    });
    const keys = [
      made("a", "t"),
      made("b", "u", "1"),
      made("c", "t"),
      made("d", "u", "2"),
      { ...calm, keyId: "e" },
    ];
    const audit = await auditApiKeys({ ...at, fetch: listing(keys) });
    const shared = { type: "shared-attempt", attemptTag: "t", keyIds: ["a", "c"] };
    const found = Object.fromEntries(audit.keys.map(({ key, findings }) => [key.keyId, findings]));
    equal(found, { a: [shared], b: [], c: [shared], d: [], e: [] }, "findings");
    equal(audit.counts["shared-attempt"], 2, "a count");
  },

  // No other case uses this user and this name, so no late sweep of another case can delete these keys.
  async "an audit reads every page of the service, and changes nothing"({ auditApiKeys, createApiKey }, api) {
    const mine = connection(api, "audited");
    const displayName = "of the audit";
    for (let count = 0; count < 3; count += 1) await createApiKey({ ...mine, displayName, expiresIn: "1d" });
    const before = await storedKeys(api, "audited");
    for (const userId of ["audited", "-"]) {
      const filter = `displayName = "${displayName}"`;
      const audit = await auditApiKeys({ ...mine, userId, pageSize: 2, filter });
      equal(audit.keys.map(({ key }) => key.keyId).sort(), before.map(({ keyId }) => keyId).sort(), "keys");
      equal(audit.counts["expiring-soon"], 3, "expiring soon");
    }
    equal(await storedKeys(api, "audited"), before, "nothing has changed");
  },

  async "a wrong option of an audit is named, and a failed page fails it"({
    auditApiKeys,
    ValidationError,
    ApiError,
  }) {
    for (const [path, options] of [
      ["staleAfter", { staleAfter: "soon" }],
      ["expiringWithin", { expiringWithin: 0 }],
      ["userId", { userId: "a/b" }],
      ["orderBy", { orderBy: "keyId" }],
    ]) {
      const error = await rejectionOf(ValidationError, auditApiKeys({ ...at, ...options }));
      equal([error.path, error.operation], [path, "auditApiKeys"], "path");
    }
    const list = listing([{}, {}, {}]);
    const fetch = (url) =>
      url.includes("pageToken") ? Response.json({ code: 7, message: "no" }, { status: 403 }) : list(url);
    const error = await rejectionOf(ApiError, auditApiKeys({ ...at, fetch }));
    equal([error.code, error.attempts], ["PERMISSION_DENIED", 2], "the error");
  },
};
