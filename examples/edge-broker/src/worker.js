// A key broker on Cloudflare Workers, and the page that uses it.

import { env } from "cloudflare:workers";
import { createKeyBroker } from "fireworks-keys/broker";
import { durableLedger } from "fireworks-keys/broker/cloudflare";
import { jwtAuthenticator } from "fireworks-keys/broker/jwt";
import { signIn, testKeys } from "./sign-in.js";

export { KeyLedger } from "fireworks-keys/broker/cloudflare";

const words = (text = "") => text.split(" ").filter(Boolean);

const broker = createKeyBroker({
  token: env.FIREWORKS_API_KEY,
  accountId: env.FIREWORKS_ACCOUNT_ID,
  userId: env.FIREWORKS_USER_ID,
  baseUrl: env.FIREWORKS_BASE_URL, // if unset, Fireworks itself
  authenticate: jwtAuthenticator({
    jwks: testKeys(env) ?? env.JWKS_URL,
    issuer: env.ISSUER,
    audience: env.AUDIENCE,
    algorithms: words(env.ALGORITHMS),
  }),
  memberSecret: env.MEMBER_SECRET,
  lifetime: env.LIFETIME,
  limits: env.LIMITS,
  allowedOrigins: words(env.ALLOWED_ORIGINS),
  ledger: durableLedger(env.LEDGER),
});

export default {
  async fetch(request, env, ctx) {
    return (await signIn(request, env)) ?? broker.fetch(request, env, ctx);
  },

  async scheduled() {
    const done = await broker.reconcile({ keep: words(env.KEEP_KEY_IDS), token: env.RECONCILE_API_KEY });
    console.log(`reconciled: ${done.known} known, ${done.revoked.length} revoked`);
    for (const keyId of done.spared)
      console.warn(`${keyId} looks like the broker's own: is it in KEEP_KEY_IDS?`);
    for (const keyId of done.missing) console.error(`${keyId} of KEEP_KEY_IDS is gone`);
    for (const { keyId, error } of done.failed) console.error(`${keyId}: ${error.message}`);
    for (const { why, keys } of done.left ?? []) console.error(`not settled: ${why}, ${keys} keys are left`);
  },
};
