// The service's clock beside this machine's. What answers tell of the service's time says by how much this
// machine is wrong; times in words follow the service, which decides when a key ends.

import { DAY, lasting } from "./time.js";

/** Smaller differences are not mentioned, in milliseconds: an answer is on its way for a while, too. */
const TOLERANCE = 60_000;

/** By how much a machine's clock may be wrong, in milliseconds: a year. */
const FURTHEST = 366 * DAY;

export class Clock {
  #machine;
  #least = -Infinity;
  #most = Infinity;
  #changed = () => {};

  /** `machine` returns this machine's time in milliseconds since 1970. */
  constructor(machine = Date.now) {
    this.#machine = machine;
  }

  /** Calls `changed` when the known difference between the clocks has changed. */
  onChange(changed) {
    this.#changed = changed;
  }

  /** This machine's time. */
  machine() {
    return this.#machine();
  }

  /** The service's time, as far as is known. */
  now() {
    return this.#machine() + this.off;
  }

  /** By how much the service is ahead of this machine; 0 if the clocks agree or the difference is unknown. */
  get off() {
    if (this.#least > TOLERANCE) return this.#most === Infinity ? this.#least : this.#middle();
    return this.#most < -TOLERANCE ? this.#middle() : 0;
  }

  #middle() {
    return (this.#least + this.#most) / 2;
  }

  /** The service's clock showed `time` at some moment between `sent` and `received` on this machine's. */
  heard(time, sent, received) {
    if (time === undefined || Number.isNaN(time)) return;
    this.#set(time - received, time - sent);
  }

  /** The service wrote these times, so its clock is past all of them. */
  isPast(times) {
    const last = times.reduce((last, time) => Math.max(last, time), -Infinity);
    const least = last - this.#machine();
    // No clock is wrong by that much: the time itself must be.
    if (least > FURTHEST) return;
    if (least > this.#least) this.#set(least, Math.max(this.#most, least));
  }

  /** Whether the service's clock is known to be past a time: not by this machine's clock alone. */
  hasPassed(time) {
    const isKnown = this.#least > -Infinity && this.#most < Infinity;
    return time <= (isKnown ? this.now() : this.#machine() + this.#least);
  }

  /** Forgets the difference, for example before the page connects to another service. */
  forget() {
    this.#set(-Infinity, Infinity);
  }

  #set(least, most) {
    const before = this.off;
    [this.#least, this.#most] = [least, most];
    if (Math.abs(this.off - before) > 1_000) this.#changed();
  }

  /** What to tell of a clock that is wrong; nothing if it is right. */
  get words() {
    const { off } = this;
    if (off === 0) return "";
    const side = off < 0 ? "ahead of" : "behind";
    return `This machine’s clock is ${lasting(Math.abs(off))} ${side} the service’s.`;
  }
}

/** The clock of the service that the page is connected to. */
export const clock = new Clock();
