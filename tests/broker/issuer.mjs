// An identity provider: signs valid and invalid tokens for members, and serves its keys.

import { once } from "node:events";
import { createServer } from "node:http";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";

const ALGORITHM = "ES256";

/** Starts an identity provider that issues tokens for this audience. */
export async function startIssuer(audience = "broker") {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const other = await generateKeyPair(ALGORITHM, { extractable: true });
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid: "one", alg: ALGORITHM, use: "sig" };
  const server = createServer((_, response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ keys: [publicKey] })),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const settings = { jwks: `${url}/jwks.json`, issuer: "https://login.example/", audience };
  const now = () => Math.floor(Date.now() / 1_000);

  const claims = (member, change = {}) => {
    const { issuer: iss, audience: aud } = settings;
    // Longer than a busy machine takes for any test.
    return { sub: member, iss, aud, iat: now(), exp: now() + 86_400, ...change };
  };
  const sign = (payload, { header = {}, key = pair.privateKey } = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: ALGORITHM, kid: "one", ...header }).sign(key);

  /** A valid token. */
  const tokenFor = (member) => sign(claims(member));

  /** Tokens that the broker must refuse, by what is wrong with them. */
  async function wrongTokens(member) {
    const good = await tokenFor(member);
    const [head, , signature] = good.split(".");
    const forged = Buffer.from(JSON.stringify(claims("somebody-else"))).toString("base64url");
    const secretOf = async (text) => new TextEncoder().encode(await text);
    const symmetric = async (secret) =>
      new SignJWT(claims(member))
        .setProtectedHeader({ alg: "HS256", kid: "one" })
        .sign(await secretOf(secret));
    const byOther = (header) => sign(claims(member), { key: other.privateKey, header });
    const { issuer: iss, audience: aud } = settings;
    return {
      "no token": undefined,
      "another scheme": `Basic ${good}`,
      "no JWT": "Bearer something",
      "expired": `Bearer ${await sign(claims(member, { exp: now() - 1 }))}`,
      "without an expiry": `Bearer ${await sign({ sub: member, iss, aud })}`,
      "not valid yet": `Bearer ${await sign(claims(member, { nbf: now() + 60 }))}`,
      "for another audience": `Bearer ${await sign(claims(member, { aud: "another" }))}`,
      "of another issuer": `Bearer ${await sign(claims(member, { iss: "https://evil.example/" }))}`,
      "without a subject": `Bearer ${await sign(claims(undefined))}`,
      "with an empty subject": `Bearer ${await sign(claims(""))}`,
      "with a number as its subject": `Bearer ${await sign(claims(7))}`,
      "signed by another key": `Bearer ${await sign(claims(member), { key: other.privateKey })}`,
      "signed by a key that nobody knows": `Bearer ${await byOther({ kid: "two" })}`,
      "that brings its own key": `Bearer ${await byOther({ jwk: await exportJWK(other.publicKey) })}`,
      "with another payload": `Bearer ${head}.${forged}.${signature}`,
      "without its signature": `Bearer ${head}.${good.split(".")[1]}.`,
      "alg none": `Bearer ${new UnsecuredJWT(claims(member)).encode()}`,
      "HMAC with the public key as PEM": `Bearer ${await symmetric(exportSPKI(pair.publicKey))}`,
      "HMAC with the public key as JWK": `Bearer ${await symmetric(JSON.stringify(publicKey))}`,
      "longer than any": `Bearer ${await sign(claims(member, { filler: "a".repeat(15_000) }))}`,
    };
  }

  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { ...settings, algorithm: ALGORITHM, tokenFor, wrongTokens, stop };
}
