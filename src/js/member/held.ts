// A key as the tabs of a member hold it, and how long it still lives.

/** A key, as tabs tell each other of it. */
export interface Held {
  key: string;
  keyId: string;
  /** How long it lives from `at`, in milliseconds. */
  lifeMs: number;
  /** When it was asked for, by this machine's clock. The service made it later, so it ends no earlier. */
  at: number;
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

/** Whether it is a key: another tab, or the broker, may send anything. */
export const isHeld = ({ key, keyId, lifeMs, at }: Held): boolean =>
  isHeaderValue(key) && isHeaderValue(keyId) && lifeMs > 0 && at > 0;

/** How long a key still lives, in milliseconds. */
export const left = ({ lifeMs, at }: Held): number => at + lifeMs - Date.now();

/** How long until a key is to be renewed, in milliseconds. */
export const untilDue = (held: Held): number => left(held) - held.lifeMs * OVERLAP;

/** Whether requests can be sent with a key. */
export const isUsable = (held: Held | undefined): held is Held => !!held && left(held) > held.lifeMs * MARGIN;
