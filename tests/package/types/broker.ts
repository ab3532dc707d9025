// Code that uses a broker under strict settings. It is compiled, never run.

import {
  createKeyBroker,
  type KeyBroker,
  type Ledger,
  memoryLedger,
  type Reconciliation,
} from "fireworks-keys/broker";
import { jwtAuthenticator } from "fireworks-keys/broker/jwt";

const broker: KeyBroker = createKeyBroker({
  token: async () => "fw_x",
  accountId: "acme",
  userId: "broker",
  authenticate: jwtAuthenticator({
    jwks: new URL("https://login.example.com/jwks.json"),
    issuer: "https://login.example.com/",
    audience: "broker",
    algorithms: ["RS256"],
    typ: "at+jwt",
    maxTokenAge: 3_600,
    onError: (error) => console.error(error),
  }),
  memberSecret: "x".repeat(32),
  lifetime: { max: "10m", default: 300 },
  limits: { mints: 10, live: 2 },
  allowedOrigins: ["https://app.example.com"],
  ledger: memoryLedger(),
});

const own: Ledger = {
  reserve: async (_member, mint, limits) =>
    mint.lifetimeMs > limits.windowMs ? { endsAt: 1_000 } : { limit: "live", retryAfterMs: 1 },
  draw: async (_member, _tag, requests, limits) =>
    requests > limits.requests ? { limit: "requests", retryAfterMs: 1 } : null,
  settle: async () => true,
  release: async () => {},
  revoke: async () => {},
  standings: async (_member, claims) => claims.map(() => "unknown"),
};

export async function use(request: Request): Promise<Response> {
  const first: Reconciliation = await broker.reconcile({ keep: ["k"], maxRequests: 45, maxTime: "5m" });
  const done = await broker.reconcile({
    cursor: first.cursor,
    force: first.left?.[0]?.why === "unrecognised",
  });
  done.failed.map(({ keyId }) => keyId);
  await broker.fetch(request);
  await broker.fetch(request, {}, undefined);
  return broker.fetch(request, { waitUntil: (work) => void work.then() });
}

export function wrong(): void {
  // @ts-expect-error A broker needs a ledger and `authenticate`.
  createKeyBroker({ token: "fw_x", accountId: "acme", userId: "broker", allowedOrigins: [] });
  // @ts-expect-error A misspelt option.
  createKeyBroker({ ledger: own, limts: {} });
  // @ts-expect-error The algorithms are required.
  jwtAuthenticator({ jwks: "https://login.example.com/", issuer: "i", audience: "a" });
}
