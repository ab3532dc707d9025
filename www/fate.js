// What became of the keys of one create, or of one rotation, from what the package knows: known to be made,
// known not to be, or not known. In one line, the same wherever it is shown. Pure.

import { shown } from "./names.js";
import { clockTime } from "./time.js";

/** How many keys the line names. */
const NAMED = 3;

/** Whether the line tells of this event: nothing else has to. */
export function isOfFate({ type }) {
  return type.startsWith("orphan");
}

export class Fate {
  #listeners = new Set();
  #now;
  #isRunning = true;
  #isSent = false;
  #stopped = false;
  #yours;
  #successor;
  #deleted = new Set();
  #live = [];
  #orphans;
  #until;
  #looked;
  #isLooking = false;
  #firstLook;

  /** `now` returns this machine's time. */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** Calls `listener` after each change. */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }

  /** A request is about to be sent. */
  sending() {
    if (this.#isSent) return;
    this.#isSent = true;
    this.#changed();
  }

  /** Takes in an event of the call. */
  event({ type, keyId, attemptTag, keepKeyId, lastLookMs, successorId }) {
    if (successorId !== undefined && successorId !== this.#successor) {
      this.#successor = successorId;
      this.#changed();
    }
    if (!isOfFate({ type })) return;
    if (attemptTag !== undefined) this.attemptTag = attemptTag;
    if (keepKeyId !== undefined) this.keepKeyId = keepKeyId;
    if (type === "orphan-deleted") this.#deleted.add(keyId);
    else this.#orphans = type.replace("orphans-", "");
    if (type === "orphans-open") this.#until = this.#now() + lastLookMs;
    this.#changed();
  }

  /** The call has returned this key. */
  made({ keyId }) {
    this.#isRunning = false;
    this.#yours = keyId;
    this.#orphans ??= "none";
    this.#changed();
  }

  /** The call has failed. */
  failed(error) {
    this.#isRunning = false;
    this.#stopped = error?.name === "AbortError";
    for (const keyId of error?.keyIds ?? []) this.#deleted.add(keyId);
    // Another rotation's keys are somebody's.
    const others = new Set((error?.successors ?? []).map(({ keyId }) => keyId));
    this.#live = (error?.liveKeyIds ?? []).filter((keyId) => !others.has(keyId));
    this.attemptTag ??= error?.attemptTag;
    this.keepKeyId ??= error?.keepKeyId;
    // The error tells only of the first look; while others follow, the events decide.
    this.#orphans ??= error?.orphans ?? "none";
    this.#firstLook = error?.orphans;
    this.#changed();
  }

  /** Whether the page must live on: a request is under way, or its key is looked for. */
  get isOpen() {
    return (this.#isRunning && this.#isSent) || this.#orphans === "open" || this.#isLooking;
  }

  /** Whether a look may find something. */
  get canLook() {
    return this.attemptTag !== undefined && /^(open|unaccounted|unknown)$/.test(this.#orphans);
  }

  /** Whether a look that the user asked for is under way. */
  get isLooking() {
    return this.#isLooking;
  }

  /** Looks with `sweep`, which resolves to the ids of the keys that it deleted. */
  async look(sweep) {
    this.#isLooking = true;
    this.#changed();
    try {
      const found = await sweep(this);
      for (const keyId of found) this.#deleted.add(keyId);
      // The look has worked, but a key may still be made later.
      if (this.#orphans === "unknown") this.#orphans = "unaccounted";
      this.#looked = this.#now();
    } finally {
      this.#isLooking = false;
      this.#changed();
    }
  }

  /** The line: `{ tone, text }`. */
  get line() {
    const { text, tone } = this.#rest;
    const deleted = this.#deletedInWords();
    const parts = [
      this.#yours && `Made, and yours: the key ${shown(this.#yours)}.`,
      deleted,
      // After a rotation the old key is alive as well, which the rotation's own text says.
      this.#live.length === 1 && !this.keepKeyId && this.#live[0] !== this.rotated
        ? `Alive, and nobody’s: the key ${shown(this.#live[0])}. Revoke it.`
        : undefined,
      text,
    ];
    return { tone, text: parts.filter(Boolean).join(" ") };
  }

  #deletedInWords() {
    const ids = [...this.#deleted].map(shown);
    if (ids.length === 0) return undefined;
    const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : "";
    return `Made, not handed out, found and deleted: ${ids.slice(0, NAMED).join(", ")}${more}.`;
  }

  get #rest() {
    if (this.#isRunning) return { tone: "quiet", text: this.#underWay() };
    switch (this.#orphans) {
      case "open": {
        return {
          tone: "warning",
          text: `${this.#sofar()}: still looking until ${clockTime(this.#until)}.${this.#lookedAt()}`,
        };
      }
      case "unaccounted": {
        const what = this.#deleted.size > 0 ? "There may be another" : "Looked, and not found";
        return { tone: "warning", text: `${what}: it was never made, or it comes later.${this.#lookedAt()}` };
      }
      case "unknown":
        return { tone: "danger", text: "Not known: a key that nobody holds may be alive." };
      case "swept":
        return { tone: "good", text: "Every lost attempt is accounted for." };
      default:
    }
    if (this.#yours) return { tone: "good", text: "" };
    if (!this.#isSent) return { tone: "quiet", text: "Nothing was sent: no key was made." };
    if (this.#live.length > 0) return { tone: "quiet", text: "" };
    return { tone: "quiet", text: "No key was made." };
  }

  /** What is known while the call is under way. */
  #underWay() {
    if (!this.#isSent) return "Not sent yet.";
    if (this.#successor === undefined) return "Sent; not known yet whether a key is made.";
    return `Made: the key ${shown(this.#successor)}; not known yet whether it is stored.`;
  }

  /** What is known while looks go on. */
  #sofar() {
    if (this.#deleted.size > 0) return "Another may come";
    if (this.#stopped) return "Whether a key was made is not known";
    if (this.#yours) return "A lost attempt may have made another";
    return this.#firstLook === "unaccounted" ? "Looked, and not found" : "Not known: the look has failed";
  }

  /** Whether the user has looked. */
  get hasLooked() {
    return this.#looked !== undefined;
  }

  #lookedAt() {
    return this.#looked === undefined ? "" : ` Last looked at ${clockTime(this.#looked)}.`;
  }
}
