// Makes the service's list and the ledger agree: what the ledger does not know is revoked. Each key's tag
// names the member to ask about; no list of all members is needed. A member whom the ledger cannot answer
// for keeps the keys: an outage must not end everybody's.

import { type ApiKey, deleteApiKey, listApiKeys } from "fireworks-keys";
import { asked, ATTEMPT } from "./keys.js";
import type { Claim, Standing } from "./ledger.js";
import { memberOf } from "./member.js";
import type { Settings } from "./options.js";

/** Options of `reconcile`. */
export interface ReconcileOptions {
  /** The ids of keys that stay although no member has them: the broker's own token above all. */
  keep?: readonly string[] | undefined;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

/** What `reconcile` has done. */
export interface Reconciliation {
  /** How many of the account's keys the ledger knows. */
  known: number;
  /** The ids of keys that it did not know, and that are deleted. */
  revoked: string[];
  /** The ids of keys that look like the broker's own token, and were spared: name them in `keep`. */
  spared: string[];
  /** What could not be looked at or deleted; the next run tries again. */
  failed: { keyId: string; error: unknown }[];
}

/** How many requests are under way at a time: as many as Cloudflare lets an invocation have. */
const AT_ONCE = 6;

/** A key of the account, and whose it says it is. */
interface Listed extends Claim {
  key: ApiKey;
}

/** @internal Lists the account's keys, asks the ledger, revokes. */
export async function reconcile(
  { connection, ledger }: Settings,
  { keep = [], signal }: ReconcileOptions,
): Promise<Reconciliation> {
  const result: Reconciliation = { known: 0, revoked: [], spared: [], failed: [] };
  const { token } = connection;
  const own = typeof token === "function" ? await token() : token;
  const call = { ...connection, signal };
  const kept = new Set(keep);
  const members = new Map<string, Listed[]>();
  const strangers: ApiKey[] = [];
  for await (const key of listApiKeys(call)) {
    if (kept.has(key.keyId)) continue;
    const attemptTag = key.annotations?.[ATTEMPT];
    const member = memberOf(attemptTag);
    if (member === undefined) strangers.push(key);
    else members.set(member, [...(members.get(member) ?? []), { keyId: key.keyId, attemptTag, key }]);
  }
  await each([...members], async ([member, listed]) => {
    try {
      const claims = listed.map(({ keyId, attemptTag }) => ({ keyId, attemptTag }));
      const standings = await asked(() => ledger.standings(member, claims));
      listed.forEach(({ key }, index) => {
        if (isKnown(standings[index])) result.known += 1;
        else strangers.push(key);
      });
    } catch (error) {
      for (const { keyId } of listed) result.failed.push({ keyId, error });
    }
  });
  // Those first that can still be used.
  strangers.sort((one, other) => endOf(other) - endOf(one));
  await each(strangers, async ({ keyId, prefix }) => {
    if (isPrefix(prefix, own)) {
      result.spared.push(keyId);
      return;
    }
    try {
      await deleteApiKey({ ...call, keyId, missingOk: true });
      result.revoked.push(keyId);
    } catch (error) {
      result.failed.push({ keyId, error });
    }
  });
  return result;
}

/** A mint that is under way is the ledger's business; whatever it is not sure of is nobody's. */
function isKnown(standing: Standing | undefined): boolean {
  return standing === "live" || standing === "pending";
}

function endOf({ expireTime }: ApiKey): number {
  return expireTime === undefined ? Infinity : Date.parse(expireTime);
}

/** Whether a key can be the token. To end it would end the broker. */
function isPrefix(prefix: string | undefined, token: string): boolean {
  return prefix !== undefined && prefix !== "" && token.startsWith(prefix);
}

/** Does something for each, a few at a time. */
async function each<Item>(items: Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
