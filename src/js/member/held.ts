// A key as the tabs of a member hold it, and how long it still lives.

/** A key, as tabs tell each other of it. */
export interface Held {
  key: string;
  keyId: string;
  /** How long it lives from `at`, in milliseconds. */
  lifeMs: number;
  /** When it was asked for, by the time of day. The service made it later, so it ends no earlier. */
  at: number;
  /** The same by this page's own clock, which nobody sets, but which may stand while the machine sleeps. */
  since: number;
  /** How many keys in a row, just before it, the inference host has refused. */
  refusals: number;
}

/** The part of its life before whose end a key is renewed. */
const OVERLAP = 0.2;

/** The last part of a key's life, in which it serves no new request. */
const MARGIN = 0.05;

/** Text that can stand in a header. Platforms repeat other text in an error. */
export const isHeaderValue = (value: unknown): value is string =>
  typeof value === "string" && /^[!-~]+( [!-~]+)*$/.test(value);

/** How long ago a key was asked for, in milliseconds; less than that if the machine has slept. */
export const ageOf = ({ since }: Held): number => performance.now() - since;

/** Whether it is a key: another tab, or the broker, may send anything. */
export const isHeld = (held: Held): boolean =>
  isHeaderValue(held.key) && isHeaderValue(held.keyId) && Math.min(held.lifeMs, held.at, ageOf(held)) >= 0;

/** How long a key still lives, in milliseconds, by the clock that says less. */
export const left = (held: Held): number => held.lifeMs - Math.max(ageOf(held), Date.now() - held.at);

/** How long until a key is to be renewed, in milliseconds. */
export const untilDue = (held: Held): number => left(held) - held.lifeMs * OVERLAP;

/** Whether requests can be sent with a key. */
export const isUsable = (held: Held): boolean => left(held) > held.lifeMs * MARGIN;
