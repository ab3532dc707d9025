// A ledger in memory, for a broker that runs in one process.

import type { Ledger } from "./ledger.js";
import type { Bucket, Memory, Row, Step } from "./rules.js";
import { draw, FULL, outdated, release, reserve, revoke, settle, standings } from "./rules.js";

/** How often members of whom nothing is left are dropped, in milliseconds. */
const TIDY_EVERY_MS = 60_000;

/**
 * A ledger in this process's memory. Its limits only hold within this process, and are lost when it ends.
 * After a restart, `reconcile()` recognises no key that was minted before: see `force`.
 */
export function memoryLedger(): Ledger {
  const members = new Map<string, MemberMemory>();
  let tidyAt = 0;
  const tidy = (now: number): void => {
    // The clock may have been set back since.
    if (now < tidyAt && tidyAt <= now + TIDY_EVERY_MS) return;
    for (const [member, memory] of members) if (memory.forget(now) === undefined) members.delete(member);
    tidyAt = now + TIDY_EVERY_MS;
  };
  const of = (member: string): MemberMemory => members.get(member) ?? new MemberMemory();
  /** Does a call, and keeps what it has to write. */
  const call = <Answer>(member: string, work: (memory: Memory, now: number) => Step<Answer>): Answer => {
    const now = Date.now();
    tidy(now);
    const memory = of(member);
    memory.forget(now);
    const step = work(memory, now);
    memory.write(step);
    if (step.row) members.set(member, memory);
    return step.answer;
  };
  return {
    reserve: async (member, mint, limits) =>
      call(member, (memory, now) => reserve(memory, mint, limits, now)),
    draw: async (member, tag, requests, limits) =>
      call(member, (memory, now) => draw(memory, tag, requests, limits, now)),
    settle: async (member, attemptTag, keyId, requests) =>
      call(member, (memory, now) => settle(memory, attemptTag, keyId, requests, now)),
    release: async (member, attemptTag, made, requests) =>
      call(member, (memory, now) => release(memory, attemptTag, made, requests, now)),
    revoke: async (member, keyId) => call(member, (memory) => revoke(memory, keyId)),
    standings: async (member, claims) => standings(of(member), claims, Date.now()),
  };
}

class MemberMemory implements Memory {
  readonly rows = new Map<string, Row>();
  bucket: Bucket = FULL;

  write({ row, bucket }: Step<unknown>): void {
    if (row) this.rows.set(row.tag, row);
    if (bucket) this.bucket = bucket;
  }

  /** Forgets the rows that are no longer needed, and returns when the next one is not. */
  forget(now: number): number | undefined {
    const { tags, next } = outdated(this, now);
    for (const tag of tags) this.rows.delete(tag);
    return next;
  }
}
