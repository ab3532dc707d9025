// Makes every call to the module, and writes each into the journal. Only this class holds the token.

import { clock } from "./clock.js";
import { commandsOf } from "./curl.js";
import { isRefusal, notRevoked } from "./explain.js";
import {
  auditApiKeys,
  createApiKey,
  deleteApiKey,
  deleteOrphans,
  listApiKeys,
  listUsers,
  rotateApiKey,
} from "./fireworks-keys/default.js";
import { judged } from "./formats.js";
import { holdPage } from "./leave.js";
import { nameOf, shown } from "./names.js";
import { count } from "./numbers.js";
import { parseTime } from "./time.js";

/** How many keys to request per page. */
const PAGE = 500;

/** The time limit of a rotation. The user needs most of it to store the new key. */
const ROTATION_MS = 60 * 60 * 1_000;

/** The time limit for trying a new key. */
const TRY_MS = 30_000;

/** The origins that the page's policy has blocked. */
const blocked = new Set();
globalThis.document?.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  if (effectiveDirective === "connect-src") blocked.add(urlOf(blockedURI)?.origin);
});

/** The origins that have let this page read an answer. */
const answered = new Set();

/** Resolves an address, which may be a path on this page's origin; undefined if it is not a valid one. */
export function urlOf(address) {
  return URL.canParse(address, location.href) ? new URL(address, location.href) : undefined;
}

/** What the browser knows of the network to an address, for `explain`. */
export function networkTo(baseUrl) {
  const origin = urlOf(baseUrl)?.origin;
  return {
    online: navigator.onLine,
    blocked: blocked.has(origin),
    near: origin === location.origin || answered.has(origin),
  };
}

export class Service {
  #token;
  #journal;

  constructor({ token, baseUrl, accountId, userId }, journal) {
    this.#token = token;
    this.#journal = journal;
    this.baseUrl = baseUrl;
    this.accountId = accountId;
    this.userId = userId;
  }

  /** What the browser knows of the network to this service, for `explain`. */
  network() {
    return networkTo(this.baseUrl);
  }

  /** Goes on with another token. */
  useToken(token) {
    this.#token = token;
  }

  /** Whether a key with this prefix may be the one that this page uses. */
  isOwn(prefix) {
    return Boolean(prefix) && this.#token.startsWith(prefix);
  }

