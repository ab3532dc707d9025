// One walk of `reconcile` over the service's list, page by page, because a list may be long. What is most
// dangerous on a page is revoked first.

import { ApiError, type ApiKeyPage, deleteApiKey, FireworksKeysError, listApiKeys } from "fireworks-keys";
import type { Budget } from "./budget.js";
import { beginning, type Progress } from "./cursor.js";
import type { Standing } from "./ledger.js";
import { claimOf, type Listed, listed, mostDangerousFirst } from "./listed.js";
import type { Settings } from "./options.js";
import type { Left, ReconcileOptions, Reconciliation } from "./reconcile.js";

/** How many requests run at the same time: as many as Cloudflare allows an invocation. */
const AT_ONCE = 6;

/** How many keys a page of the list may hold: each may have large annotations. */
const PAGE = 50;

/** How many keys the ledger is asked about at a time. */
const CLAIMS = 100;

/** For a mint of which only its key is left: everything that it drew counts as sent. */
const ALL = Number.MAX_SAFE_INTEGER;

const STANDINGS: readonly unknown[] = ["live", "revoked", "pending", "lost", "unknown"] satisfies Standing[];

/** What a walk works with. */
interface Means {
  settings: Settings;
  budget: Budget;
  keep: readonly string[];
  token: ReconcileOptions["token"];
  signal: AbortSignal | undefined;
  /** The text of the broker's token. */
  own: string;
  /** Where the walk begins, and whether an earlier run has stopped there. */
  start: Progress;
  isResumed: boolean;
  /** What the run has done so far. */
  result: Reconciliation;
}

/** A walk over the list. */
export class Walk {
  /** Where it has come to. */
  progress: Progress;
  readonly #means: Means;
  readonly #keep: ReadonlySet<string>;
  /** The keys that were listed, and the least that a page said of how many there are. */
  readonly #listed = new Set<string>();
  #total: number | undefined;
  /** How many keys fit each mint that is under way, by its tag. */
  readonly #pending = new Map<string, number>();
  /** The lost mints, by their tags: whose they are, and whether all their keys are gone. */
  readonly #lost = new Map<string, { member: string; gone: boolean }>();

  constructor(means: Means) {
    this.#means = means;
    this.#keep = new Set(means.keep);
    this.progress = { ...means.start, found: [...means.start.found] };
    means.result.failed = [];
  }

  /** What the walk has left to do. */
  get left(): Left[] {
    const left: Left[] = [];
    const failed = this.#means.result.failed.length;
    if (failed > 0) left.push({ why: "failed", keys: failed });
    const several = [...this.#pending.values()].filter((count) => count > 1);
    const pending = several.reduce((sum, count) => sum + count, 0);
    if (pending > 0) left.push({ why: "pending", keys: pending });
    return left;
  }

  /** Walks to the end of the list. Returns what has stopped the walk before. */
  async run(): Promise<Left | undefined> {
    const stop = await this.#pages();
    if (this.#isAborted) return stop;
    await this.#releaseLost();
    return stop;
  }

  get #isAborted(): boolean {
    return this.#means.signal?.aborted ?? false;
  }

  async #pages(): Promise<Left | undefined> {
    const { budget, isResumed } = this.#means;
    const seen = new Set<string>();
    for (let count = 0; ; count += 1) {
      const before = { ...this.progress, found: [...this.progress.found] };
      const listed = await this.#list(count);
      if ("stopped" in listed) return listed.stopped;
      const { page } = listed;
      const keys = await this.#read(page);
      const next = page.nextPageToken || undefined;
      const left = await this.#page(keys);
      if (this.#isAborted) return { why: "time", keys: left };
      const { stop } = budget;
      // The page is left half done: the next run takes it again, unless this run has already begun with it.
      if (stop && left > 0) {
        const { isCleared, isClean } = this.progress;
        if (!isResumed || count > 0) this.progress = { ...before, isCleared, isClean };
        else if (next === undefined) this.progress = beginning(isCleared);
        else this.progress = { ...this.progress, page: next, isClean: false };
        return { why: stop, keys: left };
      }
      this.progress.page = next;
      if (next === undefined) return this.#short();
      if (stop) return { why: stop, keys: 0 };
      if (seen.has(next)) return this.#endless();
      seen.add(next);
    }
  }

  /** A list that is shorter than it says hides keys. One from which keys were deleted is walked again. */
  #short(): Left | undefined {
    const isShort = this.#listed.size < (this.#total ?? 0);
    if (this.#means.isResumed || !this.progress.isClean || !isShort) return undefined;
    return { why: "list", keys: 0, error: new Error("the list is shorter than its totalSize") };
  }

  #endless(): Left {
    this.progress.page = undefined;
    return { why: "list", keys: 0, error: new Error("the list has no end: a page names an earlier one") };
  }

