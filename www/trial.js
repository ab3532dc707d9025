// The trial of "See it survive": the same create by plain fetch and by this package, while the emulator
// loses answers. Each side has a user of its own, and so its own order of trouble. What is told of a side
// comes from the emulator's record, not from what this page expects of a browser.

import { clock } from "./clock.js";
import { ask, DEMO } from "./emulator.js";
import { createApiKey, deleteApiKey } from "./fireworks-keys/default.js";
import { usersOf } from "./lookup.js";
import { parseTime } from "./time.js";
import { traceRequests } from "./trace.js";

/** What the emulator does with the answers to creates. */
export const TROUBLES = [
  { value: "next", label: "the next one", rule: { times: 1, fault: { kind: "drop", when: "after" } } },
  { value: "every", label: "every one", rule: { share: 1, fault: { kind: "drop", when: "after" } } },
  { value: "slow", label: "slow, then lost", rule: { times: 1, fault: { kind: "delay", ms: 3_000 } } },
];

/** How long each side waits for an answer that is slow, in milliseconds. */
export const PATIENCE = 2_000;

/** How often the emulator's record is read while keys may still come, in milliseconds. */
const EVERY = 250;

const ANNOTATION = "see-it-survive";

/** The two sides, in their order. */
export const SIDES = ["plain", "package"];

export class Trial {
  #onChange;
  #how;
  #id = crypto.randomUUID();
  #users;
  #stop;
  /** By side: its requests, its events, its outcome and the emulator's record. */
  sides = Object.fromEntries(
    SIDES.map((side) => [
      side,
      { requests: [], deleted: [], state: "running", keys: [], seen: new Set(), arrived: 0 },
    ]),
  );

  /** `how` is the value of a trouble; `onChange` is called whenever there is something to draw. */
  constructor(how, onChange) {
    this.#how = TROUBLES.find(({ value }) => value === how);
    this.#onChange = onChange;
  }

