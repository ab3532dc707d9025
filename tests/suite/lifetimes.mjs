// Tests that a key that lives longer than was asked for is not handed out. The service of these cases has a
// clock of its own, and makes of a key's end what it likes.

import { equal, holds, rejectionOf } from "./service.mjs";

const HOUR = 3_600_000;
const DECADE = 10 * 365 * 24 * HOUR;
const at = { token: "fw_x", accountId: "acme", userId: "u" };

/**
 * A service. `aheadMs` says by how much our clock is ahead of its own, `end` what it makes of the end that
 * was asked for, `created` what becomes of the answer's fields, `dated` whether it has a `Date`, and
 * `refusing` the status of deletions.
 */
function service({
  aheadMs = 0,
  end = (asked) => asked,
  created = (key) => key,
  dated = true,
  refusing,
  keys = [],
} = {}) {
  const list = [...keys];
  const asked = [];
  const fetch = async (url, { method, body }) => {
    const path = new URL(url).pathname;
    const now = Date.now() - aheadMs;
    const date = new Date(now).toUTCString();
    if (method === "GET") {
      return Response.json(path.endsWith("/acme") ? { name: "accounts/acme" } : { apiKeys: list });
    }
    const request = JSON.parse(body);
    if (path.endsWith(":delete")) {
      if (refusing) return Response.json({ code: 7, message: "no" }, { status: refusing });
      const index = list.findIndex(({ keyId }) => keyId === request.keyId);
      if (index < 0) return Response.json({ code: 5, message: "no such key" }, { status: 404 });
      list.splice(index, 1);
      return Response.json({});
    }
    const { expireTime } = request.apiKey;
    asked.push(expireTime);
    if (Date.parse(expireTime) <= now) {
      const refusal = { code: 3, message: "expire_time must be in the future" };
      return Response.json(refusal, { status: 400, headers: { date } });
    }
    const key = {
      ...request.apiKey,
      keyId: `k${asked.length}`,
      createTime: new Date(now).toISOString(),
      expireTime: end(expireTime),
    };
    list.push(key);
    const headers = dated ? { date } : {};
    return Response.json({ ...created(key), key: "fw_made" }, { headers });
  };
  return { fetch, list, asked };
}

const ids = (list) => list.map(({ keyId }) => keyId);
const lifetime = ({ expireTime, createTime }) => Date.parse(expireTime) - Date.parse(createTime);
const decade = () => new Date(Date.now() + DECADE).toISOString();

