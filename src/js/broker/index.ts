// A broker: hands a product's members short-lived keys of their own, so that their prompts go straight to
// Fireworks and never through the product's server.

import { handle } from "./handler.js";
import type { WaitUntil } from "./keys.js";
import { type KeyBrokerOptions, read } from "./options.js";
import { type ReconcileOptions, type Reconciliation, reconcile } from "./reconcile.js";

export type { Duration } from "./duration.js";
export type { Claim, Ledger, Limits, Mint, Refusal, Standing } from "./ledger.js";
export { memoryLedger } from "./memory.js";
export type { KeyBrokerOptions, MaybeMember } from "./options.js";
export type { ProblemCode } from "./problem.js";
export type { ReconcileOptions, Reconciliation } from "./reconcile.js";

/** Anything that a runtime hands over beside a request, such as a worker's `env` and `ctx`. */
export type RuntimeContext =
  | { waitUntil(work: Promise<unknown>): unknown }
  | NonNullable<unknown>
  | null
  | undefined;

/** A broker of keys. */
export interface KeyBroker {
  /**
   * Answers a request: `POST /keys` mints, `DELETE /keys/{keyId}` revokes, `GET /health`. Never rejects.
   * Hand on what the runtime gives beside the request: the first of it that has a `waitUntil` keeps the
   * runtime alive for what goes on after the answer.
   */
  fetch(request: Request, ...context: RuntimeContext[]): Promise<Response>;
  /**
   * Revokes every key of the service account that the ledger does not know, but those named in `keep`.
   * Run it on a schedule: whoever holds a key can mint another that never ends, and until the next run
   * that works.
   */
  reconcile(options?: ReconcileOptions): Promise<Reconciliation>;
}

/** Makes a broker. Throws a `ValidationError` where the configuration is wrong. */
export function createKeyBroker(options: KeyBrokerOptions): KeyBroker {
  const settings = read(options);
  return {
    fetch: (request, ...context) => handle(settings, request, waitUntilOf(context)),
    reconcile: async (options = {}) => reconcile(settings, options),
  };
}

/** The `waitUntil` of a runtime's context, wherever it hands that over. */
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
        // The work goes on all the same, for as long as the runtime does.
      }
    })
  );
}
