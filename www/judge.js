// Has the module's audit judge keys, some at a time, so that the page can answer in between. What one create
// made twice is seen only if its keys are judged together: those that share a tag are, once all are known.

import { clock } from "./clock.js";
import { withLineage } from "./lineage.js";
import { pause, pauses } from "./pause.js";
import { isYoung, ownerOf, recordOf, YOUNG } from "./records.js";
import { SOON } from "./scale.js";
import { DAY, parseTime } from "./time.js";

/** How many keys the module judges at a time. */
const SOME = 50;

/** A key that was not used for so long is stale; the same as the audit's default. */
const STALE = 90 * DAY;

const TAG = "fireworks-keys-attempt";
const SHARED = "shared-attempt";

export class Judge {
  #service;
  /**
   * By id: the key, the findings of it alone, and its record, which stays the same while nothing changes. A
   * `WeakMap` of thousands of keys would stop the page for longer whenever memory is cleared.
   */
  #known = new Map();
  /** When the first of the findings changes by the time alone. */
  #soonest = Infinity;

  constructor(service) {
    this.#service = service;
  }

  /** What is known of each key; judges those that the service has told of since. */
  async #judged(keys) {
    const now = clock.now();
    const isKnown = ({ key, until } = {}, asked) => key === asked && until > now;
    const unknown = keys.filter((key) => !isKnown(this.#known.get(key.keyId), key));
    if (this.isOld) this.#soonest = Infinity;
    const judged = new Map();
    const breathe = pauses();
    for (let from = 0; from < unknown.length; from += SOME) {
      const some = unknown.slice(from, from + SOME);
      const found = await this.#service.audit(some);
      for (const key of some) {
        const alone = (found.get(key.keyId) ?? []).filter(({ type }) => type !== SHARED);
        judged.set(key, { key, alone, until: nextTurn(key, now) });
      }
      await breathe();
    }
    return keys.map((key) => {
      const known = judged.get(key) ?? this.#known.get(key.keyId);
      this.#known.set(key.keyId, known);
      this.#soonest = Math.min(this.#soonest, known.until);
      return known;
    });
  }

  /** Whether the time has changed a finding. */
  get isOld() {
    return this.#soonest <= clock.now();
  }

  /** Forgets all findings, after the known time has changed. */
  forget() {
    this.#known.clear();
  }

  /** The records of some keys, without the findings that need all keys. */
  async recordsOf(keys, users) {
    const records = await this.#recordsOf(await this.#judged(keys), users, new Map());
    // Those who asked have them drawn, which is work enough by itself.
    await pause();
    return records;
  }

  /** The records of all keys. */
  async allRecordsOf(keys, users) {
    const all = await this.#judged(keys);
    const twins = sharingTags(keys);
    const shared = new Map();
    for (const [id, findings] of await this.#service.audit(twins))
      shared.set(
        id,
        findings.filter(({ type }) => type === SHARED),
      );
    const records = withLineage(await this.#recordsOf(all, users, shared));
    await pause();
    return records;
  }

  async #recordsOf(all, users, shared) {
    const { userId, accountId } = this.#service;
    const about = { userId, accountId, users };
    const now = clock.now();
    const records = [];
    const breathe = pauses();
    for (const known of all) {
      const { keyId, createTime } = known.key;
      const isNew = isYoung(parseTime(createTime), now);
      const alone = known.alone.filter(({ type }) => !isNew || type !== "never-used");
      records.push(recordBy(known, [...alone, ...(shared.get(keyId) ?? [])], about));
      if (records.length % SOME === 0) await breathe();
    }
    return records;
  }
}

/** When a key's findings change next by the time alone. */
function nextTurn({ createTime, expireTime, lastUsed }, now) {
  const [created, expires, used] = [createTime, expireTime, lastUsed].map(parseTime);
  const turns = [expires, expires - SOON, created + YOUNG, (used ?? created) + STALE];
  return Math.min(...turns.filter((turn) => turn > now));
}

/** The record of a key: the one that is known, or else a new one. */
function recordBy(known, findings, about) {
  const types = findings.map(({ type }) => type).join();
  if (known.types !== types || known.users !== about.users || !known.record) {
    const record = recordOf(known.key, findings, ownerOf(known.key, about));
    Object.assign(known, { record, types, users: about.users });
  }
  return known.record;
}

/** The keys whose tag another has, too. Whether one create made them is for the audit to say. */
function sharingTags(keys) {
  const byTag = new Map();
  for (const key of keys) {
    const tag = key.annotations?.[TAG];
    if (typeof tag === "string") byTag.set(tag, [...(byTag.get(tag) ?? []), key]);
  }
  return [...byTag.values()].filter(({ length }) => length > 1).flat();
}
