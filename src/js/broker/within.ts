// Limits how long work outside of the broker may take.

import { settled } from "../settle.js";

/** Runs the work and settles as it does, or rejects when the time is up. The work may throw. */
export async function within<Result>(
  ms: number,
  what: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([late, settled(work)]);
  } finally {
    clearTimeout(timer);
  }
}
