// Every call to the module, each with its line in the journal. The token is in here and nowhere else.

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

/** How many keys a page may hold. */
const PAGE = 500;

/** How long a person may take to store a rotated key, with all that goes before and after. */
const ROTATION_MS = 60 * 60 * 1_000;

/** The origins that the page's policy has kept it from. */
const blocked = new Set();
globalThis.document?.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  if (effectiveDirective === "connect-src") blocked.add(urlOf(blockedURI)?.origin);
});

/** The whole address of one that may be a path of this page's origin; undefined where it is none. */
export function urlOf(address) {
  return URL.canParse(address, location.href) ? new URL(address, location.href) : undefined;
}

/** What the browser knows of the way to an address, for `explain`. */
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

  /** What the browser knows of the way to this service, for `explain`. */
  network() {
    return networkTo(this.baseUrl);
  }

  /** Whether a key that begins so may be the one that this page uses. */
  isOwn(prefix) {
    return Boolean(prefix) && this.#token.startsWith(prefix);
  }

  /** The keys, page by page, from a page token on. */
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
      // Whoever has enough leaves in the middle.
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

  /** What the module's audit finds of keys that are here already: nothing is sent. */
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

  /** Creates a key. `endsAt` is for the journal alone: when a lifetime ends. */
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

  /** Deletes a key, or finds it gone. */
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

  /** Deletes what a create or a rotation has left. */
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

  /** Begins a line that ends once. */
  #begin(operation, title, about) {
    const { accountId, userId } = this;
    // A shell knows of no page that a path could belong to.
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
      // A page goes on by itself: what a stopped call has left is still looked for.
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
