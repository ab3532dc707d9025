// Identifies members by a signed token (JWT), which `jose` verifies with the issuer's keys.

import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from "jose";
import { notify } from "../settle.js";
import { remoteKeys } from "./jwks.js";

/** Options of `jwtAuthenticator`. */
export interface JwtOptions {
  /** The issuer's keys, or their URL: `https:`, or `http:` on this machine. */
  jwks: string | URL | JSONWebKeySet;
  /** The issuer that the token must name. */
  issuer: string;
  /** The audience that the token must name. */
  audience: string;
  /** The algorithms that the issuer signs with, such as `["RS256"]`. Shared-secret algorithms are refused. */
  algorithms: readonly string[];
  /** The claim that holds the member's id. @default "sub" */
  claim?: string | undefined;
  /** How far the issuer's clock may be off, in seconds, at most 300. @default 0 */
  clockTolerance?: number | undefined;
  /** The type that the token's header must have, such as `at+jwt`. @default any, or none */
  typ?: string | undefined;
  /** How long ago the token may have been issued, in seconds. @default as long as it has not expired */
  maxTokenAge?: number | undefined;
  /**
   * Called if the issuer's keys cannot be fetched anew, or if there are none any more. The last keys serve
   * until they are an hour old. @default its name and message on the console
   */
  onError?: ((error: unknown) => unknown) | undefined;
}

/** The algorithms whose verification key cannot sign. */
const ASYMMETRIC = /^(RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA|Ed25519)$/;

/** The largest clock tolerance, in seconds. A larger one would extend tokens' lifetimes too much. */
const MOST_TOLERANCE = 300;

/** The longest token that is read. Members' tokens are shorter. */
const LONGEST_TOKEN = 16_384;

/** The errors that mean that the token is wrong. After any other error, that is unknown. */
const WRONG = [
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

/**
 * Makes an `authenticate` for brokers, which reads the member's id from `Authorization: Bearer <JWT>`. It
 * always checks the issuer, the audience, the algorithm and the expiry. While the issuer's keys cannot be
 * fetched, the last ones serve, for an hour at most; without any it rejects. However many tokens name keys
 * that the issuer does not have, they cost one fetch in half a minute.
 */
export function jwtAuthenticator(options: JwtOptions): (request: Request) => Promise<string | undefined> {
  const { issuer, audience, algorithms, claim = "sub", clockTolerance = 0, ...more } = checked(options);
  const { jwks, typ, maxTokenAge, onError = log } = more;
  const keys = keySet(jwks, (error) => notify(onError, error));
  const demands = {
    issuer,
    audience,
    algorithms: [...algorithms],
    clockTolerance,
    requiredClaims: ["exp", claim],
    ...(typ !== undefined && { typ }),
    ...(maxTokenAge !== undefined && { maxTokenAge }),
  };
  return async (request) => {
    const token = bearer(request);
    if (token === undefined) return undefined;
    try {
      const { payload } = await verified(token, keys, demands);
      const member = payload[claim];
      return typeof member === "string" ? member : undefined;
    } catch (error) {
      if (WRONG.some((Wrong) => error instanceof Wrong)) return undefined;
      throw error;
    }
  };
}

/** Verifies a token. Where the set does not tell which of several keys has signed it, each is tried. */
async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  demands: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, demands);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, demands);
      } catch (cause) {
        if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause;
      }
    }
    throw error;
  }
}

function checked(options: JwtOptions): JwtOptions {
  const { jwks: _, issuer, audience, algorithms, claim, clockTolerance = 0, ...more } = options;
  const { typ, maxTokenAge, onError, ...others } = more;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`${unknown} is not an option of jwtAuthenticator`);
  if (typeof clockTolerance !== "number" || !(clockTolerance >= 0 && clockTolerance <= MOST_TOLERANCE)) {
    throw new TypeError(`clockTolerance must be a number of seconds, ${MOST_TOLERANCE} at the most`);
  }
  if (
    maxTokenAge !== undefined &&
    !(typeof maxTokenAge === "number" && maxTokenAge > 0 && maxTokenAge < 2 ** 32)
  ) {
    throw new TypeError("maxTokenAge must be a positive number of seconds");
  }
  if (onError !== undefined && typeof onError !== "function")
    throw new TypeError("onError must be a function");
  const texts = {
    issuer,
    audience,
    ...(claim !== undefined && { claim }),
    ...(typ !== undefined && { typ }),
  };
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value !== "string" || value === "") throw new TypeError(`${name} must be a text`);
  }
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    throw new TypeError("algorithms must name what the issuer signs with, such as RS256");
  }
  for (const algorithm of algorithms) {
    if (typeof algorithm !== "string" || !ASYMMETRIC.test(algorithm)) {
      throw new TypeError("algorithms must not hold none, nor one whose key is a shared secret");
    }
  }
  return options;
}

function keySet(jwks: JwtOptions["jwks"], onError: (error: unknown) => void): JWTVerifyGetKey {
  if (typeof jwks === "object" && !(jwks instanceof URL)) return createLocalJWKSet(jwks);
  const url = new URL(jwks);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(local && url.protocol === "http:")) {
    throw new TypeError("jwks must be https:, as whoever changes these keys is every member");
  }
  return remoteKeys(url, onError);
}

/** Only the name and the message, which hold nothing of a token: it is the fetch that has failed. */
function log(error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(typeof error);
  console.error(`jwtAuthenticator: ${name}: ${message}`);
}

function bearer(request: Request): string | undefined {
  const given = request.headers.get("authorization") ?? "";
  if (given.length > LONGEST_TOKEN) return undefined;
  return /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(given)?.[1];
}
