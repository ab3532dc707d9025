// Loads the keys page by page, with the audit's findings, and keeps them up to date. It must never hold a
// secret: callers add a new key without its secret.

import { clock } from "./clock.js";
import { explain } from "./explain.js";
import { Judge } from "./judge.js";
import { count, grouped } from "./numbers.js";
import { ownerOf, usersByEmail } from "./records.js";
import { parseTime } from "./time.js";

/** Loading pauses after this many keys, until the user asks for more. */
const ENOUGH = 10_000;

/** When so few keys are missing from that, no page is requested ahead. */
const AHEAD = 1_000;

/** Up to this many keys, each change reloads the list. */
const FEW = 1_000;

/** For how long a list may lack a new key because it lags, in milliseconds. */
const LAG = 60_000;

export class Inventory {
  #changed;
  #keys = [];
  #judge;
  #rebuilds = 0;
  #emails;
  #next;
  #abort;
  #coming;
  #isWhole = false;
  /** The new keys with when they were added, and the ids of those that are deleted: a list may lag. */
  #added = [];
  #deleted = new Set();

  /** Calls `changed` whenever there is something new to show. */
  constructor(service, changed) {
    this.service = service;
    this.#judge = new Judge(service);
    this.#changed = changed;
    this.records = [];
    this.users = undefined;
    this.total = undefined;
    this.loading = false;
    this.error = undefined;
    /** When the list was last read, by this machine's clock. */
    this.readAt = undefined;
  }

  /** How many keys are loaded; during a reload, how many keys of the new list. */
  get loaded() {
    return this.#coming?.length ?? this.#keys.length;
  }

  /** Whether the service has more keys than are loaded. */
  get more() {
    return this.#next !== undefined;
  }

  /** Whether the records are all keys, as far as the service tells. */
  get isWhole() {
    return this.#isWhole;
  }

