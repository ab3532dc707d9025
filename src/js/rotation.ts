// A rotation, as the module puts it together.

import type { CreatedApiKey, PendingRevocation, Rotation } from "./types.js";

/** A key that could not be revoked, and why. */
export function pending(keyId: string, error: PendingRevocation["error"]): PendingRevocation {
  return { keyId, error };
}

/** The new key, and what became of those before it. */
export function rotation(created: CreatedApiKey, revoked: string[], pending: PendingRevocation[]): Rotation {
  return { created, revoked, pending };
}
