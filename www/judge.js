// Has the module's audit judge keys, some at a time, so that the page can answer in between. What one create
// made twice is seen only if its keys are judged together: those that share a tag are, once all are known.

import { clock } from "./clock.js";
import { withLineage } from "./lineage.js";
import { isYoung, ownerOf, recordOf } from "./records.js";
import { parseTime } from "./time.js";

/** How many keys are judged, or made into records, without a pause. */
const SOME = 250;

const TAG = "fireworks-keys-attempt";
const SHARED = "shared-attempt";

/** Lets the page react to the user before the work goes on. */
export function pause() {
  return globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}

export class Judge {
  #service;
  /** The findings of each key by itself. */
  #alone = new WeakMap();
  /** The record of each key, which stays the same while nothing about it changes. */
  #records = new WeakMap();

  constructor(service) {
    this.#service = service;
  }

  /** Judges keys that were not judged yet. */
  async judge(keys) {
    const unknown = keys.filter((key) => !this.#alone.has(key));
    for (let from = 0; from < unknown.length; from += SOME) {
      const some = unknown.slice(from, from + SOME);
      const found = await this.#service.audit(some);
      for (const key of some)
        this.#alone.set(
          key,
          (found.get(key.keyId) ?? []).filter(({ type }) => type !== SHARED),
        );
      await pause();
    }
  }

  /** Forgets all findings, after the known time has changed. */
  forget() {
    this.#alone = new WeakMap();
  }

  /** The records of some keys, without the findings that need all keys. */
  async recordsOf(keys, users) {
    await this.judge(keys);
    return this.#recordsOf(keys, users, new Map());
  }

  /** The records of all keys. */
  async allRecordsOf(keys, users) {
    await this.judge(keys);
    const twins = sharingTags(keys);
    const shared = new Map();
    for (const [id, findings] of await this.#service.audit(twins))
      shared.set(
        id,
        findings.filter(({ type }) => type === SHARED),
      );
    return withLineage(await this.#recordsOf(keys, users, shared));
  }

  async #recordsOf(keys, users, shared) {
    const { userId, accountId } = this.#service;
    const about = { userId, accountId, users };
    const now = clock.now();
    const records = [];
    for (const key of keys) {
      const isNew = isYoung(parseTime(key.createTime), now);
      const alone = (this.#alone.get(key) ?? []).filter(({ type }) => !isNew || type !== "never-used");
      const findings = [...alone, ...(shared.get(key.keyId) ?? [])];
      records.push(this.#recordOf(key, findings, about));
      if (records.length % (2 * SOME) === 0) await pause();
    }
    return records;
  }

  #recordOf(key, findings, about) {
    const known = this.#records.get(key);
    const types = findings.map(({ type }) => type).join();
    if (known?.types === types && known.users === about.users) return known.record;
    const record = recordOf(key, findings, ownerOf(key, about));
    this.#records.set(key, { record, types, users: about.users });
    return record;
  }
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