  /** The keys, page by page, starting at a page token. */
  async *pages({ pageToken, signal }) {
    const line = this.#begin("listApiKeys", pageToken ? "List more keys" : "List the keys", {
      pageSize: PAGE,
    });
    let keys = 0;
    try {
      const list = listApiKeys({ ...this.#call(line, this.userId), pageSize: PAGE, pageToken, signal });
      for await (const page of list.pages()) {
        keys += page.apiKeys?.length ?? 0;
        answered.add(urlOf(this.baseUrl)?.origin);
        yield page;
      }
      line.end(`${count(keys, "key")}.`);
    } catch (error) {
      line.fail(error, this.network());
      throw error;
    } finally {
      // A caller may stop before the last page.
      line.end(`${count(keys, "key")}.`);
    }
  }

  /** The users of the account, and whether these are all. */
  users() {
    return this.#perform(
      "listUsers",
      "List the users",
      {},
      async (call) => {
        const users = [];
        let total;
        for await (const page of listUsers(call).pages()) {
          users.push(...(page.users ?? []));
          total = page.totalSize;
        }
        // A list that is shorter than its own count is not whole.
        return { users, isComplete: !(total > users.length) };
      },
      ({ users }) => `${count(users.length, "user")}.`,
    );
  }

  /**
   * Runs the module's audit on keys that are already loaded, without sending a request. The module goes by
   * this machine's clock: where that is wrong, the times are given to it as this machine would tell them.
   */
  async audit(keys) {
    if (keys.length === 0) return new Map();
    const apiKeys = clock.off === 0 ? keys : keys.map((key) => shifted(key, -clock.off));
    const fetch = async () => Response.json({ apiKeys });
    const call = {
      token: this.#token,
      baseUrl: this.baseUrl,
      accountId: this.accountId,
      userId: this.userId,
    };
    const audit = await auditApiKeys({ ...call, fetch });
    return new Map(audit.keys.map(({ key, findings }) => [key.keyId, findings]));
  }

  /** Creates a key. `endsAt`, when its lifetime ends, is only for the journal; `fate` is told how it goes. */
  create({ userId, ...options }, { endsAt, signal, fate, onEvent }) {
    const { displayName, annotations, expireTime = endsAt } = options;
    const about = { userId, displayName, annotations, expireTime };
    return this.#make(
      fate,
      "createApiKey",
      `Create “${nameOf(displayName || "default")}” for ${shown(userId)}`,
      about,
      (call) => createApiKey({ ...call, ...options, signal }),
      { outcome: () => "", createdOf: (created) => created, onEvent },
    );
  }

  /** Whether it is known that a key is still there after its revocation has failed. */
  isKept(error, { key }) {
    // The page's own key may be refused because it is revoked: the browser may have sent the request twice.
    return isRefusal(error) && !(error.status === 401 && this.isOwn(key.prefix));
  }

  /** Deletes a key. One that the owner does not have is an error: it may be another's. */
  remove(record) {
    const { id, name, owner } = record;
    const about = {
      userId: owner.id,
      keyId: id,
      failed: (error) => notRevoked(error, this.isKept(error, record)),
    };
    return this.#perform(
      "deleteApiKey",
      `Revoke “${name}” of ${shown(owner.id)}`,
      about,
      (call) => deleteApiKey({ ...call, keyId: id }),
      () => `The key ${shown(id)} is revoked.`,
    );
  }

  /** The address of the account itself. */
  get accountUrl() {
    const base = (urlOf(this.baseUrl)?.href ?? this.baseUrl).replace(/\/+$/, "");
    return `${base}/v1/accounts/${encodeURIComponent(this.accountId)}`;
  }

  /** Tries a new key: reads the account with it once, and says what that tells. */
  tryKey(key) {
    const read = async () => {
      try {
        const headers = { accept: "application/json", authorization: `Bearer ${key}` };
        const signal = AbortSignal.timeout(TRY_MS);
        const response = await fetch(this.accountUrl, {
          headers,
          signal,
          redirect: "manual",
          cache: "no-store",
        });
        const body = await response.json().catch(() => undefined);
        return judged({ status: response.status, body }, this.accountId);
      } catch {
        return judged({}, this.accountId);
      }
    };
    return this.#perform("getAccount", "Try the new key", {}, read, ({ text }) => text);
  }

  /** Which of these keys a user has. */
  ownedBy(userId, keyIds) {
    const [only] = keyIds;
    const what = keyIds.length === 1 ? `the key ${shown(only)}` : `any of ${count(keyIds.length, "key")}`;
    return this.#perform(
      "listApiKeys",
      `Look whether ${shown(userId)} has ${what}`,
      { userId },
      async (call) => {
        const [asked, found] = [new Set(keyIds), new Set()];
        for await (const { keyId } of listApiKeys(call)) if (asked.has(keyId)) found.add(keyId);
        return found;
      },
      ({ size }) => (size === 0 ? "Not on the list." : `${count(size, "key")}.`),
    );
  }

  /** Looks for the keys that a create or a rotation may have left behind, and deletes them. */
  sweep(userId, { attemptTag, keepKeyId }) {
    return this.#perform(
      "deleteOrphans",
      `Look for keys that nobody holds, of ${shown(userId)}`,
      { userId },
      (call) => deleteOrphans({ ...call, attemptTag, keepKeyId }),
      (ids) => (ids.length === 0 ? "None was found." : `Deleted: ${ids.map(shown).join(", ")}.`),
    );
  }

  /** Rotates a key. */
  rotate({ id, name, owner, key }, { persist, keep, onUnfinished, signal, fate, onEvent }) {
    const { expireTime, displayName, annotations } = key;
    const own = Object.entries(annotations ?? {}).filter(([label]) => !label.startsWith("fireworks-keys-"));
    const about = {
      userId: owner.id,
      keyId: id,
      displayName,
      expireTime,
      annotations: Object.fromEntries(own),
    };
    fate.rotated = id;
    return this.#make(
      fate,
      "rotateApiKey",
      `Rotate “${name}” of ${shown(owner.id)}`,
      about,
      (call) =>
        rotateApiKey({
          ...call,
          keyId: id,
          persist,
          keep,
          onUnfinished,
          signal,
          totalTimeoutMs: ROTATION_MS,
        }),
      { outcome: outcomeOf, createdOf: ({ created }) => created, onEvent },
    );
  }

  /** Performs what makes a key, and tells its fate. The page must live on while that is open. */
  async #make(fate, operation, title, about, run, { outcome, createdOf, onEvent }) {
    let release;
    fate.onChange(() => {
      if (fate.isOpen) release ??= holdPage();
      else release = release?.();
    });
    fate.sweep = () => this.sweep(about.userId, fate);
    let sent;
    const sending = () => {
      sent ??= clock.machine();
      fate.sending();
    };
    const notify = (event) => {
      fate.event(event);
      onEvent?.(event);
    };
    try {
      const result = await this.#perform(operation, title, about, run, outcome, notify, { fate, sending });
      const created = createdOf(result);
      if (operation === "createApiKey") clock.heard(parseTime(created.createTime), sent, clock.machine());
      fate.made(created);
      return result;
    } catch (error) {
      fate.failed(error);
      throw error;
    }
  }

  async #perform(operation, title, about, run, outcome, onEvent, { fate, sending } = {}) {
    const line = this.#begin(operation, title, about, fate);
    try {
      const result = await run(this.#call(line, about.userId ?? this.userId, onEvent, sending));
      line.end(outcome(result));
      return result;
    } catch (error) {
      if (error?.status > 0) answered.add(urlOf(this.baseUrl)?.origin);
      line.fail(error, this.network(), about.failed?.(error));
      throw error;
    }
  }

  /** Begins a journal line; only its first `end` or `fail` counts. */
  #begin(operation, title, about, fate) {
    const { accountId, userId } = this;
    // A shell needs the full address, as it cannot resolve a path on the page's origin.
    const baseUrl = urlOf(this.baseUrl)?.href ?? this.baseUrl;
    const line = this.#journal.begin({
      title,
      commands: commandsOf(operation, { baseUrl, accountId, userId, ...about }),
      fate,
      network: () => this.network(),
    });
    let ended = false;
    const once =
      (end) =>
      (...args) => {
        if (!ended) end(...args);
        ended = true;
      };
    return { event: line.event, end: once(line.end), fail: once(line.fail) };
  }

  #call(line, userId, onEvent, sending) {
    return {
      token: () => {
        sending?.();
        return this.#token;
      },
      baseUrl: this.baseUrl,
      accountId: this.accountId,
      userId,
      onEvent: (event) => {
        line.event(event);
        onEvent?.(event);
      },
    };
  }
}

function outcomeOf({ revoked, pending }) {
  const parts = [];
  if (revoked.length > 0) parts.push(`Revoked: ${revoked.map(shown).join(", ")}.`);
  const ids = pending.map(({ keyId }) => shown(keyId));
  if (ids.length > 0) parts.push(`Not known to be revoked: ${ids.join(", ")}.`);
  return parts.join(" ");
}

/** The key with its times moved by so much. */
function shifted(key, by) {
  const moved = { ...key };
  for (const field of ["createTime", "expireTime", "lastUsed"]) {
    const time = parseTime(key[field]);
    if (time !== undefined) moved[field] = new Date(time + by).toISOString();
  }
  return moved;
}
