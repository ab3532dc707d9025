// A ledger in Redis, for a broker that runs in more than one process. Each call is one script, and each
// member one hash.

import { notify } from "../settle.js";
import { type Durability, redisDurability } from "./durability.js";
import type { Claim, Ledger, Limits, Refusal, Standing } from "./ledger.js";
import script from "./redis.lua";

export { type Durability, redisDurability } from "./durability.js";

/**
 * Sends one command to Redis, and resolves to its reply. It rejects if Redis answers with an error; the
 * error's message contains Redis's words. `key` is the key that the command is about, for clients of a
 * cluster that do not find it by themselves; it is undefined for a command that is about none.
 */
export type RedisSend = (args: RedisCommand, key: string | undefined) => Promise<unknown>;

/** A command's name and its arguments. */
export type RedisCommand = [command: string, ...args: string[]];

/** Options of `redisLedger`. */
export interface RedisLedgerOptions {
  /** What the names of the ledger's keys begin with. @default "fireworks-keys:" */
  prefix?: string | undefined;
  /**
   * Called once, when Redis has answered for the first time: whether it keeps what is written.
   * @default a warning on the console, unless Redis says that it keeps everything
   */
  onDurability?: ((durability: Durability) => unknown) | undefined;
}

/**
 * A ledger in Redis. Limits hold across all processes that use the same Redis and the same `memberSecret`.
 * All times are Redis's own. A command may be sent again, as clients do after a reconnect: it counts once.
 */
export function redisLedger(send: RedisSend, options: RedisLedgerOptions = {}): Ledger {
  if (typeof send !== "function") {
    throw new TypeError(
      "redisLedger needs a function that sends a command, such as (args) => client.sendCommand(args)",
    );
  }
  const { prefix, onDurability } = read(options);
  let isKnown = false;
  let sha: string | undefined;

  /** Runs the script for one call about a member. Each argument is a text or a number. */
  const call = async (member: string, name: string, ...given: (string | number)[]): Promise<unknown[]> => {
    const key = prefix + member;
    const args = ["1", key, name, ...given.map((value) => textOf(value, name))];
    sha ??= await sha1(script);
    let reply: unknown;
    try {
      reply = replyOf(await send(["EVALSHA", sha, ...args], key));
    } catch (error) {
      if (!isNoScript(error)) throw error;
      // It has restarted, or has never seen the script.
      reply = replyOf(await send(["EVAL", script, ...args], key));
    }
    if (!Array.isArray(reply)) throw unexpected(name, reply);
    if (!isKnown) {
      isKnown = true;
      redisDurability(send).then((durability) => notify(onDurability, durability));
    }
    return reply;
  };

  return {
    reserve: async (member, mint, limits) => {
      const { attemptTag, lifetimeMs, aheadMs, settleMs, requests } = mint;
      const durations = [lifetimeMs, aheadMs, settleMs, requests];
      const reply = await call(member, "reserve", attemptTag, ...durations, ...textsOf(limits));
      if (reply[0] !== "noted") return refusalOf("reserve", reply);
      return { endsAt: numberOf("reserve", reply[1]) };
    },
    draw: async (member, tag, requests, limits) => {
      const reply = await call(member, "draw", tag, requests, ...textsOf(limits));
      return reply[0] === "drawn" ? null : refusalOf("draw", reply);
    },
    settle: async (member, attemptTag, keyId, requests) => {
      const [settled] = await call(member, "settle", attemptTag, JSON.stringify(keyId), requests);
      if (settled !== "settled" && settled !== "late") throw unexpected("settle", settled);
      return settled === "settled";
    },
    release: async (member, attemptTag, made, requests) => {
      const [released] = await call(member, "release", attemptTag, made ? "made" : "unmade", requests);
      if (released !== "released") throw unexpected("release", released);
    },
    revoke: async (member, keyId) => {
      const [revoked] = await call(member, "revoke", JSON.stringify(keyId));
      if (revoked !== "revoked") throw unexpected("revoke", revoked);
    },
    standings: async (member, claims) => {
      if (claims.length === 0) return [];
      const standings = await call(member, "standings", ...claims.flatMap(claimed));
      if (standings.length !== claims.length || !standings.every(isStanding)) {
        throw unexpected("standings", standings);
      }
      return standings;
    },
  };
}

/** Reads the options. The first wrong one is the error. */
function read(options: RedisLedgerOptions): { prefix: string; onDurability: (found: unknown) => unknown } {
  if (typeof options !== "object" || options === null)
    throw new TypeError("redisLedger: options must be an object");
  const { prefix = "fireworks-keys:", onDurability = warn, ...others } = options;
  const [surplus] = Object.keys(others);
  if (surplus !== undefined) throw new TypeError(`redisLedger has no option ${surplus}`);
  if (typeof prefix !== "string") throw new TypeError("redisLedger: prefix must be a string");
  if (typeof onDurability !== "function") throw new TypeError("redisLedger: onDurability must be a function");
  return { prefix, onDurability: onDurability as (found: unknown) => unknown };
}

function warn({ verdict, reasons }: Durability): void {
  if (verdict !== "keeps") console.warn(`fireworks-keys/broker/redis: ${reasons.join("; ")}`);
}

const textsOf = ({ mints, windowMs, live, requests }: Limits): number[] => [mints, windowMs, live, requests];

/** A claim as the script takes it: an id is kept as JSON, so that there is none that is empty. */
const claimed = ({ keyId, attemptTag, endsAt }: Claim): (string | number)[] => [
  JSON.stringify(keyId),
  attemptTag ?? "",
  endsAt ?? "",
];

/** An argument as it is sent. The script could not tell what is no number from what is not known. */
function textOf(value: string | number, call: string): string {
  if (typeof value === "string" || Number.isFinite(value)) return String(value);
  throw new TypeError(`${call}: ${String(value)} is neither a text nor a finite number`);
}

/** A reply that some clients hand over where others reject. */
function replyOf(reply: unknown): unknown {
  if (reply instanceof Error) throw reply;
  return reply;
}

/** Whether Redis does not know the script. Clients wrap its words differently. */
function isNoScript(error: unknown): boolean {
  return String((error as { message?: unknown } | null | undefined)?.message ?? error).includes("NOSCRIPT");
}

function refusalOf(call: string, reply: unknown[]): Refusal {
  const [refused, limit, retryAfterMs] = reply;
  if (refused !== "refused" || !isLimit(limit)) throw unexpected(call, reply);
  return { limit, retryAfterMs: numberOf(call, retryAfterMs) };
}

const isLimit = (limit: unknown): limit is Refusal["limit"] =>
  limit === "mints" || limit === "live" || limit === "requests";

const STANDINGS: readonly unknown[] = ["live", "revoked", "pending", "lost", "unknown"] satisfies Standing[];

const isStanding = (standing: unknown): standing is Standing => STANDINGS.includes(standing);

/** A number that arrives as text, unless a client on the way has read it. */
function numberOf(call: string, value: unknown): number {
  const isText = typeof value === "string" && /^-?\d+(\.\d+)?(e\+?\d+)?$/.test(value);
  const number = isText ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) throw unexpected(call, value);
  return number;
}

/** The error for a reply that the script does not give. It repeats nothing of the reply. */
function unexpected(call: string, reply: unknown): TypeError {
  const kind = Array.isArray(reply) ? "another list" : reply === null ? "null" : `of type ${typeof reply}`;
  const hint = "send must resolve to Redis's reply as it is, and reject if that is an error";
  return new TypeError(`the reply to ${call} is ${kind}: ${hint}`);
}

/** What Redis calls a script by. */
async function sha1(text: string): Promise<string> {
  const sum = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