  /** Lists the next page. Rejects if it is the first of the run: then nothing has been done. */
  async #list(count: number): Promise<{ page: ApiKeyPage } | { stopped: Left }> {
    const { budget, result } = this.#means;
    const { page: pageToken } = this.progress;
    const { stop } = budget;
    if (stop) return { stopped: { why: stop, keys: 0 } };
    try {
      return { page: await listApiKeys({ ...this.#call(), pageSize: PAGE, pageToken }) };
    } catch (error) {
      if (budget.stop) return { stopped: { why: budget.stop, keys: 0 } };
      const isStale = count === 0 && pageToken !== undefined && isUnknownPage(error);
      if (this.#isAborted || (!isStale && count === 0 && result.revoked.length === 0)) throw error;
      // The service may not know the page any more: the next run begins anew.
      if (isStale) this.progress.page = undefined;
      return { stopped: { why: "list", keys: 0, error } };
    }
  }

  /** What is needed of a page's keys, without those to keep. */
  async #read({ apiKeys = [], totalSize }: ApiKeyPage): Promise<Listed[]> {
    const { settings, own } = this.#means;
    const { progress } = this;
    const keys: Listed[] = [];
    if ((totalSize ?? "") !== "") {
      // A number that cannot be read is one that no list is known to reach.
      const total = Number.isNaN(Number(totalSize)) ? Infinity : Number(totalSize);
      this.#total = Math.min(total, this.#total ?? total);
    }
    for (const key of apiKeys) {
      const read = await listed(key, settings, own);
      // Where keys come and go, the same one may stand on two pages.
      if (this.#listed.has(read.keyId)) continue;
      this.#listed.add(read.keyId);
      if (!this.#keep.has(read.keyId)) keys.push(read);
      else {
        progress.found.push(read.keyId);
        progress.ownIsKept ||= read.looksOwn;
      }
    }
    return keys;
  }

  /** Revokes what a page holds to be revoked. Returns how many keys are left when the budget is used up. */
  async #page(page: Listed[]): Promise<number> {
    const { progress } = this;
    const keys = this.#withoutOwn(page);
    const [tooLong, others] = parted(keys, ({ isTooLong }) => isTooLong);
    // These go before the ledger is asked, so that many members cannot delay it.
    let left = await this.#revoke(tooLong.map((key) => ({ key, standing: "unknown" })));
    const found: Found[] = [];
    const members = new Map<string, Listed[]>();
    for (const key of others) {
      if (key.member === null) found.push({ key, standing: "unknown" });
      else if (!members.get(key.member)?.push(key)) members.set(key.member, [key]);
    }
    const questions = new Set(shuffled([...members].flatMap(questionsOf)));
    await each([...questions], this.#isStopped, async (question) => {
      for (const one of await this.#standings(question)) found.push(one);
      questions.delete(question);
    });
    for (const { keys: unasked } of questions) left += unasked.length;
    const now = Date.now();
    const going: Found[] = [];
    for (const one of found) {
      const { key, standing } = one;
      const isEnding = key.endsAt > now;
      if (isEnding) progress.ending += 1;
      if (standing !== "unknown") progress.isCleared = true;
      if (standing === "live" || standing === "pending") progress.known += 1;
      else {
        going.push(one);
        if (isEnding && standing === "unknown") progress.going += 1;
      }
      if (standing === "pending")
        this.#pending.set(key.tag ?? "", (this.#pending.get(key.tag ?? "") ?? 0) + 1);
    }
    if (progress.isCleared) return left + (await this.#revoke(going));
    if (going.length > 0) progress.isClean = false;
    return left;
  }

  /**
   * Holds the oldest key back that looks like the broker's token, because nobody can create an older one. If
   * `keep` has the token, none is held back.
   */
  #withoutOwn(keys: Listed[]): Listed[] {
    const { progress } = this;
    const others: Listed[] = [];
    for (const key of keys) {
      const isOlder = key.createdAt < (progress.own?.createdAt ?? Infinity);
      if (!key.looksOwn || key.member !== null || progress.ownIsKept || !isOlder) others.push(key);
      else {
        if (progress.own) others.push(heldBack(progress.own));
        progress.own = { keyId: key.keyId, createdAt: key.createdAt, isTooLong: key.isTooLong };
      }
    }
    if (progress.own && progress.ownIsKept) {
      others.push(heldBack(progress.own));
      progress.own = undefined;
    }
    return others;
  }

  /** What the ledger knows of a member's keys; nothing of those for which it does not answer. */
  async #standings({ member, keys }: Question): Promise<Found[]> {
    const { settings, budget, result } = this.#means;
    try {
      const standings = await budget.ask(() => settings.ledger.standings(member, keys.map(claimOf)));
      if (!isAnswer(standings, keys.length)) throw new TypeError("the ledger's answer is none");
      return keys.map((key, index) => ({ key, standing: standings[index] as Standing }));
    } catch (error) {
      for (const { keyId, endsAt } of keys) {
        result.failed.push({ keyId, error });
        if (endsAt > Date.now()) this.progress.ending += 1;
      }
      return [];
    }
  }

  /** Revokes keys. Returns how many are left because the budget is used up. */
  async #revoke(found: Found[]): Promise<number> {
    const standings = new Map(found.map(({ key, standing }) => [key, standing]));
    let left = standings.size;
    await each(mostDangerousFirst(standings.keys()), this.#isStopped, async (key) => {
      const standing = standings.get(key) ?? "unknown";
      const gone = await this.#delete(key.keyId, standing);
      if (gone !== undefined) left -= 1;
      if (standing !== "lost" || key.tag === null || key.member === null) return;
      const before = this.#lost.get(key.tag)?.gone ?? true;
      this.#lost.set(key.tag, { member: key.member, gone: before && gone === true });
    });
    return left;
  }

