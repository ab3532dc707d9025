// One walk of `reconcile` over the service's list, page by page, because a list may be long. What is most
// dangerous on a page is revoked first.

import { type ApiKeyPage, deleteApiKey, FireworksKeysError, listApiKeys } from "fireworks-keys";
import { Brake } from "./brake.js";
import type { Budget } from "./budget.js";
import { beginning, type Progress } from "./cursor.js";
import { each } from "./each.js";
import type { Standing } from "./ledger.js";
import { claimOf, type Listed, listed, mostDangerousFirst } from "./listed.js";
import type { Settings } from "./options.js";
import { type OwnToken, ownToken, withoutOwn } from "./own.js";
import type { Left, ReconcileOptions, Reconciliation } from "./reconciliation.js";

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
  /** The broker's token. */
  own: OwnToken;
  /** Where the walk begins, and whether an earlier run has stopped there. */
  start: Progress;
  isResumed: boolean;
  /** Whether the brake is released. */
  isReleased: boolean;
  /** The keys that this run has revoked: a list may show them for a while. */
  gone: Set<string>;
  /** What the run has done so far. */
  result: Reconciliation;
}

/** A walk over the list. */
export class Walk {
  /** Where it has come to. */
  progress: Progress;
  /** Whether it begins at the first page. Otherwise it sees only a part of the list. */
  isWhole: boolean;
  readonly brake: Brake;
  readonly #means: Means;
  readonly #keep: ReadonlySet<string>;
  /** The keys that were listed, and the least that a page said of how many there are. */
  readonly #listed = new Set<string>();
  #total: number | undefined;
  /** How many keys fit each mint that is under way, by its tag. */
  readonly #pending = new Map<string, number>();
  /** The lost mints, by their tags: whose they are, and whether all their keys are gone. */
  readonly #lost = new Map<string, { member: string; gone: boolean }>();
  /** How many entries of the list name no key, and how many keys were spared for want of the token. */
  #nameless = 0;
  #unmatched = 0;

  constructor(means: Means) {
    this.#means = means;
    this.#keep = new Set(means.keep);
    this.progress = { ...means.start, found: [...means.start.found] };
    this.isWhole = means.start.page === undefined;
    this.brake = new Brake(means.isReleased);
    means.result.failed = [];
  }

