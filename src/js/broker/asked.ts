// Asks the ledger, which may be remote, with a time limit.

import { Problem, retryAfter } from "./problem.js";
import { within } from "./within.js";

/** How long the ledger may take, in milliseconds. */
export const LEDGER_MS = 10_000;

/** How long a member should wait if nothing else is known, in milliseconds. */
export const LATER_MS = 5_000;

/** Asks the ledger. Rejects with a problem if it does not answer in time. */
export async function asked<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  return within(LEDGER_MS, "the ledger", question).catch((cause: unknown) => {
    throw new Problem(503, "unavailable", "This cannot be done now.", {
      headers: retryAfter(LATER_MS),
      cause,
    });
  });
}
