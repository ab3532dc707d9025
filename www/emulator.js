// Asks the emulator that serves this page, and orders trouble from it.

import { clock } from "./clock.js";
import { parseTime } from "./time.js";

const TITLE = "Fireworks API keys, locally";

/** The account and the administrator's token of the demo's emulator. */
export const DEMO = { accountId: "local", token: "fw_local_admin" };

/**
 * Finds out whether an emulator serves this page, and whether it accepts fault rules. The emulator listens on
 * this machine only, so the page asks no other host. `heard` is what its clock said.
 */
export async function findEmulator() {
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
  const sent = clock.machine();
  const found = local && (await answers("/openapi.json", ({ info }) => info.title === TITLE));
  if (!found) return undefined;
  // The header holds whole seconds.
  const date = parseTime(found.headers.get("date"));
  const heard = [date === undefined ? undefined : date + 500, sent - 500, clock.machine() + 500];
  const faults = await answers("/_emulator/faults", ({ faults }) => Array.isArray(faults));
  return { faults: Boolean(faults), heard };
}

async function answers(path, right) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(5_000) });
    return response.ok && right(await response.json()) ? response : undefined;
  } catch {
    return undefined;
  }
}

/** Asks the emulator itself, under `/_emulator/`; rejects unless it does as it is asked. */
export async function ask(method, path, body) {
  const response = await fetch(`/_emulator/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.status === 204 ? undefined : response.json();
}