  /**
   * Loads the list, and the users if their e-mails are needed. Rejects if the first page cannot be loaded.
   */
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
      const { users, isComplete } = await this.service.users();
      this.users = users;
      const emails = usersByEmail(users, { isComplete });
      // The records stay as they are where the users do.
      if (!isSame(emails, this.#emails)) this.#emails = emails;
    } catch {
      // Without the user list, the page explains wherever it needs an owner's id; an old one tells the ids
      // that it has, and of nobody that they are gone.
      if (this.#emails) this.#emails = { ...this.#emails, isComplete: false };
      else this.users = undefined;
    }
  }

  /** Reads the users again if they would say of an owner that nobody has this e-mail: they may be older. */
  async #checkGone(keys, users) {
    const about = { userId: this.service.userId, accountId: this.service.accountId, users };
    // The first list comes with its users.
    if (users && users === this.#emails && keys.some((key) => ownerOf(key, about).gone))
      await this.#loadUsers();
  }

  /** Reloads the list, or loads the rest of it. A failure is stored in `error`. */
  async load({ more = false, onPage } = {}) {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const before = { keys: this.#keys, next: this.#next, total: this.total };
    let keys = more ? before.keys : [];
    const enough = keys.length + ENOUGH;
    const seen = new Set(keys.map(({ keyId }) => keyId));
    // A list that the page shows stays until the new one is complete.
    const inPlace = more || keys.length === before.keys.length;
    let whole = true;
    const users = this.#emails;
    this.loading = true;
    this.error = undefined;
    this.#coming = keys;
    if (inPlace) this.#isWhole = false;
    const since = clock.machine() - LAG;
    this.#changed();
    try {
      const list = this.service.pages({ pageToken: more ? this.#next : undefined, signal: abort.signal });
      // The next page is on its way while this one is audited.
      for await (const page of ahead(list, () => keys.length + AHEAD < enough)) {
        const some = this.#notDeleted((page.apiKeys ?? []).filter((key) => isNew(key, seen)));
        clock.isPast(some.flatMap(({ createTime, lastUsed }) => [createTime, lastUsed].map(timeOr0)));
        const records = await this.#judge.recordsOf(some, this.#emails);
        if (this.#abort !== abort) return;
        keys = this.#coming = keys.concat(some);
        this.total = totalOf(page);
        this.#next = page.nextPageToken || undefined;
        if (inPlace) {
          this.#keys = keys;
          this.records = this.records.concat(records);
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
    if (whole) {
      this.#keys = keys;
      if (!more) this.readAt = since + LAG;
      this.#isWhole = !this.more && !(this.total > seen.size);
    } else if (!inPlace) [this.#next, this.total] = [before.next, before.total];
    await this.#checkGone(keys, users);
    if (this.#abort !== abort) return;
    this.#keys = this.#asKnown(this.#keys, since);
    this.#coming = undefined;
    this.loading = false;
    await this.#rebuild();
  }

  /**
   * Reads the whole list again, and returns its records; `problem` says why they are not all. What the page
   * shows is not changed.
   */
  async readAgain() {
    let keys = [];
    const seen = new Set();
    const since = clock.machine() - LAG;
    let total;
    try {
      for await (const page of this.service.pages({})) {
        keys.push(...(page.apiKeys ?? []).filter((key) => isNew(key, seen)));
        total = totalOf(page);
      }
    } catch (error) {
      const why = explain(error, this.service.network()).title;
      return { records: this.records, problem: `${why}. What is asked here goes by what was read before.` };
    }
    keys = this.#asKnown(keys, since);
    await this.#checkGone(keys, this.#emails);
    const records = await this.#judge.allRecordsOf(keys, this.#emails);
    const isWhole = !(total > seen.size);
    return {
      records,
      problem: isWhole
        ? undefined
        : `The service tells of ${count(total, "key")}, and shows ${grouped(seen.size)}.`,
    };
  }

  /** Judges those keys again that the time has changed, if there are any. */
  age() {
    if (!this.loading && this.#judge.isOld) return this.#rebuild();
  }

  /** Audits all keys again, after the known time has changed. */
  refresh() {
    this.#judge.forget();
    return this.#rebuild();
  }

  /** Stops loading; the loaded keys stay. */
  stop() {
    this.#abort?.abort();
  }

  /** Stops for good: pages that still arrive are ignored. */
  close() {
    const abort = this.#abort;
    this.#abort = undefined;
    abort?.abort();
    this.#changed = () => {};
  }

  /** Adds new keys, removes deleted ids, and reloads the list, if it is short or `reload` asks for it. */
  async change({ added = [], removed = [], reload = false }) {
    const at = clock.machine();
    this.#added.push(...added.map((key) => ({ key, at })));
    for (const id of removed) this.#deleted.add(id);
    this.#keys = this.#asKnown(this.#keys, at);
    if (this.total !== undefined) this.total += added.length - removed.length;
    await this.#rebuild();
    if (!this.loading && (reload || this.#keys.length <= FEW)) await this.load();
  }

  #notDeleted(keys) {
    return keys.filter(({ keyId }) => !this.#deleted.has(keyId));
  }

  /** These keys of a list, and what is known beside: which are deleted, and which were added `since`. */
  #asKnown(keys, since) {
    const ids = new Set(keys.map(({ keyId }) => keyId));
    const lacks = this.#added.filter(({ key, at }) => at >= since && !ids.has(key.keyId));
    return this.#notDeleted([...keys, ...lacks.map(({ key }) => key)]);
  }

  /** Rebuilds all records. If two rebuilds overlap, the later one counts. */
  async #rebuild() {
    const rebuild = ++this.#rebuilds;
    try {
      const records = await this.#judge.allRecordsOf(this.#keys, this.#emails);
      if (rebuild === this.#rebuilds) this.records = records;
    } catch (error) {
      this.error ??= error;
    }
    this.#changed();
  }
}

/** The items of a list. While `goOn()` is true, the next one is requested before this one is used. */
async function* ahead(list, goOn) {
  const iterator = list[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = goOn() ? iterator.next() : undefined;
      // If the loop ends early, this promise is not awaited.
      next?.catch(() => {});
      yield value;
      next ??= iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

/** Whether two lists of users tell the same. */
function isSame(one, other) {
  const text = ({ ids, ...rest }) => JSON.stringify([[...ids], rest]);
  return other !== undefined && text(one) === text(other);
}

/** How many keys the service tells of, if it does. */
function totalOf({ totalSize }) {
  return Number.isFinite(totalSize) ? totalSize : undefined;
}

/** Whether this is a key that no earlier page had: keys created during the load shift the pages. */
function isNew(key, seen) {
  if (typeof key?.keyId !== "string" || seen.has(key.keyId)) return false;
  seen.add(key.keyId);
  return true;
}

function timeOr0(text) {
  return parseTime(text) ?? 0;
}

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
