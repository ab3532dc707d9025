// A broker's surroundings, simulated: members, isolates that crash between any two steps, a service and a
// ledger behind bad weather, somebody who mints by hand, and runs of `reconcile`. The ledger may lose all
// that it knew. It checks what must hold at each moment.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { createKeyBroker, memoryLedger } from "fireworks-keys/broker";
import { options } from "../brokers.mjs";
import { Clock } from "./clock.mjs";
import { Random } from "./random.mjs";
import { Service } from "./service.mjs";
import { memberOf, tagOf } from "./tag.mjs";
import { Weather } from "./weather.mjs";

const MINUTE_MS = 60_000;
export const MEMBERS = ["ada", "ben", "cat"];

/** The broker's token, and the one that `reconcile` is given. */
const TOKEN = "fw_token";
const ADMIN = "fw_admin";

/** For keys that are minted with one that a broker has handed out. */
const BY_HAND = "by hand";

/** How long the weather is bad. */
const STORM_MS = 10 * MINUTE_MS;

/** The longest that a key may live. */
export const LONGEST_LIFE_MS = 5 * MINUTE_MS;

/** How far apart clocks and roundings may put two times. */
const ROUNDING_MS = 1_000;

/** How often an isolate crashes as one of its requests has been done. */
const CRASHES = 0.01;

/** How long no mint is sent after a 429, which says nothing of it here, in milliseconds. */
const PAUSE_MS = 5_000;

/** How often the ledger starts again with nothing when it has done what it was asked. */
const LOSSES = 0.006;

export class World {
  clock = new Clock();
  service;
  /** What was handed to members, by the key's id. */
  handed = new Map();
  /** The members' requests. */
  requests = [];
  /** How often each thing has happened. */
  happened = {};
  /** Each mint in the ledger, by its tag: when it was written down, in which ledger, and for which key. */
  written = new Map();
  /** What a member may do. */
  limits;
  windowMs;
  #random;
  #weather;
  #ledger = memoryLedger();
  #isolates = [];
  /** How often somebody mints again once a key that was minted by hand is deleted, by its id. */
  #again = new Map();
  /** The tags of mints of which the broker has deleted a key. */
  #undone = new Set();
  /** The tags of mints that have made a key. */
  #made = new Set();
  /** For whom the work is done that goes on now. */
  #worksFor = new AsyncLocalStorage();
  /** When requests were sent for each member, and with which ledger. */
  #sent = [];

  constructor(seed, context) {
    this.#random = new Random(seed);
    this.service = new Service(this.clock, this.#random);
    this.#weather = new Weather(this.#random, this.clock);
    const live = 1 + this.#random.below(4);
    const minutes = this.#random.of([2, 10]);
    this.windowMs = minutes * MINUTE_MS;
    this.limits = { mints: live + 1 + this.#random.below(4), window: `${minutes}m`, live };
    this.clock.install(context);
    this.#random.install(context);
    this.ownKey = this.service.create({ displayName: "the broker's own" }, "an administrator").keyId;
    this.service.onDelete = (key, by) => this.#checkDeletion(key, by);
    this.service.onCreate = (key, by) => by === TOKEN && this.#checkCreation(key);
    this.#isolates = [this.#isolate(), this.#isolate()];
  }

  #isolate() {
    const isolate = { crashed: false, pausedUntil: 0 };
    const onDone = () => this.#random.chance(this.#weather.bad ? CRASHES : 0) && this.#crash(isolate);
    const fetch = (url, { method, headers, body, signal }) => {
      const [, token] = new Headers(headers).get("authorization").split(" ");
      const sent = body && JSON.parse(body);
      this.#checkRequest(isolate, method === "POST" && !url.endsWith(":delete"));
      const work = () => this.service.answer(method, url, token, sent);
      const refusal = () => this.service.respond([this.#random.of([500, 503, 429]), {}]);
      return this.#weather.send({ isolate, signal, onDone, work, refusal }).then((response) => {
        if (response.status === 429 && token === TOKEN) isolate.pausedUntil = this.clock.now + PAUSE_MS;
        return response;
      });
    };
    const ledger = {};
    for (const name of ["reserve", "draw", "settle", "release", "revoke", "standings"]) {
      ledger[name] = (...given) =>
        this.#weather.send({
          isolate,
          onDone: () => {
            onDone();
            if (this.#weather.bad && this.#random.chance(LOSSES)) this.#loseLedger();
          },
          work: () => this.#askLedger(name, structuredClone(given)),
          refusal: () => Promise.reject(new Error("the ledger is overloaded")),
        });
    }
    const lifetime = { min: "30s", max: "5m", default: "1m" };
    const authenticate = ({ headers }) => headers.get("x-member");
    const change = { token: TOKEN, fetch, lifetime, limits: this.limits, authenticate, onError() {} };
    isolate.broker = createKeyBroker(options(ledger, change));
    return isolate;
  }

