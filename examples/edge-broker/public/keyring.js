// Holds one member's key: fetched when it is first needed, and again before it ends. It is kept in memory
// alone.

/** How much of a key's life may pass before the next is fetched. */
const REFRESH_AT = 0.8;

/** How long to wait after a failure, where the broker does not say. */
const RETRY_MS = 5_000;

export class Keyring extends EventTarget {
  #token;
  #current;
  #timer;

  /** The token is what the broker knows the member by. */
  constructor(token) {
    super();
    this.#token = token;
  }

  /** The key that is good now: `{ key, keyId, expireTime }`. */
  get current() {
    return this.#current;
  }

  /** Fetches a key, and goes on fetching the next until `close`. Tells of it with the event `change`. */
  async refresh() {
    clearTimeout(this.#timer);
    const before = this.#current;
    const response = await this.#ask("POST", "/keys");
    if (!response.ok) {
      const { detail } = await response.json().catch(() => ({}));
      const wait = Number(response.headers.get("retry-after")) * 1_000 || RETRY_MS;
      this.#again(wait);
      throw new Error(detail ?? `The broker answered ${response.status}.`);
    }
    const next = await response.json();
    this.#current = next;
    this.#again((Date.parse(next.expireTime) - Date.now()) * REFRESH_AT);
    this.dispatchEvent(new Event("change"));
    // Whoever still uses the old one has a minute; then it counts no more.
    if (before) setTimeout(() => this.#revoke(before), 60_000);
    return next;
  }

  /** Revokes the key, and fetches no other. */
  async close() {
    clearTimeout(this.#timer);
    const before = this.#current;
    this.#current = undefined;
    this.dispatchEvent(new Event("change"));
    if (before) await this.#revoke(before);
  }

  #again(ms) {
    this.#timer = setTimeout(() => {
      this.refresh().catch((error) => this.dispatchEvent(new CustomEvent("failure", { detail: error })));
    }, ms);
  }

  async #revoke({ keyId }) {
    // It ends by itself soon, whatever becomes of this.
    await this.#ask("DELETE", `/keys/${encodeURIComponent(keyId)}`).catch(() => undefined);
  }

  #ask(method, path) {
    return fetch(path, { method, headers: { authorization: `Bearer ${this.#token}` } });
  }
}
