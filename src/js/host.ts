// The functions that the Rust code calls. An exception that crosses Rust leaves a promise pending forever,
// so these functions never throw and their promises always settle. The few that may throw say so, and Rust
// imports them with `catch`.

import type { Audit, AuditedKey } from "./finding.js";
import { redactIds, secretsOf } from "./redact.js";
import { settled, notify as tell } from "./settle.js";
import { Stop } from "./stop.js";
import type { CreatedApiKey, PendingRevocation, Rotation } from "./types.js";

export { baseOf } from "./address.js";
export { describeAnswer, describeList, isPage, itemOf } from "./answer.js";
export { field } from "./body.js";
export { toError } from "./errors.js";
export { isHeaderToken } from "./options.js";
export { fetchRepeats, livesOn } from "./platform.js";
export { bodyOf, headersOf, initOf, knowsCache, send, takesRequest } from "./request.js";
export { reasonOf } from "./stop.js";

/**
 * Gives an object a field of its own. An assignment would fail where `Object.prototype` is frozen and has a
 * field of this name, and would be lost on `__proto__`.
 */
export function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}

/** A time in milliseconds since 1970 as RFC 3339 text; undefined if it has none. */
export function timeText(ms: number): string | undefined {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** Milliseconds of a clock that never goes back. */
export function elapsedMs(): number {
  return performance.now();
}

/** Starts a {@link Stop}; `isLate` if no process is to live on for it. May throw: the caller's signal can. */
export function startStop(limitMs: number, caller: AbortSignal | undefined, isLate: boolean): Stop {
  return new Stop(limitMs, caller, isLate);
}

/** Calls the caller's function that returns the token. */
export function askToken(stop: Stop, token: () => unknown): Promise<unknown> {
  return stop.race(settled(token));
}

/** Tells a caller's listener of an event, with the tokens redacted. */
export function notify(
  listener: (event: unknown) => unknown,
  event: object,
  tokens: readonly string[],
): void {
  tell((each) => listener(redactIds(each, secretsOf(tokens))), event);
}

/** Whether one of the tokens begins with the prefix that the service shows for a key. */
export function anyBeginsWith(tokens: readonly string[], prefix: unknown): boolean {
  return typeof prefix === "string" && prefix !== "" && tokens.some((token) => token.startsWith(prefix));
}

/**
 * Calls the caller's function that stores the new key. A caller may return its store's response without
 * looking at it, so a response that is not ok counts as a failure.
 */
export async function callPersist(
  stop: Stop,
  persist: (created: unknown) => unknown,
  created: unknown,
): Promise<unknown> {
  const stored = await stop.race(settled(() => persist(created)));
  if ((stored as Partial<Response> | null | undefined)?.ok === false) throw new Error(NOT_OK);
  return stored;
}

const NOT_OK = "persist resolved to an answer that is not ok";

/** An audited key. */
export function audited(key: AuditedKey["key"], findings: AuditedKey["findings"]): AuditedKey {
  return { key, findings };
}

/** An audit. */
export function audit(keys: AuditedKey[], counts: Audit["counts"]): Audit {
  return { keys, counts };
}

/** A key that could not be revoked, and why. */
export function pending(keyId: string, error: PendingRevocation["error"]): PendingRevocation {
  return { keyId, error };
}

/** A rotation: the new key, and what became of the earlier ones. */
export function rotation(created: CreatedApiKey, revoked: string[], pending: PendingRevocation[]): Rotation {
  return { created, revoked, pending };
}
