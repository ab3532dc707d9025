// An audit, as the module puts it together.

import type { Audit, AuditedKey, Finding } from "./types.js";

/** A key and what was found of it. */
export function audited(key: AuditedKey["key"], findings: Finding[]): AuditedKey {
  return { key, findings };
}

/** The keys and how many each finding is about. */
export function audit(keys: AuditedKey[], counts: Audit["counts"]): Audit {
  return { keys, counts };
}
