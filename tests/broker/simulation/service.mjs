// The service's keys of one account, as a model: each request is done at one moment.

/** How many keys a page of the list holds: few, so that a list is several requests. */
const PAGE = 3;

const MINUTE_MS = 60_000;

/** How far the service's clock may be ahead of all others. */
const AHEAD_MS = [0, 0, 0, 40_000, 10 * MINUTE_MS, 1_000 * MINUTE_MS, -40_000, -1_000 * MINUTE_MS];

export class Service {
  /** The keys that exist, by their ids. */
  keys = new Map();
  /** The ids of all keys that were deleted, each with the token that it was deleted with. */
  deleted = new Map();
  /** Whether it refuses to create keys. */
  refuses = false;
  /** How far its clock is ahead of all others, in milliseconds. */
  aheadMs;
  #clock;
  #made = 0;

  constructor(clock, random) {
    this.#clock = clock;
    this.aheadMs = random.of(AHEAD_MS);
    this.onCreate = () => {};
    this.onDelete = () => {};
  }

  /** The time by its own clock. */
  get now() {
    return this.#clock.now + this.aheadMs;
  }

  /** Makes a key. */
  create({ displayName, expireTime, annotations }, by) {
    this.#made += 1;
    const keyId = `key${this.#made}`;
    const key = {
      keyId,
      displayName,
      annotations,
      createTime: new Date(this.now).toISOString(),
      prefix: `fw_${this.#made}`,
      ...(expireTime === undefined ? {} : { expireTime }),
    };
    this.keys.set(keyId, { ...key, by });
    this.onCreate(key, by);
    return { ...key, key: `fw_${this.#made}_secret` };
  }

  delete(keyId, by) {
    const key = this.keys.get(keyId);
    if (!key) return false;
    this.keys.delete(keyId);
    this.deleted.set(keyId, by);
    this.onDelete(key, by);
    return true;
  }

  /** Whether a key can be used. */
  isAlive(keyId) {
    const key = this.keys.get(keyId);
    return key !== undefined && !(Date.parse(key.expireTime) <= this.now);
  }

  /** An answer, with the time. */
  respond([status, body]) {
    return Response.json(body, { status, headers: { date: new Date(this.now).toUTCString() } });
  }

  /** Does what a request asks for. */
  answer(method, url, token, body) {
    return this.respond(this.#do(method, url, token, body));
  }

  #do(method, url, token, body) {
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith("/apiKeys:delete")) {
      if (this.delete(body.keyId, token)) return [200, {}];
      return [404, { code: 5, message: "no such key", details: [] }];
    }
    if (method === "POST" && this.refuses) return [403, { code: 7, message: "not now", details: [] }];
    if (method === "POST" && Date.parse(body.apiKey.expireTime) <= this.now)
      return [400, { code: 3, message: "the end has passed", details: [] }];
    if (method === "POST") return [200, this.create(body.apiKey, token)];
    // The id that a page ends with is where the next begins, whatever is deleted in between.
    const from = Number(searchParams.get("pageToken") ?? 0);
    const rest = [...this.keys.values()].filter(({ keyId }) => numberOf(keyId) > from);
    const page = rest.slice(0, PAGE).map(({ by: _, ...key }) => key);
    const nextPageToken = rest.length > PAGE ? String(numberOf(page.at(-1).keyId)) : "";
    return [200, { apiKeys: page, nextPageToken }];
  }
}

function numberOf(keyId) {
  return Number(keyId.slice(3));
}
