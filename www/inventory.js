// The keys that this page knows: loaded page by page, with the audit's findings, and kept up to date. It
// must never hold a secret: a key that was created comes in without it.

import { ownerOf, recordOf, usersByEmail } from "./records.js";

/** After so many keys, loading waits to be asked for more. */
const ENOUGH = 10_000;

/** Up to so many keys, the list is loaded anew after each change. */
const FEW = 1_000;

export class Inventory {
  #changed;
  #keys = [];
  #findings = new Map();
  #emails;
  #next;
  #abort;
  #coming;
  #meanwhile = [];

  /** `changed` is called whenever there is something new to show. */
  constructor(service, changed) {
    this.service = service;
    this.#changed = changed;
    this.records = [];
    this.users = undefined;
    this.total = undefined;
    this.loading = false;
    this.error = undefined;
  }

  /** How many keys are here; while a list is loaded anew, how many of those. */
  get loaded() {
    return this.#coming?.length ?? this.#keys.length;
  }

  /** Whether there are more keys than are here. */
  get more() {
    return this.#next !== undefined;
  }

  /** Loads the list, and the users where their e-mails are needed. Rejects where there is no first page. */
  async open() {
    const users = this.service.userId === "-" ? this.#loadUsers() : undefined;
    const first = Promise.withResolvers?.() ?? resolvers();
    const done = this.load({ onPage: first.resolve });
    done.then(() => first[this.error ? "reject" : "resolve"](this.error), first.reject);
    await first.promise;
    await users;
    await this.#rebuild();
  }

  async #loadUsers() {
    try {
      this.users = await this.service.users();
      this.#emails = usersByEmail(this.users);
    } catch {
      // Who may not list users sees why where an owner's id is needed.
      this.users = undefined;
    }
  }

  /** Loads the list anew, or what is still to come of it. What fails is in `error`. */
  async load({ more = false, onPage } = {}) {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const before = { keys: this.#keys, next: this.#next, total: this.total };
    let keys = more ? before.keys : [];
    const enough = keys.length + ENOUGH;
    const seen = new Set(keys.map(({ keyId }) => keyId));
    // A list that is shown stays until the new one is whole.
    const inPlace = more || keys.length === before.keys.length;
    let whole = true;
    this.loading = true;
    this.error = undefined;
    this.#coming = keys;
    this.#meanwhile = [];
    this.#changed();
    try {
      const list = this.service.pages({ pageToken: more ? this.#next : undefined, signal: abort.signal });
      for await (const page of list) {
        const some = (page.apiKeys ?? []).filter((key) => isNew(key, seen));
        const found = await this.service.audit(some);
        if (this.#abort !== abort) return;
        this.#note(found);
        keys = this.#coming = keys.concat(some);
        this.total = page.totalSize;
        this.#next = page.nextPageToken || undefined;
        if (inPlace) {
          this.#keys = keys;
          this.records = this.records.concat(this.#recordsOf(some));
        }
        onPage?.();
        this.#changed();
        if (keys.length >= enough && this.#next) break;
      }
    } catch (error) {
      if (this.#abort !== abort) return;
      if (error?.name !== "AbortError") this.error = error;
      whole = false;
    }
    if (this.#abort !== abort) return;
    if (whole) this.#keys = keys;
    else if (!inPlace) [this.#next, this.total] = [before.next, before.total];
    // What was made since a page was asked for may not be in it.
    for (const change of this.#meanwhile) this.#keys = changed(this.#keys, change);
    this.#coming = undefined;
    this.loading = false;
    await this.#rebuild();
  }

  /** Ends loading; what is here stays. */
  stop() {
    this.#abort?.abort();
  }

  /** Ends for good: what still arrives is not shown. */
  close() {
    const abort = this.#abort;
    this.#abort = undefined;
    abort?.abort();
    this.#changed = () => {};
  }

  /** Notes keys that are new and ids that are gone, and looks again where that is quickly done. */
  async change({ added = [], removed = [] }) {
    const change = { added, removed };
    if (this.loading) this.#meanwhile.push(change);
    this.#keys = changed(this.#keys, change);
    if (this.total !== undefined) this.total += added.length - removed.length;
    await this.#rebuild();
    if (!this.loading && this.#keys.length <= FEW) await this.load();
  }

  /** Puts everything together: an audit of all keys sees those that one create has made twice. */
  async #rebuild() {
    try {
      this.#note(await this.service.audit(this.#keys));
    } catch (error) {
      this.error ??= error;
    }
    this.records = this.#recordsOf(this.#keys);
    this.#changed();
  }

  #note(found) {
    for (const [id, findings] of found) this.#findings.set(id, findings);
  }

  #recordsOf(keys) {
    const { userId, accountId } = this.service;
    const about = { userId, accountId, users: this.#emails };
    return keys.map((key) => recordOf(key, this.#findings.get(key.keyId) ?? [], ownerOf(key, about)));
  }
}

/** The keys after a change. */
function changed(keys, { added, removed }) {
  const kept = keys.filter(({ keyId }) => !removed.includes(keyId));
  const ids = new Set(kept.map(({ keyId }) => keyId));
  return [...kept, ...added.filter(({ keyId }) => !ids.has(keyId))];
}

/** Whether it is a key, and none that an earlier page had: what is created meanwhile moves the pages. */
function isNew(key, seen) {
  if (typeof key?.keyId !== "string" || seen.has(key.keyId)) return false;
  seen.add(key.keyId);
  return true;
}

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
