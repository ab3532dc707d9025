// Asks the broker. A request is bounded in time, and its failure repeats nothing of what was sent.

import { KeyringError, type KeyringErrorCode } from "./error.js";
import { REQUEST_MS } from "./limits.js";
import type { Settings } from "./options.js";
import { until } from "./time.js";

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
  const send = async (): Promise<Body> => {
    const identity = typeof authorization === "function" ? await authorization() : authorization;
    const headers = new Headers(identity ? { authorization: identity } : {});
    code = "CONNECTION";
    // A revocation goes on when the page is left.
    const keepalive = method === "DELETE";
    const response = await fetch(broker + path, { method, headers, signal, redirect: "manual", keepalive });
    const { status } = response;
    const body: Body = Object(await response.json().catch(() => {}));
    if (status === expected) return body;
    throw new KeyringError("BROKER", `broker answered ${status}`, {
      status,
      problem: /^[a-z-]+$/.exec(body.code ?? "")?.[0],
      retryAfterMs: Math.max(Number(response.headers.get("retry-after")) * 1_000, 0) || 0,
    });
  };
  return until(signal, send()).catch((error) => {
    throw error instanceof KeyringError ? error : new KeyringError(code, `no ${code}`);
  });
}
