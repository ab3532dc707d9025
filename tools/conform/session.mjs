// The requests of a run: one at a time, to one origin only, patient with 429. It notes every key that a
// create may have made, whoever sent it, so that all of them can be deleted.

import { setTimeout as sleep } from "node:timers/promises";

/** How often a request is repeated after a 429, and how long one wait may be, in milliseconds. */
const MOST_REPEATS = 5;
const LONGEST_WAIT_MS = 120_000;

const TIMEOUT_MS = 30_000;

/** Thrown when no answer arrived: it is not known whether the request was done. */
export class Lost extends Error {
  name = "Lost";
}

/** Thrown when the run is to end. */
export class Interrupted extends Error {
  name = "Interrupted";
}

/** The requests of a run. */
export class Session {
  /** The keys that were made, by id: what they were for, their name, and when they end. */
  made = new Map();
  /** The creates whose outcome is not known. */
  lost = [];
  /** How many requests were sent. */
  count = 0;
  /** The last answer's `Date` less this machine's clock, in milliseconds. */
  clockMs = 0;
  /** Whether a 429 carried a `Retry-After`, once there was one. */
  retryAfter;
  /** The question that is asked. */
  question = "";
  #target;
  #hide;
  #say;
  #stop = new AbortController();
  #queue = Promise.resolve();

  /** `target` is `{ baseUrl, token, accountId, userId, … }`. */
  constructor(target, hide, say) {
    this.#target = target;
    this.#hide = hide;
    this.#say = say;
  }

  /** Ends what is under way. Requests that follow are sent. */
  interrupt() {
    this.#stop.abort(new Interrupted("interrupted"));
  }

  /** Whether the run is to end. */
  get isInterrupted() {
    return this.#stop.signal.aborted;
  }

  /** From now on requests are sent again: those that tidy up. */
  resume() {
    this.#stop = new AbortController();
  }

  /** Waits, or throws if the run is to end. */
  async wait(ms) {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => this.#check());
  }

  #check() {
    if (this.isInterrupted) throw this.#stop.signal.reason;
  }

  /** A fetch for the package, and for {@link send}. */
  fetch = (url, init) => {
    const sent = this.#queue.then(() => this.#patiently(url, init));
    this.#queue = sent.catch(() => {});
    return sent;
  };

  /** Sends a plain request, and resolves to its status, headers, body and text. */
  send(method, path, { token = this.#target.token, ...options } = {}) {
    return this.#plain(method, path, { token, ...options });
  }

  async #plain(method, path, { body, query = {}, headers = {}, token }) {
    const search = new URLSearchParams(query).size > 0 ? `?${new URLSearchParams(query)}` : "";
    const response = await this.fetch(`${this.#target.baseUrl}${path}${search}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }

  /** Sends a request without a token and a body. */
  sendWithoutToken(method, path, headers = {}) {
    return this.#plain(method, path, { headers });
  }

  async #patiently(url, init) {
    // Neither a wrong option nor a wrong answer makes a token go anywhere else.
    const { origin, pathname } = new URL(url);
    if (origin !== new URL(this.#target.baseUrl).origin) throw new Error("a request to another origin");
    const isCreate = init.method === "POST" && pathname.endsWith("/apiKeys");
    for (let repeats = 0; ; repeats += 1) {
      this.#check();
      const create = isCreate ? this.#noted(init.body) : undefined;
      const response = await this.#once(url, init, create);
      if (response.status !== 429) return response;
      this.retryAfter = response.headers.has("retry-after") ? "present" : "absent";
      const waitMs = retryAfter(response.headers) ?? 1_000 * 2 ** repeats;
      if (repeats === MOST_REPEATS || waitMs > LONGEST_WAIT_MS) return response;
      this.#say(`  The service asks to wait ${Math.ceil(waitMs / 1_000)} s (429).`);
      await this.wait(waitMs);
    }
  }

  /** What a create is for, its key's name, and when it ends. */
  #noted(body) {
    const { displayName, expireTime } = parsed(body)?.apiKey ?? {};
    return { question: this.question, name: displayName, until: expireTime, path: undefined };
  }

  async #once(url, init, create) {
    this.count += 1;
    // Until an answer tells, a create may have made a key.
    if (create) this.lost.push(create);
    const known = () => this.lost.splice(this.lost.indexOf(create), 1);
    let response;
    let text;
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      response = await fetch(url, { ...init, redirect: "manual", signal });
      text = await response.text();
    } catch (error) {
      this.#check();
      throw new Lost(`no complete answer: ${error.cause?.code ?? error.name}`);
    }
    const date = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(date)) this.clockMs = date - Date.now();
    const body = parsed(text);
    if (create && typeof body?.keyId === "string") {
      this.#hide.add(body.keyId, "a key's id");
      this.#hide.add(body.key, "a key");
      this.made.set(body.keyId, create);
      known();
    } else if (create && response.status < 500 && typeof body?.code === "number") {
      // The API itself has refused.
      known();
    }
    const isEmpty = [204, 205, 304].includes(response.status);
    return new Response(isEmpty ? null : text, { status: response.status, headers: response.headers });
  }
}

/** How long a 429 asks to wait, in milliseconds; undefined if it does not say. */
function retryAfter(headers) {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1_000;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
