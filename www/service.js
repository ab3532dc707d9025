// Makes every call to the module, and writes each into the journal. Only this class holds the token.

import { commandsOf } from "./curl.js";
import {
  auditApiKeys,
  createApiKey,
  deleteApiKey,
  deleteOrphans,
  listApiKeys,
  listUsers,
  rotateApiKey,
} from "./fireworks-keys/default.js";
import { count } from "./numbers.js";

/** How many keys to request per page. */
const PAGE = 500;

/** The time limit of a rotation. The user needs most of it to store the new key. */
const ROTATION_MS = 60 * 60 * 1_000;

/** The origins that the page's policy has blocked. */
const blocked = new Set();
globalThis.document?.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  if (effectiveDirective === "connect-src") blocked.add(urlOf(blockedURI)?.origin);
});

/** Resolves an address, which may be a path on this page's origin; undefined if it is not a valid one. */
export function urlOf(address) {
  return URL.canParse(address, location.href) ? new URL(address, location.href) : undefined;
}

/** What the browser knows of the network to an address, for `explain`. */
export function networkTo(baseUrl) {
  return { online: navigator.onLine, blocked: blocked.has(urlOf(baseUrl)?.origin) };
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

  /** Every user of the account. */
  users() {
    return this.#perform(
      "listUsers",
      "List the users",
      {},
      async (call) => {
        const users = [];
        for await (const user of listUsers(call)) users.push(user);
        return users;
      },
      (users) => `${count(users.length, "user")}.`,
    );
  }

  /** Runs the module's audit on keys that are already loaded, without sending a request. */
  async audit(apiKeys) {
    if (apiKeys.length === 0) return new Map();
    const fetch = async () => Response.json({ apiKeys });
    const call = {
      token: this.#token,
      baseUrl: this.baseUrl,
      accountId: this.accountId,
      userId: this.userId,
    };
    const { keys } = await auditApiKeys({ ...call, fetch });
    return new Map(keys.map(({ key, findings }) => [key.keyId, findings]));
  }

  /** Creates a key. `endsAt`, when its lifetime ends, is only for the journal. */
  create({ userId, ...options }, { endsAt, signal, onEvent }) {
    const { displayName, annotations, expireTime = endsAt } = options;
    const about = { userId, displayName, annotations, expireTime };
    return this.#perform(
      "createApiKey",
      `Create “${displayName || "default"}” for ${userId}`,
      about,
      (call) => createApiKey({ ...call, ...options, signal }),
      ({ keyId }) => `The key ${keyId}.`,
      onEvent,
    );
  }

  /** Deletes a key; succeeds if it is already gone. */
  remove({ id, name, owner }) {
    const about = { userId: owner.id, keyId: id };
    return this.#perform(
      "deleteApiKey",
      `Revoke “${name}” of ${owner.id}`,
      about,
      (call) => deleteApiKey({ ...call, keyId: id, missingOk: true }),
      () => `The key ${id} is gone.`,
    );
  }

  /** Deletes the keys that a create or a rotation left behind. */
  sweep(userId, { attemptTag, keepKeyId }, onEvent) {
    return this.#perform(
      "deleteOrphans",
      `Look for keys that nobody holds, of ${userId}`,
      { userId },
      (call) => deleteOrphans({ ...call, attemptTag, keepKeyId }),
      (ids) => (ids.length === 0 ? "There were none." : `Deleted: ${ids.join(", ")}.`),
      onEvent,
    );
  }

  /** Rotates a key. */
  rotate({ id, name, owner, key }, { persist, keep, onUnfinished, signal, onEvent }) {
    const { expireTime, displayName, annotations } = key;
    const own = Object.entries(annotations ?? {}).filter(([label]) => !label.startsWith("fireworks-keys-"));
    const about = {
      userId: owner.id,
      keyId: id,
      displayName,
      expireTime,
      annotations: Object.fromEntries(own),
    };
    return this.#perform(
      "rotateApiKey",
      `Rotate “${name}” of ${owner.id}`,
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
      ({ created, revoked, pending }) => outcomeOf(created, revoked, pending),
      onEvent,
    );
  }

  async #perform(operation, title, about, run, outcome, onEvent) {
    const line = this.#begin(operation, title, about);
    try {
      const result = await run(this.#call(line, about.userId ?? this.userId, onEvent));
      line.end(outcome(result));
      return result;
    } catch (error) {
      line.fail(error, this.network());
      throw error;
    }
  }

  /** Begins a journal line; only its first `end` or `fail` counts. */
  #begin(operation, title, about) {
    const { accountId, userId } = this;
    // A shell needs the full address, as it cannot resolve a path on the page's origin.
    const baseUrl = urlOf(this.baseUrl)?.href ?? this.baseUrl;
    const line = this.#journal.begin({
      title,
      commands: commandsOf(operation, { baseUrl, accountId, userId, ...about }),
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

  #call(line, userId, onEvent) {
    return {
      token: () => this.#token,
      baseUrl: this.baseUrl,
      accountId: this.accountId,
      userId,
      // A page keeps running by itself, so a sweep after a stopped call needs nothing here.
      waitUntil: () => {},
      onEvent: (event) => {
        line.event(event);
        onEvent?.(event);
      },
    };
  }
}

function outcomeOf(created, revoked, pending) {
  const parts = [`The new key is ${created.keyId}.`];
  if (revoked.length > 0) parts.push(`Revoked: ${revoked.join(", ")}.`);
  if (pending.length > 0) parts.push(`Not revoked yet: ${pending.map(({ keyId }) => keyId).join(", ")}.`);
  return parts.join(" ");
}
