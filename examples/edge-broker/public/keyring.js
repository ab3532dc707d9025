// Holds one member's key: fetches it when it is first needed, and the next one before it expires. It keeps
// keys in memory only.

/** The fraction of a key's life after which the next key is fetched. */
const REFRESH_AT = 0.8;

/** The least time between two fetches, in milliseconds, even if a clock is wrong. */
const LEAST_MS = 5_000;

/** How long the previous key stays valid for requests that still use it, in milliseconds. */
const OVERLAP_MS = 60_000;

export class Keyring extends EventTarget {
  #token;
  #current;
  #closed = false;
  #timer;
  /** The previous keys, by the timer that will revoke each of them. */
  #before = new Map();

  /** The token identifies the member to the broker. */
  constructor(token) {
    super();
    this.#token = token;
  }

  /** The current key: `{ key, keyId, expireTime }`. */
  get current() {
    return this.#current;
  }

  /** Fetches a key, then each next one until `close`. Dispatches the event `change` for each key. */
  async refresh() {
    clearTimeout(this.#timer);
    const response = await this.#ask("POST", "/keys");
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      this.#again(Number(response.headers.get("retry-after")) * 1_000);
      throw new Error(answer.detail ?? `The broker answered ${response.status}.`);
    }
    // The ring was closed meanwhile, so nobody will use the key.
    if (this.#closed) return this.#revoke(answer);
    const before = this.#current;
    this.#current = answer;
    // Prefers the broker's clock, if the answer has a date: this machine's may be wrong.
    const now = Date.parse(response.headers.get("date") ?? "") || Date.now();
    this.#again((Date.parse(answer.expireTime) - now) * REFRESH_AT);
    if (before)
      this.#before.set(
        setTimeout(() => this.#revoke(before), OVERLAP_MS),
        before,
      );
    this.dispatchEvent(new Event("change"));
  }

  /** Revokes the current and the previous keys, and stops fetching. */
  async close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    const keys = [...this.#before.values(), this.#current].filter(Boolean);
    for (const timer of this.#before.keys()) clearTimeout(timer);
    this.#before.clear();
    this.#current = undefined;
    this.dispatchEvent(new Event("change"));
    await Promise.all(keys.map((key) => this.#revoke(key)));
  }

  #again(ms) {
    if (this.#closed) return;
    this.#timer = setTimeout(
      () => {
        this.refresh().catch((error) => this.dispatchEvent(new CustomEvent("failure", { detail: error })));
      },
      Math.max(ms, LEAST_MS),
    );
  }

  async #revoke({ keyId }) {
    // If this fails, the key soon expires by itself.
    await this.#ask("DELETE", `/keys/${encodeURIComponent(keyId)}`).catch(() => undefined);
  }

  #ask(method, path) {
    // `keepalive` lets a revocation finish after the user leaves the page.
    return fetch(path, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      keepalive: method === "DELETE",
    });
  }
}
