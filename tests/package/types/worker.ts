// Code that uses a broker on Cloudflare Workers under strict settings. It is compiled, never run.

import { createKeyBroker } from "fireworks-keys/broker";
import { durableLedger, type KeyLedger } from "fireworks-keys/broker/cloudflare";

export { KeyLedger } from "fireworks-keys/broker/cloudflare";

interface Env {
  FIREWORKS_API_KEY: string;
  MEMBER_SECRET: string;
  LEDGER: DurableObjectNamespace<KeyLedger>;
  UNTYPED: DurableObjectNamespace;
}

const broker = (env: Env) =>
  createKeyBroker({
    token: env.FIREWORKS_API_KEY,
    accountId: "acme",
    userId: "broker",
    authenticate: (request) => request.headers.get("x-member"),
    memberSecret: env.MEMBER_SECRET,
    allowedOrigins: ["https://app.example.com"],
    ledger: durableLedger(env.LEDGER),
  });

export default {
  fetch: (request, env, ctx) => broker(env).fetch(request, ctx),
  async scheduled(_controller, env) {
    await broker(env).reconcile({ keep: [] });
    durableLedger(env.UNTYPED);
    // @ts-expect-error A secret is not a namespace.
    durableLedger(env.MEMBER_SECRET);
  },
} satisfies ExportedHandler<Env>;
