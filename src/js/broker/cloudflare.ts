// A ledger for Cloudflare Workers: one Durable Object with SQLite for each member.

import { DurableObject } from "cloudflare:workers";
import {
  type Claim,
  forget,
  type Ledger,
  type Limits,
  type Mint,
  type Refusal,
  type Row,
  type Rows,
  reserve,
  revoke,
  type Standing,
  settle,
  standings,
} from "./ledger.js";

/** A binding to `KeyLedger`, such as `env.LEDGER`. */
export interface LedgerNamespace {
  idFromName(name: string): object;
  get(id: never): object;
}

/**
 * A ledger with one Durable Object for each member. Limits hold across isolates, locations and restarts,
 * and no mint waits for another member's. Export `KeyLedger` from the worker's main module and bind it as a
 * class with SQLite.
 */
export function durableLedger(namespace: LedgerNamespace): Ledger {
  if (typeof namespace?.idFromName !== "function") {
    throw new TypeError("durableLedger needs the binding of KeyLedger: is it in wrangler.toml?");
  }
  const of = (member: string): KeyLedger =>
    namespace.get(namespace.idFromName(member) as never) as unknown as KeyLedger;
  return {
    reserve: async (member, mint, limits) => of(member).reserve(mint, limits),
    settle: async (member, attemptTag, keyId, expiresAt) => of(member).settle(attemptTag, keyId, expiresAt),
    release: async (member, attemptTag) => of(member).release(attemptTag),
    revoke: async (member, keyId) => of(member).revoke(keyId),
    standings: async (member, claims) => of(member).standings(claims),
  };
}

/**
 * Stores one member's rows: for each mint, when its key ends and which key it made. It does not store the
 * member's id. An alarm deletes the rows that are no longer needed, and with the last one the whole storage.
 */
export class KeyLedger extends DurableObject {
  /** See `Ledger.reserve`. */
  async reserve(mint: Mint, limits: Limits): Promise<Refusal | undefined> {
    this.#rows.create();
    const refusal = reserve(this.#rows, mint, limits, Date.now());
    await this.#wake();
    return refusal;
  }

  /** See `Ledger.settle`. */
  settle(attemptTag: string, keyId: string, expiresAt: number): boolean {
    return settle(this.#rows, attemptTag, keyId, expiresAt);
  }

  /** See `Ledger.release`. */
  release(attemptTag: string): void {
    this.#rows.delete(attemptTag);
  }

  /** See `Ledger.revoke`. */
  revoke(keyId: string): void {
    revoke(this.#rows, keyId);
  }

  /** See `Ledger.standings`. */
  standings(claims: Claim[]): Standing[] {
    return standings(this.#rows.all(), claims, Date.now());
  }

  /** The platform calls this when the alarm is due. */
  override async alarm(): Promise<void> {
    const next = forget(this.#rows, Date.now());
    if (next !== undefined) return this.ctx.storage.setAlarm(next);
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  readonly #rows = new SqlRows(this.ctx.storage.sql);

  /** Sets an alarm if there are rows and none is set. */
  async #wake(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    const times = this.#rows.all().map(({ forgetAt }) => forgetAt);
    if (times.length > 0) await this.ctx.storage.setAlarm(Math.min(...times));
  }
}

/** Runs an SQL statement and returns the rows that it finds. */
interface Sql {
  exec(query: string, ...values: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
}

class SqlRows implements Rows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Called only before a write, so that an object that is merely read has no storage. */
  create(): void {
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS mints (
      attempt_tag TEXT PRIMARY KEY,
      key_id TEXT,
      minted_at REAL NOT NULL,
      expires_at REAL NOT NULL,
      settle_by REAL NOT NULL,
      forget_at REAL NOT NULL,
      revoked INTEGER NOT NULL
    ) WITHOUT ROWID`);
  }

  all(): Row[] {
    if (!this.#exists()) return [];
    return this.#sql
      .exec("SELECT * FROM mints")
      .toArray()
      .map((row) => ({
        attemptTag: row.attempt_tag as string,
        keyId: row.key_id as string | null,
        mintedAt: row.minted_at as number,
        expiresAt: row.expires_at as number,
        settleBy: row.settle_by as number,
        forgetAt: row.forget_at as number,
        revoked: row.revoked === 1,
      }));
  }

  put({ attemptTag, keyId, mintedAt, expiresAt, settleBy, forgetAt, revoked }: Row): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO mints VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[attemptTag, keyId, mintedAt, expiresAt, settleBy, forgetAt, revoked ? 1 : 0],
    );
  }

  delete(attemptTag: string): void {
    if (this.#exists()) this.#sql.exec("DELETE FROM mints WHERE attempt_tag = ?", attemptTag);
  }

  #exists(): boolean {
    const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'mints'";
    return this.#sql.exec(table).toArray().length > 0;
  }
}
