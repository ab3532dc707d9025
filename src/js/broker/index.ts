// A broker gives each member of a product a short-lived key, so that the member's prompts go straight to
// Fireworks and never through the product's server.

import { handle } from "./handler.js";
import type { WaitUntil } from "./keys.js";
import { type KeyBrokerOptions, read } from "./options.js";
import { reconcile } from "./reconcile.js";
import type { ReconcileOptions, Reconciliation } from "./reconciliation.js";

export type { Duration } from "./duration.js";
export type { Claim, Ledger, Limits, Mint, Refusal, Reservation, Standing } from "./ledger.js";
export { memoryLedger } from "./memory.js";
export type { KeyBrokerOptions, MaybeMember } from "./options.js";
export type { ProblemCode } from "./problem.js";
export type { Left, ReconcileOptions, Reconciliation } from "./reconciliation.js";

/** Anything that a runtime passes along with a request, such as a worker's `env` and `ctx`. */
export type RuntimeContext =
  | { waitUntil(work: Promise<unknown>): unknown }
  | NonNullable<unknown>
  | null
  | undefined;

/** A broker of keys. */
export interface KeyBroker {
  /**
   * Answers a request: `POST /keys` mints a key, `DELETE /keys/{keyId}` revokes one, `GET /health` shows
   * that the broker runs. Never rejects. Pass on the runtime's other arguments: the first one that has a
   * `waitUntil` keeps the runtime alive for work that goes on after the answer.
   */
  fetch(request: Request, ...context: RuntimeContext[]): Promise<Response>;
  /**
   * Revokes every key of the service account that the ledger does not know, except for those in `keep`.
   * Run it on a schedule: a member with a key can use it to create another key that never ends. That key
   * works until the next run.
   */
  reconcile(options?: ReconcileOptions): Promise<Reconciliation>;
}

/** Makes a broker. Throws a `ValidationError` if the configuration is wrong. */
export function createKeyBroker(options: KeyBrokerOptions): KeyBroker;
export function createKeyBroker(...given: [KeyBrokerOptions]): KeyBroker {
  const settings = read(...given);
  return {
    fetch: (request, ...context) => handle(settings, request, waitUntilOf(context)),
    reconcile: async (options = {}, ...surplus: unknown[]) => reconcile(settings, options, ...surplus),
  };
}

/** The first `waitUntil` among the arguments that a runtime passes. */
function waitUntilOf(context: readonly RuntimeContext[]): WaitUntil {
  const able = context.find(
    (each): each is { waitUntil: NonNullable<WaitUntil> } =>
      typeof (each as { waitUntil?: unknown } | null | undefined)?.waitUntil === "function",
  );
  return (
    able &&
    ((work) => {
      try {
        able.waitUntil(work);
      } catch {
        // The work goes on anyway, for as long as the runtime does.
      }
    })
  );
}