export const lifetimes = {
  async "a lifetime holds although our clock is ahead: the key is made again by the service's"({
    createApiKey,
  }) {
    for (const created of [(key) => key, ({ createTime: _, ...key }) => key]) {
      const { fetch, list, asked } = service({ aheadMs: HOUR, created });
      const events = [];
      const onEvent = (event) => events.push(event);
      const key = await createApiKey({ ...at, fetch, onEvent, expiresIn: "5m" });
      equal([asked.length, key.keyId, ids(list)], [2, "k2", ["k2"]], "the keys");
      const ms = lifetime(list[0]);
      holds(ms > 290_000 && ms <= 302_000, `it lives for ${ms} ms`);
      const deleted = events.filter(({ type }) => type === "orphan-deleted");
      equal(ids(deleted), ["k1"], "the first key");
    }
  },

  async "a refusal that a wrong clock explains says so"({ createApiKey, ApiError }) {
    const { fetch } = service({ aheadMs: -HOUR });
    const error = await rejectionOf(ApiError, createApiKey({ ...at, fetch, expiresIn: "5m" }));
    holds(/clock is 3\d\d\d s behind the server's/.test(error.message), error.message);
    equal([error.status, error.orphans], [400, "none"], "the error");
  },

  async "a key that lives too long is deleted, and the call rejects"({ createApiKey, InvalidResponseError }) {
    for (const [options, end, creates] of [
      [{ expiresIn: "5m" }, () => undefined, 2],
      [{ expiresIn: "5m" }, () => null, 2],
      // An end that cannot be read is not known to be soon enough.
      [{ expiresIn: "5m" }, () => "soon", 2],
      [{ expiresIn: "5m" }, () => "2036-01-01", 2],
      [{ expiresIn: "5m" }, () => 4_102_444_800, 2],
      [{ expiresIn: "5m" }, () => false, 2],
      [{ expiresIn: "5m" }, decade, 2],
      [{ expiresIn: 300 }, (asked) => new Date(Date.parse(asked) + 5_000).toISOString(), 2],
      // No other clock makes a point in time another one.
      [{ expireTime: new Date(Date.now() + HOUR) }, decade, 1],
      [{ expireTime: new Date(Date.now() + HOUR), orphanProtection: false }, decade, 1],
      [{ expireTime: new Date(Date.now() + HOUR).toISOString() }, () => "", 1],
    ]) {
      const { fetch, list, asked } = service({ end });
      const error = await rejectionOf(InvalidResponseError, createApiKey({ ...at, fetch, ...options }));
      holds(error.message.includes("lives longer than was asked for"), error.message);
      equal([asked.length, list], [creates, []], "the keys");
      equal(error.keyIds, ["k1", "k2"].slice(0, creates), "deleted");
      equal([error.attempts, error.liveKeyIds], [creates, undefined], "the error");
    }
  },

  async "a key that lives too long and cannot be deleted is named"({ createApiKey, InvalidResponseError }) {
    for (const orphanProtection of [true, false]) {
      const { fetch, list, asked } = service({ end: decade, refusing: 403 });
      const creating = createApiKey({ ...at, fetch, expiresIn: "5m", orphanProtection });
      const error = await rejectionOf(InvalidResponseError, creating);
      equal([asked.length, ids(list)], [1, ["k1"]], "it is alive, and no other is made");
      equal([error.liveKeyIds, error.keyIds, error.orphans], [["k1"], [], "unknown"], "the error");
    }
  },

  async "a rotation does not hand out a key that lives too long"({ rotateApiKey, RotationError }) {
    const keys = [{ keyId: "old", createTime: new Date().toISOString() }];
    for (const refusing of [undefined, 403]) {
      const { fetch, list } = service({ end: decade, refusing, keys });
      let stored = 0;
      const persist = () => {
        stored += 1;
      };
      const options = { ...at, fetch, keyId: "old", persist, expiresIn: "5m", keep: 0 };
      const error = await rejectionOf(RotationError, rotateApiKey(options));
      const live = refusing ? ["old", "k1"] : ["old"];
      equal([error.stage, error.reason, stored], ["create", "lives-too-long", 0], "the end");
      equal([error.liveKeyIds, ids(list)], [live, live], "alive");
    }
  },

  async "a rotation passes a lifetime on although our clock is ahead"({ rotateApiKey }) {
    const born = Date.now() - HOUR;
    const old = {
      keyId: "old",
      createTime: new Date(born).toISOString(),
      expireTime: new Date(born + 2 * HOUR).toISOString(),
    };
    const { fetch, list } = service({ aheadMs: HOUR, keys: [old] });
    await rotateApiKey({ ...at, fetch, keyId: "old", persist: () => {}, keep: 0 });
    equal(list.length, 1, "one key");
    holds(Math.abs(lifetime(list[0]) - 2 * HOUR) < 5_000, "its lifetime");
  },

  async "a shorter life, and one that cannot be told, is told of"({ createApiKey }) {
    const soon = () => new Date(Date.now() + 60_000).toISOString();
    const timeless = ({ createTime: _, ...key }) => key;
    for (const [options, given, expected] of [
      [{ expiresIn: "5m" }, { end: soon }, "shorter-lifetime"],
      [{ expireTime: new Date(Date.now() + HOUR) }, { end: soon }, "shorter-lifetime"],
      [{}, { end: soon }, "shorter-lifetime"],
      [{ expiresIn: "never" }, { end: soon }, "shorter-lifetime"],
      [{ expiresIn: "5m" }, { created: timeless, dated: false }, "unknown-lifetime"],
      [{ expiresIn: "5m" }, { end: (asked) => asked }, undefined],
      [{ expiresIn: "5m" }, { created: timeless }, undefined],
      [{ expireTime: new Date(Date.now() + HOUR) }, { created: timeless }, undefined],
      [{}, {}, undefined],
    ]) {
      const { fetch, list } = service(given);
      const events = [];
      const onEvent = ({ type, keyId }) => events.push([type, keyId]);
      const { keyId } = await createApiKey({ ...at, fetch, onEvent, ...options });
      equal(ids(list), [keyId], "the key");
      equal(events, expected ? [[expected, keyId]] : [], JSON.stringify([options, expected]));
    }
  },
};