  /** Runs to its end. Rejects if the emulator does not take its orders. */
  async run() {
    await this.#prepare();
    const unwatch = traceRequests((request) => this.#onRequest(request));
    const watching = this.#watch();
    try {
      await Promise.all([this.#plain(), this.#package()]);
      await this.#settled();
    } finally {
      unwatch();
      this.#stop = true;
      await watching;
      await ask("DELETE", "faults");
    }
  }

  /** Deletes the keys of this trial that are left, and returns whether the record shows none. */
  async cleanUp() {
    for (const side of SIDES) {
      for (const { keyId } of this.sides[side].keys) {
        const by = await deleteApiKey({ ...this.#connection(side), keyId }).then(
          () => "you",
          () => undefined,
        );
        if (by) this.sides[side].deleted.push({ keyId, by });
      }
    }
    await this.look();
    return SIDES.every((side) => this.sides[side].isKnown && this.sides[side].keys.length === 0);
  }

  /** Reads the emulator's record once more: a key may be deleted elsewhere. */
  look() {
    return this.#read().catch(() => {});
  }

  async #prepare() {
    const ids = await usersOf({ ...DEMO, baseUrl: location.origin });
    const plain = ids.find((id) => id === "me") ?? ids[0];
    const other = ids.find((id) => id === "ci-bot") ?? ids.find((id) => id !== plain);
    // A user of both sides would mix their keys up.
    if (other === undefined || other === plain) throw new Error("the trial needs two users");
    this.#users = { plain, package: other };
    await ask("DELETE", "faults");
    for (const side of SIDES) {
      const about = { operation: "create", user: this.#users[side] };
      await ask("POST", "faults", { ...about, ...this.#how.rule });
      // Changes nothing, and counts the requests that the first rule let pass.
      await ask("POST", "faults", { ...about, share: 1, fault: { kind: "delay", ms: 0 } });
    }
    // Only where a connection that is reused breaks does a browser send a request again by itself.
    const warm = SIDES.flatMap((side) => [this.#urlOf(side), this.#urlOf(side)]);
    await Promise.all(warm.map(async (url) => (await fetch(url, { headers: HEADERS })).text()));
  }

  #urlOf(side) {
    return `${location.origin}/v1/accounts/${DEMO.accountId}/users/${this.#users[side]}/apiKeys`;
  }

  #connection(side) {
    return { ...DEMO, baseUrl: location.origin, userId: this.#users[side] };
  }

  async #plain() {
    const side = this.sides.plain;
    const apiKey = {
      displayName: "plain fetch",
      expireTime: new Date(clock.now() + LIFETIME).toISOString(),
      annotations: { [ANNOTATION]: this.#id },
    };
    try {
      const response = await fetch(this.#urlOf("plain"), {
        method: "POST",
        headers: HEADERS,
        body: JSON.stringify({ apiKey }),
        ...(this.#how.value === "slow" && { signal: AbortSignal.timeout(PATIENCE) }),
      });
      const { keyId } = await response.json();
      this.#end(side, keyId ? { state: "made", yours: keyId } : { state: "failed" });
    } catch (error) {
      this.#end(side, { state: "failed", gaveUp: error?.name === "TimeoutError" });
    }
  }

  async #package() {
    const side = this.sides.package;
    try {
      const { keyId } = await createApiKey({
        ...this.#connection("package"),
        displayName: "fireworks-keys",
        expiresIn: LIFETIME / 1_000,
        annotations: { [ANNOTATION]: this.#id },
        ...(this.#how.value === "slow" && { timeoutMs: PATIENCE }),
        onEvent: (event) => this.#onEvent(side, event),
      });
      this.#end(side, { state: "made", yours: keyId });
    } catch (error) {
      side.orphans ??= error?.orphans;
      this.#end(side, { state: "failed" });
    }
  }

  #onEvent(side, { type, keyId, lastLookMs }) {
    if (type === "orphan-deleted") {
      side.deleted.push({ keyId, by: "package" });
      side.seen.add(keyId);
    }
    if (type === "orphans-open") side.lookingUntil = clock.machine() + lastLookMs;
    if (/^orphans-(swept|unaccounted|unknown)$/.test(type)) {
      side.orphans = type.replace("orphans-", "");
      side.lookingUntil = undefined;
    }
    // The looks may find something, and end, after the trial.
    if (this.#stop && type.startsWith("orphan")) this.look();
    this.#onChange();
  }

  #end(side, outcome) {
    Object.assign(side, outcome);
    this.#onChange();
  }

  #onRequest({ method, url }) {
    const [, user, rest] = /\/users\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const side = this.sides[SIDES.find((side) => this.#users[side] === user)];
    if (!side) return undefined;
    const request = { method, path: rest };
    side.requests.push(request);
    this.#onChange();
    return ({ status, ms }) => {
      Object.assign(request, { ended: true, status, ms });
      this.#onChange();
    };
  }

  /**
   * Reads the emulator's record: the keys that are there, and how often each user's creates arrived, which
   * others may have sent, too. Where that fails, what is there now is not known.
   */
  async #read() {
    const told = await Promise.all([ask("GET", "keys"), ask("GET", "faults")]).catch(() => undefined);
    for (const name of SIDES) this.sides[name].isKnown = told !== undefined;
    if (!told) this.#onChange();
    if (!told) throw new Error("the emulator’s record cannot be read");
    const [{ keys }, { faults }] = told;
    for (const name of SIDES) {
      const side = this.sides[name];
      const mine = keys.filter(({ annotations }) => annotations?.[ANNOTATION] === this.#id);
      side.keys = mine
        .filter(({ user }) => user === this.#users[name])
        .map((key) => ({ ...key, expires: parseTime(key.expireTime) }));
      for (const { keyId } of side.keys) side.seen.add(keyId);
      // The rules go when the trial is over, and the count stays.
      const hits = faults.filter(
        ({ user, operation }) => user === this.#users[name] && operation === "create",
      );
      const arrived = hits.reduce((sum, { hits }) => sum + hits, 0);
      side.arrived = Math.max(side.arrived, arrived);
    }
    this.#onChange();
  }

  async #watch() {
    while (!this.#stop) {
      await this.#read().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }

  /**
   * Waits until every request that has arrived has made its key, or the key is gone again; and, while the
   * package still looks, until it has found what is there.
   */
  async #settled() {
    const isSettled = ({ keys, deleted, arrived, yours, lookingUntil }) =>
      keys.length + deleted.length >= arrived &&
      (lookingUntil === undefined || keys.every(({ keyId }) => keyId === yours));
    const end = performance.now() + LONGEST;
    do {
      await this.#read();
      if (SIDES.every((name) => isSettled(this.sides[name]))) return;
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    } while (performance.now() < end);
  }
}

const HEADERS = { "authorization": `Bearer ${DEMO.token}`, "content-type": "application/json" };

/** The lifetime on both sides, in milliseconds: 30 days. */
const LIFETIME = 30 * 86_400_000;

/** For how long keys may still come, in milliseconds. */
const LONGEST = 20_000;