  async #askLedger(name, given) {
    const ledger = this.#ledger;
    const answer = await ledger[name](...given);
    if (name === "reserve" && "endsAt" in answer) {
      const written = this.written.get(given[1].attemptTag) ?? { at: this.clock.now, ledger, ends: [] };
      this.written.set(given[1].attemptTag, written);
      written.ends.push(answer.endsAt);
    }
    if (name === "settle" && answer) this.written.get(given[1]).keyId = given[2];
    return answer;
  }

  /** Has the ledger lose what it knew at the end, of every so many worlds. */
  forgetSometimes() {
    if (this.#random.chance(0.2)) this.#loseLedger();
  }

  /** The ledger's process ends, and another begins with nothing. */
  #loseLedger() {
    this.#count("ledger lost");
    this.#ledger = memoryLedger();
  }

  /**
   * Ends an isolate: what it has sent may still be done, and it hears of nothing. Another takes its place.
   */
  #crash(isolate) {
    this.#count("crash");
    isolate.crashed = true;
    this.#isolates = this.#isolates.map((each) => (each === isolate ? this.#isolate() : each));
  }

  /** Lets time pass in bad weather, with all that goes on. */
  async storm() {
    const plan = (count, work) => {
      for (let index = 0; index < count; index += 1) this.clock.in(this.#random.below(STORM_MS), work);
    };
    plan(30, () => this.ask(this.#random.of(MEMBERS)));
    plan(12, () => this.#revokeOne());
    plan(3, () => this.reconcile());
    plan(3, () => this.#crash(this.#random.of(this.#isolates)));
    if (this.#random.chance(0.5)) plan(4, () => this.mintByHand());
    await this.clock.pass(STORM_MS);
    this.#weather.bad = false;
  }

  /** Sends a member's request for a key, in a storm by one who may leave. */
  ask(member, { expiresIn = this.#random.of([undefined, 20, "2m", "9m"]) } = {}) {
    const controller = new AbortController();
    const leaves = this.#weather.bad && this.#random.chance(0.1);
    if (leaves) this.clock.in(this.#random.below(1_000), () => controller.abort());
    const body = expiresIn && JSON.stringify({ expiresIn });
    const headers = body && { "content-type": "application/json" };
    return this.#send(
      member,
      "POST",
      "/keys",
      { body, headers, signal: controller.signal },
      (status, key) => {
        if (status === 201 && !controller.signal.aborted) this.#checkKey(member, key);
      },
    );
  }

  /** Sends a request for the end of a key: the member's own, most of the time. */
  #revokeOne() {
    const keyIds = [...this.handed.keys()];
    if (keyIds.length === 0) return;
    const keyId = this.#random.of(keyIds);
    const { member } = this.handed.get(keyId);
    const by = this.#random.chance(0.8) ? member : this.#random.of(MEMBERS);
    this.revoke(by, keyId);
  }

  /** Has each isolate learn the service's clock, for which its first mint may need more requests. */
  async setClocks() {
    for (const [index, isolate] of this.#isolates.entries()) {
      const init = { method: "POST", headers: { "x-member": `newcomer ${index}` } };
      const answer = isolate.broker.fetch(new Request("https://keys.example/keys", init));
      assert.equal((await this.clock.until(answer)).status, 201);
    }
  }

  /** Sends a member's request for the end of a key. */
  revoke(member, keyId) {
    const handed = this.handed.get(keyId);
    const own = handed.member === member;
    if (own) handed.given = true;
    return this.#send(member, "DELETE", `/keys/${keyId}`, {}, (status) => {
      if (own) assert.notEqual(status, 404 * this.#isRemembered(handed), "a member's own key is found");
      if (!own) assert.notEqual(status, 204, "a key of another member's is revoked");
      if (status === 204) assert.ok(!this.service.keys.has(keyId), "a key that lives is told as revoked");
    });
  }

  /** Whether the ledger still has to know a key. */
  #isRemembered({ ledger, endsAt, reservedAt }) {
    const until = Math.max(endsAt - this.service.aheadMs, reservedAt + this.windowMs);
    return ledger === this.#ledger && this.clock.now < until ? 1 : 0;
  }

  /** Whether a key is to work: its member has it, the ledger has not lost it, and it has not ended. */
  isKept({ ledger, given, endsAt }) {
    return ledger === this.#ledger && !given && endsAt > this.service.now;
  }

  #send(member, method, path, { headers, ...init }, check) {
    const isolate = this.#random.of(this.#isolates);
    const request = new Request(`https://keys.example${path}`, {
      method,
      headers: { ...headers, "x-member": member },
      ...init,
    });
    const record = { isolate, what: `${member}: ${method} ${path}`, ended: false };
    this.requests.push(record);
    const answer = this.#worksFor.run(member, () => isolate.broker.fetch(request));
    record.answer = answer.then(async (response) => {
      const body = await response.text();
      record.ended = true;
      if (isolate.crashed) return undefined;
      this.#count(`${method} ${response.status}`);
      check(response.status, body && JSON.parse(body));
      return response.status;
    });
    record.answer.catch((error) => this.#fail(error));
    return record.answer;
  }

  /** A request: for a member it is within the member's bucket, and after a 429 it is no create. */
  #checkRequest(isolate, isCreate) {
    const member = this.#worksFor.getStore();
    if (member === undefined) return;
    this.#sent.push({ member, ledger: this.#ledger, at: this.clock.now });
    const own = this.#sent.filter((each) => each.member === member && each.ledger === this.#ledger);
    const within = own.filter(({ at }) => at > this.clock.now - this.windowMs);
    const bucket = 4 * this.limits.mints;
    // A request may be sent up to a minute after it was drawn.
    const refilled = (bucket * (this.windowMs + MINUTE_MS)) / this.windowMs;
    if (within.length > bucket + refilled) {
      this.#fail(new Error(`${within.length} requests were sent for ${member}`));
    }
    if (isCreate && this.clock.now < isolate.pausedUntil)
      this.#fail(new Error("a mint was sent after a 429"));
  }

  /** Runs `reconcile` somewhere, and resolves to what it says. */
  reconcile(options = {}) {
    const isolate = this.#random.of(this.#isolates);
    const { bad } = this.#weather;
    const record = { isolate, what: "reconcile", ended: false };
    this.requests.push(record);
    record.answer = isolate.broker
      .reconcile({ keep: [this.ownKey], token: ADMIN, ...options })
      .then(
        (result) => {
          for (const keyId of result.revoked) {
            assert.ok(!this.service.keys.has(keyId), `${keyId} lives and is told as revoked`);
          }
          assert.deepEqual([result.missing, result.spared], [[], []]);
          return result;
        },
        (error) => {
          if (!bad) throw error;
        },
      )
      .finally(() => {
        record.ended = true;
      });
    record.answer.catch((error) => this.#fail(error));
    return record.answer;
  }

  /**
   * Somebody uses a key that was handed out to mint another, under a tag that the list shows, and mints the
   * next when that is deleted: `again` times.
   */
  mintByHand(again = this.#random.below(4)) {
    if (![...this.handed.keys()].some((keyId) => this.service.isAlive(keyId))) return;
    const tagged = [...this.service.keys.values()].filter(({ annotations }) => annotations);
    const { annotations, expireTime: copied } = this.#random.of([...tagged, {}]);
    const later = this.#random.of([MINUTE_MS, 30 * MINUTE_MS]);
    const own = new Date(this.service.now + later).toISOString();
    const expireTime = this.#random.of([undefined, own, copied ?? own]);
    const end = expireTime === undefined ? {} : { expireTime };
    this.#count("minted by hand");
    const { keyId } = this.service.create({ displayName: "by hand", annotations, ...end }, BY_HAND);
    this.#again.set(keyId, again);
  }

  /** A key as a member gets it: the ledger knows it, it lives, it ends in time, and it exceeds no limit. */
  #checkKey(member, { keyId, expireTime }) {
    const key = this.service.keys.get(keyId);
    assert.ok(key, `${keyId} was deleted before ${member} got it`);
    assert.equal(key.by, TOKEN);
    const tag = tagOf(key.annotations);
    const { at: reservedAt, ledger, keyId: settled } = this.written.get(tag) ?? {};
    assert.ok(reservedAt, `${keyId} was minted before it was written down`);
    assert.equal(settled, keyId, `${keyId} was handed out, and the ledger does not know it`);
    const endsAt = Date.parse(expireTime);
    assert.equal(expireTime, key.expireTime);
    assert.ok(
      endsAt <= Date.parse(key.createTime) + LONGEST_LIFE_MS + ROUNDING_MS,
      `${keyId} lives too long`,
    );
    this.handed.set(keyId, { member, tag, ledger, reservedAt, endsAt, given: false });
    // What a ledger has lost counts no more.
    const own = [...this.handed].filter(([, each]) => each.member === member && each.ledger === ledger);
    const alive = own.filter(([keyId, { given }]) => !given && this.service.isAlive(keyId));
    assert.ok(alive.length <= this.limits.live, `${member} has ${alive.length} keys that are alive`);
    const within = own.filter(([, each]) => Math.abs(reservedAt - each.reservedAt) < this.windowMs);
    const before = within.filter(([, each]) => each.reservedAt <= reservedAt);
    assert.ok(before.length <= this.limits.mints, `${member} has minted ${before.length} keys in a window`);
  }

  /** A deletion: a key in a member's hands is deleted by that member alone, until it has ended. */
  #checkDeletion({ keyId, annotations }, by) {
    this.#count(`deleted by ${by}`);
    if (by === TOKEN) this.#undone.add(tagOf(annotations));
    const handed = this.handed.get(keyId);
    if (handed && this.isKept(handed)) {
      this.#fail(new Error(`${keyId}, of ${handed.member}, was deleted by ${by}`));
    }
    if (keyId === this.ownKey) this.#fail(new Error("the broker's own key was deleted"));
    const again = this.#again.get(keyId);
    if (again > 0) this.mintByHand(again - 1);
  }

  /**
   * A new key of the broker's: it ends as was written down, and its member has no more mints alive, nor has
   * made more in a window, than the limits say.
   */
  #checkCreation({ annotations, expireTime }) {
    const member = memberOf(tagOf(annotations));
    const { ends, at, ledger } = this.written.get(tagOf(annotations)) ?? {};
    // A create that arrives late may still ask for the end that the first answer has corrected.
    if (!ends?.includes(Date.parse(expireTime)))
      this.#fail(new Error(`a key ends at ${expireTime}, not at ${ends}`));
    this.#made.add(tagOf(annotations));
    const made = [...this.#made].map((tag) => ({ tag, ...this.written.get(tag) }));
    const own = made.filter((each) => memberOf(each.tag) === member && each.ledger === ledger);
    const within = own.filter((each) => each.at <= at && each.at > at - this.windowMs);
    if (within.length > this.limits.mints) this.#fail(new Error(`a member has made ${within.length} keys`));
    const mints = new Set();
    for (const key of this.service.keys.values()) {
      const tag = tagOf(key.annotations);
      if (key.by === TOKEN && memberOf(tag) === member && this.#counts(key)) mints.add(tag);
    }
    if (mints.size > this.limits.live) {
      this.#fail(new Error(`a member has ${mints.size} mints whose keys are alive`));
    }
  }

  /**
   * Whether a mint counts because of this key: it is the one that the ledger knows, or the ledger knows none
   * because the answer was lost. A mint of which the broker has deleted a key again may be forgotten.
   */
  #counts({ keyId, annotations }) {
    const { ledger, keyId: settled } = this.written.get(tagOf(annotations)) ?? {};
    if (ledger !== this.#ledger || !this.service.isAlive(keyId)) return false;
    return settled === undefined ? !this.#undone.has(tagOf(annotations)) : settled === keyId;
  }

  #count(what) {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }

  #fail(error) {
    this.failure ??= error;
  }

  /** Whether the ledger says that a member has this key. */
  async isKnown({ keyId, annotations, expireTime }) {
    const attemptTag = tagOf(annotations) ?? null;
    const claim = { keyId, attemptTag, endsAt: expireTime === undefined ? null : Date.parse(expireTime) };
    const [standing] = await this.#ledger.standings(memberOf(attemptTag ?? ""), [claim]);
    return standing === "live";
  }
}
