// Holds one member's key: fetched when it is first needed, and again before it ends. It is kept in memory
// alone.

/** How much of a key's life may pass before the next is fetched. */
const REFRESH_AT = 0.8;

/** The least time between two keys, in milliseconds, whatever the clocks say. */
const LEAST_MS = 5_000;

/** How long the key before stays good for those who still use it, in milliseconds. */
const OVERLAP_MS = 60_000;

export class Keyring extends EventTarget {
  #token;
  #current;
  #closed = false;
  #timer;
  /** The keys before, by what revokes them later. */
  #before = new Map();

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
    const response = await this.#ask("POST", "/keys");
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      this.#again(Number(response.headers.get("retry-after")) * 1_000);
      throw new Error(answer.detail ?? `The broker answered ${response.status}.`);
    }
    // Nobody is there to use it.
    if (this.#closed) return this.#revoke(answer);
    const before = this.#current;
    this.#current = answer;
    // By the broker's clock, where it tells the time: this machine's may be wrong.
    const now = Date.parse(response.headers.get("date") ?? "") || Date.now();
    this.#again((Date.parse(answer.expireTime) - now) * REFRESH_AT);
    if (before)
      this.#before.set(
        setTimeout(() => this.#revoke(before), OVERLAP_MS),
        before,
      );
    this.dispatchEvent(new Event("change"));
  }

  /** Revokes the key and those before, and fetches no other. */
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
    // It ends by itself soon, whatever becomes of this.
    await this.#ask("DELETE", `/keys/${encodeURIComponent(keyId)}`).catch(() => undefined);
  }

  #ask(method, path) {
    // A page that is left in the middle of it lets it end.
    return fetch(path, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      keepalive: method === "DELETE",
    });
  }
}
