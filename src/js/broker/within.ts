// A limit on how long something may take that is not ours.

import { settled } from "../settle.js";

/** What the work settles to, or a rejection once the time is up. It is begun here, so that it may throw. */
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
