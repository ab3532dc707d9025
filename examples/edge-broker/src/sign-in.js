// Lets anyone sign in as any member, so that you can try the example without an identity provider. It works
// only if TEST_SIGNING_KEY, a private JWK, is set: never set it for a broker that others can reach.

import { importJWK, SignJWT } from "jose";

/** The public half of the test key, if there is one. */
export function testKeys({ TEST_SIGNING_KEY: key }) {
  if (!key) return undefined;
  const { d, ...publicKey } = JSON.parse(key);
  return { keys: [publicKey] };
}

/** Answers `POST /sign-in?member=…` with a token for that member, and where the demo's models are. */
export async function signIn(request, env) {
  const { TEST_SIGNING_KEY: key, ISSUER, AUDIENCE, ALGORITHMS, INFERENCE_URL: inference } = env;
  const url = new URL(request.url);
  if (!key || request.method !== "POST" || url.pathname !== "/sign-in") return undefined;
  // A page of another origin could send this request, but could not read the answer.
  const token = await new SignJWT()
    .setProtectedHeader({ alg: ALGORITHMS })
    .setSubject(url.searchParams.get("member") || "somebody")
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importJWK(JSON.parse(key), ALGORITHMS));
  return Response.json({ token, inference }, { headers: { "cache-control": "no-store" } });
}
