// One run: its tag, its keys, and what the questions share.

import { randomBytes } from "node:crypto";
import { isOfRun } from "./tidy.mjs";

/** How many keys a run makes at most, without and with --long. */
export const KEYS = { usual: 14, long: 16 };

/** How long a key lives that is not asked for its lifetime, in milliseconds: less than ten minutes. */
export const LIFETIME_MS = 9 * 60_000;

/** What the service may round a lifetime up by, in milliseconds. */
const ROUNDING_MS = 2_000;

/** How long a question waits for something to happen, in milliseconds, and how long between two looks. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 1_000;

/** Thrown where a question cannot be asked. */
export class NotAsked extends Error {
  name = "NotAsked";
}

/** What the questions share. */
export class Run {
  /** Marks the run's keys, in their names and annotations: 96 random bits. */
  tag = randomBytes(12).toString("hex");
  /** The answers to creates that later questions are about, by the question. */
  keys = new Map();
  /** The owner of the keys, as List Users shows it. */
  owner;
  #made = 0;

  constructor(session, target) {
    this.session = session;
    this.target = target;
  }

  /** An id that nobody has. */
  get nobody() {
    return `conform-nobody-${this.tag}`;
  }

  /** A name that says whose key it is. */
  name() {
    this.#made += 1;
    return `conform ${this.tag} ${this.#made}`;
  }

  /** A time by the service's clock, so many milliseconds from now. */
  inMs(ms) {
    return new Date(Date.now() + this.session.clockMs + ms);
  }

  /** Sends a plain request. */
  send(method, path, options) {
    return this.session.send(method, path, options);
  }

  /** Sends a create as it is: only for what must not be made, or is deleted at once. */
  post(apiKey, options) {
    return this.send("POST", this.target.keysPath, { body: { apiKey }, ...options });
  }

  /**
   * Creates a key that ends soon and carries the run's tag. Returns the answer, with `refusal` if it is none.
   * A key that lives longer than was asked for is deleted at once.
   */
  async create({ displayName, annotations, expireTime, ...more } = {}) {
    const ends = expireTime ?? this.inMs(LIFETIME_MS).toISOString();
    const answer = await this.post({
      displayName: displayName ?? this.name(),
      annotations: { "conform-run": this.tag, ...annotations },
      expireTime: ends,
      ...more,
    });
    if (answer.status !== 200 || typeof answer.body?.keyId !== "string") return { refusal: refusal(answer) };
    const lives = Date.parse(answer.body.expireTime ?? "") - Date.parse(ends);
    if (!(lives <= ROUNDING_MS)) {
      await this.delete(answer.body.keyId);
      throw new NotAsked("the key would have lived longer than was asked for, and was deleted at once");
    }
    return { ...answer.body };
  }

  /** Deletes a key of this run. */
  delete(keyId, { user = this.target.userId, ...options } = {}) {
    const path = this.target.keysPathOf(user);
    return this.send("POST", `${path}:delete`, { body: { keyId }, ...options });
  }

  /** Lists keys of the user. */
  list(query = {}, options = {}) {
    return this.send("GET", this.target.keysPath, { query, ...options });
  }

  /** The user's keys that are of this run, from all pages. */
  async own() {
    const own = [];
    let pageToken = "";
    for (let page = 0; page < 1_000; page += 1) {
      const { body } = await this.list(pageToken === "" ? {} : { pageToken });
      own.push(
        ...(body?.apiKeys ?? []).filter((key) => this.session.made.has(key.keyId) || isOfRun(key, this.tag)),
      );
      pageToken = body?.nextPageToken ?? "";
      if (pageToken === "") return own;
    }
    throw new NotAsked("the list does not end");
  }

  /** Reads the account with a token. */
  account(token, accountId = this.target.accountId) {
    return this.send("GET", `/v1/accounts/${encodeURIComponent(accountId)}`, { token });
  }

  /** The key that an earlier question made. */
  key(name) {
    const key = this.keys.get(name);
    if (!key) throw new NotAsked("the key that it is about could not be made");
    return key;
  }

  /** How soon something holds. */
  async soon(holds) {
    const started = Date.now();
    if (await holds()) return "at once";
    while (Date.now() - started < PATIENCE_MS) {
      await this.session.wait(PAUSE_MS);
      if (await holds()) return `after ${Math.round((Date.now() - started) / 1_000)} s`;
    }
    return `not within ${PATIENCE_MS / 1_000} s`;
  }
}

/** A refusal in words: its status, and its code if it has the API's form. */
export function refusal({ status, body }) {
  const isApi = typeof body?.code === "number" && typeof body?.message === "string";
  return isApi ? `${status}, code ${body.code}` : `${status}, not in the API's form`;
}
