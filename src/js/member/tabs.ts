// Lets the tabs of one origin share a member's keys: they tell each other over a channel, and only one at a
// time asks the broker. Both are named by a hash. Nothing is stored. A file of its own, which only keyrings
// load that name their member.

import type { Held } from "./held.js";

/** How long a tab that has just opened waits for others to answer, in milliseconds. */
const FIRST_CALL_MS = 250;

/** How long a tab waits for others that have been heard before, in milliseconds: they may be gone. */
const CALL_MS = 1_000;

/** How long a tab waits for its turn, in milliseconds: one that holds it for longer has stopped. */
const TURN_MS = 120_000;

/** What tabs send: a call that all answer, the keys that one holds, a farewell, and the end for all. */
type Message = ["call" | "keys" | "bye" | "out", from: number, keys: Held[]];

/** The other tabs. */
export interface Tabs {
  /** Runs the work while no other tab does so, with what the others know by then, and tells them after it. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Leaves the others, or has them leave as well. Resolves to whether any of them stay. Never rejects. */
  leave(isForAll: boolean): Promise<boolean>;
}

/** Joins the tabs that share this name. */
export async function join(
  name: string,
  keys: () => Held[],
  onKey: (key: Held) => unknown,
  onOut: () => void,
): Promise<Tabs> {
  // A platform without locks shares nothing.
  const { locks } = navigator;
  if (!locks) throw new TypeError("no locks");
  const me = Math.random();
  const others = new Set<number>();
  let onAnswer = (): void => {};
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  const id = `fireworks-keys ${new Uint8Array(hash)}`;
  let channel: BroadcastChannel | undefined = new BroadcastChannel(id);
  // In Node, it keeps no process alive.
  (channel as { unref?(): void }).unref?.();

  /** Turns when a key was asked for into its age, and back: each page has a clock of its own. */
  const turned = (key: Held): Held => ({ ...key, since: performance.now() - Object(key).since });

  const tell = (kind: Message[0]): void => channel?.postMessage([kind, me, keys().map(turned)]);

  /** Calls the others. Those that do not answer are forgotten. */
  const call = (ms: number): Promise<void> => {
    const expected = others.size;
    others.clear();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      onAnswer = () => {
        if (others.size < expected) return;
        clearTimeout(timer);
        resolve();
      };
      tell("call");
    });
  };

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (!Array.isArray(data)) return;
    const [kind, from, told] = data;
    others[kind === "bye" ? "delete" : "add"](from);
    if (Array.isArray(told)) told.map(turned).forEach(onKey);
    if (kind === "call") tell("keys");
    if (kind === "out") onOut();
    onAnswer();
  };
  await call(FIRST_CALL_MS);

  const alone: Tabs["alone"] = <Result>(work: () => Promise<Result>) => {
    const turn = async (): Promise<Result> => {
      if (others.size) await call(CALL_MS);
      const result = await work();
      tell("keys");
      return result;
    };
    let running: Promise<Result> | undefined;
    const run = (): Promise<Result> => (running ??= turn());
    // Where locks are denied, or a turn never comes, the work is done all the same.
    return locks.request(id, { signal: AbortSignal.timeout(TURN_MS) }, run).catch(run);
  };

  const bye = (kind: "bye" | "out"): void => {
    // A tab that has left may still end it for all.
    channel ??= new BroadcastChannel(id);
    tell(kind);
    channel?.close();
    channel = undefined;
  };

  return {
    alone,
    async leave(isForAll) {
      let isShared = false;
      // Two tabs that leave at once must not both think that the other stays.
      const leaving = async (): Promise<void> => {
        isShared = others.size > 0;
        bye("bye");
      };
      if (isForAll) bye("out");
      else if (others.size) await alone(leaving);
      else await leaving();
      return isShared;
    },
  };
}
