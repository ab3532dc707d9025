// A ledger for Cloudflare Workers: one Durable Object with SQLite for each member.

import { DurableObject } from "cloudflare:workers";
import type { Claim, Ledger, Limits, Mint, Refusal, Reservation, Standing } from "./ledger.js";
import type { Bucket, Memory, Row, Step } from "./rules.js";
import { draw, FULL, forgetAt, outdated, release, reserve, revoke, settle, standings } from "./rules.js";

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
    draw: async (member, tag, requests, limits) => of(member).draw(tag, requests, limits),
    settle: async (member, attemptTag, keyId, requests) => of(member).settle(attemptTag, keyId, requests),
    release: async (member, attemptTag, made, requests) => of(member).release(attemptTag, made, requests),
    revoke: async (member, keyId) => of(member).revoke(keyId),
    standings: async (member, claims) => of(member).standings(claims),
  };
}

/**
 * Stores one member's rows: for each mint, when its key ends and which key it made. It does not store the
 * member's id. An alarm deletes the rows that are no longer needed, and with the last one the whole storage.
 * Between calls the rows are kept in memory. Each call writes one statement, or nothing.
 */
export class KeyLedger extends DurableObject {
  /** See `Ledger.reserve`. */
  reserve(mint: Mint, limits: Limits): Promise<Reservation | Refusal> {
    return this.#call((memory, now) => reserve(memory, mint, limits, now));
  }

  /** See `Ledger.draw`. */
  draw(tag: string, requests: number, limits: Limits): Promise<Refusal | null> {
    return this.#call((memory, now) => draw(memory, tag, requests, limits, now));
  }

  /** See `Ledger.settle`. */
  settle(attemptTag: string, keyId: string, requests: number): Promise<boolean> {
    return this.#call((memory, now) => settle(memory, attemptTag, keyId, requests, now));
  }

  /** See `Ledger.release`. */
  release(attemptTag: string, made: boolean, requests: number): Promise<void> {
    return this.#call((memory, now) => release(memory, attemptTag, made, requests, now));
  }

  /** See `Ledger.revoke`. */
  revoke(keyId: string): Promise<void> {
    return this.#call((memory) => revoke(memory, keyId));
  }

  /** See `Ledger.standings`. */
  standings(claims: Claim[]): Standing[] {
    return standings(this.#stored, claims, Date.now());
  }

  /** The platform calls this when the alarm is due. */
  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    const next = this.#stored.forget(Date.now());
    if (next !== undefined) return this.#wake(next);
    // If this fails, the alarm comes again.
    await this.ctx.storage.deleteAll();
  }

  readonly #stored = new SqlMemory(this.ctx.storage.sql);
  /** When the alarm is due that this instance has set. */
  #alarmAt: number | undefined;

  /** Does a call. What it writes is on disk before its answer leaves the object. */
  async #call<Answer>(work: (memory: Memory, now: number) => Step<Answer>): Promise<Answer> {
    const { answer, row, bucket } = work(this.#stored, Date.now());
    if (row) {
      this.#stored.write(row, bucket);
      // Without an await in between, so that there is no row without an alarm.
      const next = forgetAt(row);
      if (next < (this.#alarmAt ?? Infinity)) await this.#wake(this.#stored.next(next));
    }
    return answer;
  }

  #wake(time: number): Promise<void> {
    this.#alarmAt = time;
    return this.ctx.storage.setAlarm(time);
  }
}

/** Runs an SQL statement and returns the rows that it finds. */
interface Sql {
  exec(query: string, ...values: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
}

/** The name of the row that holds the bucket. No tag is empty. */
const BUCKET = "";

/** What is remembered of a member, in memory and in a table. */
class SqlMemory implements Memory {
  readonly #sql: Sql;
  #hasTable: boolean | undefined;
  #rows: Map<string, Row> | undefined;
  #bucket = FULL;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.#read();
  }

  get bucket(): Bucket {
    this.#read();
    return this.#bucket;
  }

  /** Writes a row and the bucket in one statement. */
  write(row: Row, bucket = this.bucket): void {
    if (!this.#hasTable) {
      // Only before a write, so that an object that is merely read has no storage.
      this.#sql.exec(`CREATE TABLE IF NOT EXISTS ledger (
        tag TEXT PRIMARY KEY,
        forget_at REAL NOT NULL,
        body TEXT NOT NULL
      ) WITHOUT ROWID`);
      this.#hasTable = true;
    }
    this.#sql.exec(
      "INSERT OR REPLACE INTO ledger VALUES (?, ?, ?), (?, ?, ?)",
      ...[row.tag, forgetAt(row), JSON.stringify(row), BUCKET, 0, JSON.stringify(bucket)],
    );
    this.#read().set(row.tag, row);
    this.#bucket = bucket;
  }

  /** Deletes the rows that are no longer needed, and returns when the next one is not. */
  forget(now: number): number | undefined {
    const { tags, next } = outdated(this, now);
    if (tags.length > 0 && this.#hasTable)
      this.#sql.exec("DELETE FROM ledger WHERE tag <> ? AND forget_at <= ?", BUCKET, now);
    for (const tag of tags) this.#read().delete(tag);
    if (next === undefined) {
      // All storage is about to be deleted.
      this.#hasTable = false;
      this.#bucket = FULL;
    }
    return next;
  }

  /** When the next row is no longer needed. */
  next(latest: number): number {
    return [...this.#read().values()].reduce((next, row) => Math.min(next, forgetAt(row)), latest);
  }

  #read(): Map<string, Row> {
    if (this.#rows) return this.#rows;
    const named = "SELECT name FROM sqlite_master WHERE type = 'table'";
    const tables = new Set(this.#find(named).map(({ name }) => name));
    this.#hasTable = tables.has("ledger");
    const rows = new Map<string, Row>();
    if (tables.has("mints")) {
      for (const old of this.#find("SELECT * FROM mints")) {
        const row = upgraded(old);
        rows.set(row.tag, row);
      }
    }
    for (const { tag, body } of this.#hasTable ? this.#find("SELECT tag, body FROM ledger") : []) {
      if (tag === BUCKET) this.#bucket = JSON.parse(body as string) as Bucket;
      else rows.set(tag as string, JSON.parse(body as string) as Row);
    }
    this.#rows = rows;
    return rows;
  }

  #find(query: string): Record<string, unknown>[] {
    return this.#sql.exec(query).toArray();
  }
}

/** A row of the table that version 0.1.0 wrote. It is only read, and is deleted with the whole storage. */
function upgraded(old: Record<string, unknown>): Row {
  const { attempt_tag, key_id, minted_at, expires_at, settle_by, forget_at, revoked } = old;
  const minted = key_id === null ? "open" : "live";
  return {
    tag: attempt_tag as string,
    state: revoked === 1 ? "gone" : minted,
    keyId: key_id as string | null,
    notedAt: minted_at as number,
    endsAt: expires_at as number,
    livesUntil: expires_at as number,
    settleBy: settle_by as number,
    countsUntil: forget_at as number,
    requests: 0,
  };
}
