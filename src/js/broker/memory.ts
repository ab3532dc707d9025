// A ledger in memory, for a broker that runs in one process.

import { forget, type Ledger, type Row, type Rows, reserve, revoke, settle, standings } from "./ledger.js";

/** How often members without rows are dropped, in milliseconds. */
const TIDY_EVERY_MS = 60_000;

/**
 * A ledger in this process's memory. Its limits only hold within this process, and are lost when it ends.
 * After a restart, `reconcile()` revokes the keys that were minted before.
 */
export function memoryLedger(): Ledger {
  const members = new Map<string, MemoryRows>();
  let tidyAt = 0;
  const rowsOf = (member: string): MemoryRows => members.get(member) ?? new MemoryRows();
  return {
    async reserve(member, mint, limits) {
      const now = Date.now();
      if (now >= tidyAt) {
        for (const [name, rows] of members) {
          if (forget(rows, now) === undefined) members.delete(name);
        }
        tidyAt = now + TIDY_EVERY_MS;
      }
      const rows = rowsOf(member);
      members.set(member, rows);
      return reserve(rows, mint, limits, now);
    },
    settle: async (member, attemptTag, keyId, expiresAt) =>
      settle(rowsOf(member), attemptTag, keyId, expiresAt),
    release: async (member, attemptTag) => rowsOf(member).delete(attemptTag),
    revoke: async (member, keyId) => revoke(rowsOf(member), keyId),
    standings: async (member, claims) => standings(rowsOf(member).all(), claims, Date.now()),
  };
}

class MemoryRows implements Rows {
  readonly #rows = new Map<string, Row>();

  all(): Row[] {
    return [...this.#rows.values()];
  }

  put(row: Row): void {
    this.#rows.set(row.attemptTag, row);
  }

  delete(attemptTag: string): void {
    this.#rows.delete(attemptTag);
  }
}
