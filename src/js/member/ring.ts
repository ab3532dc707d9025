// Holds a member's keys: fetches one when it is first needed, the next one before it ends, and sends the
// broker no more requests than it can take. Keys are in memory only.

import { ask } from "./broker.js";
import { KeyringError } from "./error.js";
import type { Closing, KeyringEvent } from "./event.js";
import { ageOf, type Held, isHeld, isUsable, left, untilDue } from "./held.js";
import {
  LEAST_LIFE_MS,
  LONGEST_WAIT_MS,
  LONGEST_WAIT_REFUSED_MS,
  LONGEST_WAIT_YOUNG_MS,
  PATIENCE_MS,
  YOUNG_MS,
  YOUNG_TRIES,
} from "./limits.js";
import type { Settings } from "./options.js";
import { backoff, LONGEST_TIMER_MS, sleep, until } from "./time.js";

/** Whether asking again would only be told the same. */
const isFinal = ({ status = 500 }: KeyringError): boolean => status < 500 && status !== 429;

const ignore = (): void => {};

/** A member's keys. */
export type Ring = ReturnType<typeof createRing>;

/** Makes a ring without a key. */
export function createRing(settings: Settings) {
  const { member, broker, onEvent } = settings;
  const alive = new Map<string, Held>();
  const revoked: string[] = [];
  let current: Held | undefined;
  /** Whether the inference host has accepted the current key. */
  let isProven = false;
  /** Whether anybody has asked for a key since the last renewal by the timer. */
  let isUsed = false;
  let flight: Promise<Held> | undefined;
  let minting: Promise<Held> | undefined;
  let ending: Promise<Closing> | undefined;
  let out: Promise<Closing> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What the next key is told of those before it. */
  let refusals = 0;
  let failures = 0;
  let notBefore = 0;
  let last: KeyringError;

  const notify = (event: KeyringEvent): void => {
    // What a listener throws is its own affair.
    Promise.resolve(event).then(onEvent).catch(ignore);
  };

  /** The keys that may be alive: the time of day may say wrongly that one has ended. */
  const keys = (): Held[] => [...alive.values()].filter((held) => ageOf(held) < held.lifeMs);

  /** The other tabs, if the page names its member and the platform has what sharing needs. */
  const joining = member
    ? import("./tabs.js")
        .then(({ join }) =>
          join(
            `${broker} ${member}`,
            keys,
            (held) => isHeld(held) && !alive.has(held.keyId) && take(held, true),
            () => end(true),
          ),
        )
        .catch(ignore)
    : undefined;

  const assertOpen = (): void => {
    if (ending) throw new KeyringError("CLOSED", "closed");
  };

  function take(held: Held, isShared: boolean): void {
    alive.set(held.keyId, held);
    if (isShared && current && left(held) < left(current)) return;
    current = held;
    isProven = false;
    refusals = failures = notBefore = 0;
    notify({ type: "key", keyId: held.keyId, expiresInMs: left(held), isShared });
    arm();
  }

  /** Sets the timer for the next renewal. */
  function arm(): void {
    clearTimeout(timer);
    const held = current;
    if (!held || ending) return;
    const onTimer = (): void => {
      // A timer holds 24 days at the most.
      if (untilDue(held) > 0) arm();
      // A key that nobody has asked for is not renewed, nor one that has ended: who asks next fetches it.
      else if (isUsed && left(held) > 0) {
        renew().then(
          () => {
            isUsed = false;
          },
          (error) => isFinal(error) || arm(),
        );
      }
    };
    const ms = Math.max(untilDue(held), notBefore - performance.now());
    timer = setTimeout(onTimer, Math.min(ms, LONGEST_TIMER_MS));
    // In Node, it keeps no process alive.
    (timer as { unref?(): void }).unref?.();
  }

  const renew = (): Promise<Held> =>
    (flight ??= obtain().finally(() => {
      flight = undefined;
    }));

  /** Fetches a key. Tries again after a failure, unless that would take too long. */
  async function obtain(): Promise<Held> {
    for (;;) {
      const wait = notBefore - performance.now();
      if (wait > PATIENCE_MS) throw last;
      if (wait > 0) await sleep(wait);
      try {
        const tabs = await joining;
        const work = async (): Promise<Held> => {
          assertOpen();
          // Another tab may have fetched it meanwhile.
          return current && untilDue(current) > 0 ? current : (minting = mint());
        };
        const held = await (tabs ? tabs.alone(work) : work());
        assertOpen();
        return held;
      } catch (error) {
        assertOpen();
        last = error as KeyringError;
        failures += 1;
        const longest = isFinal(last) ? LONGEST_WAIT_REFUSED_MS : LONGEST_WAIT_MS;
        const retryInMs =
          Math.min(last.retryAfterMs ?? 0, LONGEST_WAIT_REFUSED_MS) + backoff(failures, longest);
        notBefore = performance.now() + retryInMs;
        notify({ type: "failure", error: last, retryInMs });
        if (isFinal(last)) throw last;
      }
    }
  }

  async function mint(): Promise<Held> {
    const at = Date.now();
    const since = performance.now();
    const { key, keyId, expiresInMs, expireTime } = await ask(settings, "POST", "keys", 201);
    const lifeMs = Number(expiresInMs) || Math.max(Date.parse(expireTime as string) - at, LEAST_LIFE_MS);
    const held = { key, keyId, lifeMs, at, since, refusals } as Held;
    if (!isHeld(held)) throw new KeyringError("INVALID_RESPONSE", "no key");
    take(held, false);
    return held;
  }

  /** A key that works now. */
  async function hold(): Promise<Held> {
    assertOpen();
    isUsed = true;
    if (!current || !isUsable(current)) return renew();
    // The timer may be late: browsers slow down the timers of hidden pages.
    if (untilDue(current) <= 0) renew().catch(ignore);
    return current;
  }

  /** Sends a request with a key, and again if the inference host does not accept the key. */
  async function carry(
    signal: AbortSignal | undefined,
    isOnce: boolean,
    send: (key: string) => Promise<Response>,
  ): Promise<Response> {
    for (let tries = 0; ; tries += 1) {
      const held = await until(signal, hold());
      const response = await send(held.key);
      if (response.ok && held === current) isProven = true;
      if (response.status !== 401) return response;
      const again = refused(held, tries);
      if (isOnce || !(await until(signal, again))) return response;
      // It is not read, and must not hold the connection.
      response.body?.cancel().catch(ignore);
    }
  }

  /**
   * Told that the inference host has refused a key: resolves to whether the request is worth sending again.
   * A young key may not be known yet. Keys that are refused one after the other are renewed less and less
   * often: something else is wrong then.
   */
  async function refused(held: Held, tries: number): Promise<unknown> {
    if (held !== current) return true;
    const age = ageOf(held);
    if (!isProven && age < YOUNG_MS && tries < YOUNG_TRIES) {
      await sleep(backoff(tries, LONGEST_WAIT_YOUNG_MS));
      return true;
    }
    refusals = held.refusals;
    if (refusals && age < YOUNG_MS * 2 ** refusals) return false;
    notify({ type: "refused", keyId: held.keyId });
    current = undefined;
    refusals += 1;
    return renew().then(Boolean, ignore);
  }

  /** Has the broker revoke a key. */
  async function revoke({ keyId }: Held): Promise<void> {
    for (let tries = 0; tries < 3; tries += 1) {
      try {
        if (tries) await sleep(backoff(tries, LONGEST_WAIT_YOUNG_MS));
        await ask(settings, "DELETE", `keys/${encodeURIComponent(keyId)}`, 204);
        alive.delete(keyId);
        revoked.push(keyId);
        return notify({ type: "revoked", keyId });
      } catch (error) {
        if (isFinal(error as KeyringError)) return;
      }
    }
  }

  /** Closes the ring, or the rings of all tabs, which can follow. */
  function end(isForAll: boolean): Promise<Closing> {
    if (isForAll) ending = out ??= close(true, ending);
    return (ending ??= close(false));
  }

  async function close(isForAll: boolean, earlier?: Promise<Closing>): Promise<Closing> {
    clearTimeout(timer);
    const isShared = await (await joining)?.leave(isForAll);
    // Nobody else knows of a key that is on its way.
    await minting?.catch(ignore);
    await earlier;
    await Promise.all(keys().map((held) => isShared || revoke(held)));
    current = undefined;
    if (!earlier) notify({ type: "closed" });
    return { revoked: [...revoked], pending: keys().map(({ keyId }) => keyId) };
  }

  return { hold, carry, end };
}
