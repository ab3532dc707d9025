// A member as the ledger and the keys' annotations know one: by a keyed hash of the id. Nobody can tell
// from it who that is, and it stays the same whatever becomes of the token.

const HASH = /^[0-9a-f]{64}$/;

/** The hash of members' ids under one secret. */
export class MemberHash {
  readonly #secret: Uint8Array<ArrayBuffer>;
  #key: CryptoKey | undefined;

  constructor(secret: string) {
    this.#secret = new TextEncoder().encode(secret);
  }

  /** HMAC-SHA-256, 64 hexadecimal digits. */
  async of(memberId: string): Promise<string> {
    // The key is kept, its promise is not: a worker's requests must not wait for one another's.
    this.#key ??= await crypto.subtle.importKey(
      "raw",
      this.#secret,
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const hash = await crypto.subtle.sign("HMAC", this.#key, new TextEncoder().encode(memberId));
    return hexadecimal(new Uint8Array(hash));
  }
}

/** A new tag of a mint, which names its member. */
export function attemptTagFor(member: string): string {
  return `${member}.${hexadecimal(crypto.getRandomValues(new Uint8Array(16)))}`;
}

/** The member that a tag names. A tag proves nothing: whoever holds a key can write any. */
export function memberOf(attemptTag: unknown): string | undefined {
  const [member, random, ...rest] = typeof attemptTag === "string" ? attemptTag.split(".") : [];
  return member && HASH.test(member) && random && rest.length === 0 ? member : undefined;
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
