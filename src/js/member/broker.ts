// Asks the broker. A request is bounded in time, and its failure repeats nothing of what was sent.

import { KeyringError, type KeyringErrorCode } from "./error.js";
import type { Settings } from "./options.js";
import { LONGEST_TIMER_MS, until } from "./time.js";

/** How long the broker may take, in milliseconds: it waits for its sign-in, its ledger and the service. */
export const REQUEST_MS = 60_000;

/** What an answer may hold. */
interface Body {
  key?: string;
  keyId?: string;
  expireTime?: string;
  expiresInMs?: number;
  /** The code of a problem. */
  code?: string;
}

/** Sends the broker a request, and resolves to the body of the answer if it has this status. */
export async function ask(
  { broker, authorization, fetch }: Settings,
  method: string,
  path: string,
  expected: number,
): Promise<Body> {
  const signal = AbortSignal.timeout(REQUEST_MS);
  let code: KeyringErrorCode = "AUTHORIZATION";
  const send = async (): Promise<[Response, Body]> => {
    const identity = typeof authorization === "function" ? await authorization() : authorization;
    const headers = new Headers(identity ? { authorization: identity } : {});
    code = "CONNECTION";
    // A revocation goes on when the page is left.
    const keepalive = method === "DELETE";
    const response = await fetch(broker + path, { method, headers, signal, redirect: "manual", keepalive });
    return [response, Object(await response.json().catch(() => {}))];
  };
  const [{ status, headers }, body] = await until(signal, send()).catch(() => {
    throw new KeyringError(code, `keyring: no ${code}`);
  });
  if (status === expected) return body;
  const retryAfterMs = Number(headers.get("retry-after")) * 1_000;
  throw new KeyringError("BROKER", `keyring: the broker answered ${status}`, {
    status,
    problem: /^[a-z-]+$/.exec(body.code ?? "")?.[0],
    retryAfterMs: retryAfterMs > 0 ? Math.min(retryAfterMs, LONGEST_TIMER_MS) : 0,
  });
}
