// Hashes members' ids with a key for the ledger and the keys' annotations. The hash does not reveal who the
// member is, and it does not change when the token does.

/** A tag's three parts: the member, random bits, and the proof that the broker made it. */
const TAG = /^([0-9a-f]{32})\.[0-9a-f]{32}\.[0-9a-f]{32}$/;

/** Hashes members' ids and makes their tags. */
export class Members {
  readonly #secrets: readonly Secret[];
  readonly #first: Secret;

  /** The first secret makes hashes and tags, and all of them recognise these. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => new Secret(secret));
    this.#first = this.#secrets[0] as Secret;
  }

  /** The hashes of a member's id, one for each secret: 128 bits, 32 hexadecimal digits. */
  hashes(memberId: string): Promise<string[]> {
    return Promise.all(this.#secrets.map((secret) => secret.mac("member", memberId)));
  }

  /** Makes a new tag for a mint. The tag names the member. */
  async tag(member: string): Promise<string> {
    const random = hexadecimal(crypto.getRandomValues(new Uint8Array(16)));
    return `${member}.${random}.${await this.#first.mac("tag", `${member}.${random}`)}`;
  }

  /** A proof by the first secret that the broker has written a text; the same one for the same text. */
  proof(purpose: "cursor" | "token", text: string): Promise<string> {
    return this.#first.mac(purpose, text);
  }

  /**
   * The member that a tag names, if the broker made the tag. Anybody with a key can read and copy the tags of
   * others, but nobody can make up a tag, so the ledger is never asked about members that do not exist.
   */
  async of(tag: unknown): Promise<string | undefined> {
    const [text, member] = (typeof tag === "string" && TAG.exec(tag)) || [];
    if (text === undefined || member === undefined) return undefined;
    const proof = text.lastIndexOf(".");
    for (const secret of this.#secrets) {
      // The comparison leaks no secret: the service shows all tags to anybody who can create keys.
      if (text.slice(proof + 1) === (await secret.mac("tag", text.slice(0, proof)))) return member;
    }
    return undefined;
  }
}

/** A secret to hash with. */
class Secret {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #key: CryptoKey | undefined;

  constructor(secret: string) {
    this.#bytes = new TextEncoder().encode(secret);
  }

  /** The first half of an HMAC-SHA-256. */
  async mac(purpose: string, text: string): Promise<string> {
    // The key is kept, but not its promise: a worker's requests must not wait for each other's promises.
    this.#key ??= await crypto.subtle.importKey(
      "raw",
      this.#bytes,
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