  /** What the walk has left to do. */
  get left(): Left[] {
    const left: Left[] = [];
    if (this.#unmatched > 0) left.push({ why: "token", keys: this.#unmatched, error: this.#means.own.error });
    const own = this.progress.own.length;
    if (own > 1) left.push({ why: "own", keys: own });
    const error = new Error("the list holds entries without an id");
    if (this.#nameless > 0) left.push({ why: "list", keys: this.#nameless, error });
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
    const { budget } = this.#means;
    const seen = new Set<string>();
    for (let count = 0; ; count += 1) {
      const listed = await this.#list(count);
      if ("stopped" in listed) return listed.stopped;
      const exchanged = await this.#exchanged();
      if (exchanged) return exchanged;
      const before = { ...this.progress, found: [...this.progress.found] };
      const { page } = listed;
      const keys = await this.#read(page);
      const next = page.nextPageToken || undefined;
      const left = await this.#page(keys);
      if (this.#isAborted) return { why: "time", keys: left };
      const { stop } = budget;
      // The page is left half done: the next run takes it again, unless this run has already begun with it.
      if (stop && left > 0) {
        const { isClean } = this.progress;
        if (!this.#means.isResumed || count > 0) this.progress = { ...before, isClean };
        else if (next === undefined) this.progress = beginning(this.#means.keep);
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
    if (!this.isWhole || !this.progress.isClean || !isShort) return undefined;
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
      if (this.#isAborted) throw error;
      if (count === 0 && pageToken !== undefined) return this.#listAnew();
      if (count === 0 && result.revoked.length === 0) throw error;
      return { stopped: { why: "list", keys: 0, error } };
    }
  }

  /** Begins anew: the service may not know the page any more where an earlier run has stopped. */
  #listAnew(): Promise<{ page: ApiKeyPage } | { stopped: Left }> {
    this.progress = beginning(this.#means.keep);
    this.isWhole = true;
    return this.#list(0);
  }

  /** Says if the broker's token is another than when the run began: then other keys have to be held back. */
  async #exchanged(): Promise<Left | undefined> {
    const { settings, own } = this.#means;
    if (typeof settings.connection.token !== "function") return undefined;
    const { text, error = new Error("the token was exchanged during the run") } = await ownToken(settings);
    return text === own.text ? undefined : { why: "token", keys: 0, error };
  }

  /** What is needed of a page's keys, without those to keep and those that are gone. */
  async #read({ apiKeys, totalSize }: ApiKeyPage): Promise<Listed[]> {
    const { settings, own, gone, budget } = this.#means;
    const { progress } = this;
    const keys: Listed[] = [];
    if ((totalSize ?? "") !== "") {
      // A number that cannot be read is one that no list is known to reach.
      const total = Number.isNaN(Number(totalSize)) ? Infinity : Number(totalSize);
      this.#total = Math.min(total, this.#total ?? total);
    }
    const held = new Set(progress.own.map(({ keyId }) => keyId));
    for (const key of apiKeys ?? []) {
      const read = await listed(key, settings, own.text, budget.serviceNow);
      if (!read) {
        this.#nameless += 1;
        progress.isClean = false;
        continue;
      }
      // Where keys come and go, the same one may stand on two pages.
      if (this.#listed.has(read.keyId)) continue;
      this.#listed.add(read.keyId);
      if (gone.has(read.keyId) || held.has(read.keyId)) continue;
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
    const { progress, brake } = this;
    const { budget } = this.#means;
    const keys = this.#withoutOwn(page);
    brake.weigh(keys);
    const goesUnasked = ({ isTooLong, member }: Listed): boolean =>
      isTooLong && (member === null || !brake.doubtsEnds);
    const [tooLong, others] = parted(keys, goesUnasked);
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
    for (const { key, standing } of found) brake.weighStanding(key, standing, budget.serviceNow);
    const going: Found[] = [];
    for (const one of found) {
      const { key, standing } = one;
      const isKnown = standing === "live" || (standing === "pending" && !key.isTooLong);
      if (isKnown && !(key.isTooLong && !brake.holdsLive)) {
        progress.known += 1;
        if (key.isTooLong) progress.isClean = false;
        if (standing === "pending")
          this.#pending.set(key.tag ?? "", (this.#pending.get(key.tag ?? "") ?? 0) + 1);
      } else if (standing === "unknown" && !key.isTooLong && brake.holdsEnding) progress.isClean = false;
      else going.push(one);
    }
    return left + (await this.#revoke(going));
  }

  /** The keys without those that may be the broker's token. */
  #withoutOwn(keys: Listed[]): Listed[] {
    const { own } = this.#means;
    const { progress } = this;
    // A key with a tag is none: the broker has made it for a member.
    const [tagged, others] = parted(keys, ({ member }) => member !== null);
    if (own.text !== undefined) return withoutOwn(progress, keys);
    this.#unmatched += others.length;
    if (others.length > 0) progress.isClean = false;
    return tagged;
  }

  /** What the ledger knows of a member's keys; nothing of those for which it does not answer. */
  async #standings({ member, keys }: Question): Promise<Found[]> {
    const { settings, budget, result } = this.#means;
    try {
      const standings = await budget.ask(() => settings.ledger.standings(member, keys.map(claimOf)));
      if (!isAnswer(standings, keys.length)) throw new TypeError("the ledger's answer is none");
      return keys.map((key, index) => ({ key, standing: standings[index] as Standing }));
    } catch (error) {
      for (const key of keys) {
        result.failed.push({ keyId: key.keyId, error });
        this.brake.weighStanding(key, undefined, budget.serviceNow);
      }
      this.progress.isClean = false;
      return [];
    }
  }

  /** Revokes keys. Returns how many are left because the budget is used up. */
  async #revoke(found: Found[]): Promise<number> {
    const standings = new Map(found.map(({ key, standing }) => [key, standing]));
    let left = standings.size;
    await each(
      mostDangerousFirst(standings.keys(), this.#means.budget.serviceNow),
      this.#isStopped,
      async (key) => {
        const standing = standings.get(key) ?? "unknown";
        const gone = await this.#delete(key.keyId, standing);
        if (gone !== undefined) left -= 1;
        if (standing !== "lost" || key.tag === null || key.member === null) return;
        const before = this.#lost.get(key.tag)?.gone ?? true;
        this.#lost.set(key.tag, { member: key.member, gone: before && gone === true });
      },
    );
    return left;
  }

  /** Deletes a key. Returns whether it is gone; undefined if the budget did not allow it. */
  async #delete(keyId: string, standing: Standing): Promise<boolean | undefined> {
    const { budget, gone, result } = this.#means;
    try {
      await deleteApiKey({ ...this.#call(), keyId });
      this.progress.isClean = false;
      gone.add(keyId);
      result.revoked.push(keyId);
      return true;
    } catch (error) {
      if (isMissing(error)) {
        // Its member has deleted it since it was listed. But a lost answer may have been that of our own.
        if (error.attempts > 1) result.revoked.push(keyId);
        gone.add(keyId);
        if (standing !== "revoked") this.progress.isClean = false;
        return true;
      }
      if (budget.stop) return undefined;
      result.failed.push({ keyId, error });
      this.progress.isClean = false;
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
    const { connection, pause } = settings;
    const theirs = token === undefined ? connection : { ...connection, token };
    return { ...budget.connection(theirs, pause), signal };
  }
}

/** A key, and what the ledger knows of it. */
interface Found {
  key: Listed;
  standing: Standing;
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
