// A member as the ledger and the keys' annotations know one: by a keyed hash of the id. Nobody can tell
// from it who that is, and it stays the same whatever becomes of the token.

/** What a tag looks like: the member, chance, and the proof that the broker made it. */
const TAG = /^([0-9a-f]{32})\.[0-9a-f]{32}\.[0-9a-f]{32}$/;

/** Names members, under one secret. */
export class Members {
  readonly #secret: Uint8Array<ArrayBuffer>;
  #key: CryptoKey | undefined;

  constructor(secret: string) {
    this.#secret = new TextEncoder().encode(secret);
  }

  /** What a member is known by: 128 bits, 32 hexadecimal digits. */
  hash(memberId: string): Promise<string> {
    return this.#mac("member", memberId);
  }

  /** A new tag of a mint, which names its member. */
  async tag(member: string): Promise<string> {
    const random = hexadecimal(crypto.getRandomValues(new Uint8Array(16)));
    return `${member}.${random}.${await this.#mac("tag", `${member}.${random}`)}`;
  }

  /**
   * The member that a tag names, if the broker made it. Whoever holds a key can read and copy the tags of
   * others; none can make up one, so that no more members are asked about than there are.
   */
  async of(tag: unknown): Promise<string | undefined> {
    const [text, member] = (typeof tag === "string" && TAG.exec(tag)) || [];
    if (text === undefined || member === undefined) return undefined;
    const proof = text.lastIndexOf(".");
    // It is no secret what is compared: the service shows all tags to whoever can send one.
    return text.slice(proof + 1) === (await this.#mac("tag", text.slice(0, proof))) ? member : undefined;
  }

  /** HMAC-SHA-256, its first half. */
  async #mac(purpose: string, text: string): Promise<string> {
    // The key is kept, its promise is not: a worker's requests must not wait for one another's.
    this.#key ??= await crypto.subtle.importKey(
      "raw",
      this.#secret,
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const bytes = new TextEncoder().encode(`${purpose}:${text}`);
    const mac = await crypto.subtle.sign("HMAC", this.#key, bytes);
    return hexadecimal(new Uint8Array(mac, 0, 16));
  }
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