  /** Deletes a key. Returns whether it is gone; undefined if the budget did not allow it. */
  async #delete(keyId: string, standing: Standing): Promise<boolean | undefined> {
    const { budget, result } = this.#means;
    try {
      await deleteApiKey({ ...this.#call(), keyId });
      this.progress.isClean = false;
      result.revoked.push(keyId);
      return true;
    } catch (error) {
      if (isMissing(error)) {
        // Its member has deleted it since it was listed. But a lost answer may have been that of our own.
        if (error.attempts > 1) result.revoked.push(keyId);
        if (standing !== "revoked") this.progress.isClean = false;
        return true;
      }
      if (budget.stop) return undefined;
      result.failed.push({ keyId, error });
      return false;
    }
  }

  /** A lost mint counts until all its keys are gone. */
  async #releaseLost(): Promise<void> {
    const { settings, budget } = this.#means;
    for (const [tag, { member, gone }] of this.#lost) {
      if (!gone || budget.stop) continue;
      await budget.ask(() => settings.ledger.release(member, tag, true, ALL)).catch(settings.onError);
    }
  }

  #isStopped = (): boolean => this.#isAborted || this.#means.budget.stop !== undefined;

  #call(): ReturnType<Budget["connection"]> {
    const { settings, budget, token, signal } = this.#means;
    const { connection } = settings;
    return { ...budget.connection(token === undefined ? connection : { ...connection, token }), signal };
  }
}

/** A key, and what the ledger knows of it. */
interface Found {
  key: Listed;
  standing: Standing;
}

/** A key that was held back, as it was listed. */
function heldBack({ keyId, createdAt, isTooLong }: NonNullable<Progress["own"]>): Listed {
  const endsAt = isTooLong ? Infinity : createdAt;
  return { keyId, createdAt, isTooLong, endsAt, tag: null, member: null, looksOwn: true };
}

/** What the ledger is asked at a time. */
interface Question {
  member: string;
  keys: Listed[];
}

/** The questions about a member's keys: a service may list any number on a page. */
function questionsOf([member, keys]: [string, Listed[]]): Question[] {
  const count = Math.ceil(keys.length / CLAIMS);
  return Array.from({ length: count }, (_, index) => ({
    member,
    keys: keys.slice(index * CLAIMS, (index + 1) * CLAIMS),
  }));
}

/** Whether the service does not know the page any more that an earlier run has named. */
function isUnknownPage(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 400 || error.status === 404);
}

/** Whether the API says that there is no such key. */
function isMissing(error: unknown): error is FireworksKeysError {
  return error instanceof FireworksKeysError && error.code === "NOT_FOUND";
}

function isAnswer(standings: unknown, length: number): standings is Standing[] {
  return (
    Array.isArray(standings) &&
    standings.length === length &&
    standings.every((each) => STANDINGS.includes(each))
  );
}

/** The items that pass a test, and the others. */
function parted<Item>(items: Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Shuffles, so that runs that cannot reach all members reach different ones. */
function shuffled<Item>(items: Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}

/** Does the work for each item, a few at a time, until it has to stop. */
async function each<Item>(
  items: Item[],
  isStopped: () => boolean,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (isStopped()) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
