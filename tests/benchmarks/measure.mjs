// Measures in rounds. Each round goes through all peers, and compares their figures with those of one peer
// in the same round, so that other load on the machine affects all peers alike.

import { readdir, readFile } from "node:fs/promises";

/**
 * Measures every peer in each round, and returns the figures by peer. The environment may say ROUNDS, to try
 * a measurement with fewer.
 */
export async function rounds(peers, count, figure) {
  const taken = Object.fromEntries(Object.keys(peers).map((name) => [name, []]));
  const names = Object.keys(peers);
  const last = Number(process.env.ROUNDS ?? count);
  for (let round = 0; round < last; round += 1) {
    // Each round starts with another peer.
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round) % names.length];
      globalThis.gc?.();
      taken[name].push(await figure(peers[name], name));
    }
  }
  return taken;
}

/** Divides each peer's figures by those of `base` in the same round: median, and the middle half. */
export function ratios(taken, base) {
  return Object.fromEntries(
    Object.entries(taken).map(([name, figures]) => {
      const each = figures.map((figure, round) => figure / taken[base][round]);
      return [name, { ratio: spread(each), median: spread(figures).median }];
    }),
  );
}

/** One figure of each round, where a round has several. */
export function part(taken, name) {
  return Object.fromEntries(
    Object.entries(taken).map(([peer, figures]) => [peer, figures.map((figure) => figure[name])]),
  );
}

/** The median of the numbers, and the bounds of their middle half. */
export function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** The exponent with which a cost grows: 1 is linear. */
export function slope(points) {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)]);
  const mean = (index) => logs.reduce((sum, point) => sum + point[index], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

/** How long work takes, in milliseconds. */
export async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * The processor time that a process has used so far, in milliseconds. Linux's `/proc/<pid>/stat` tells it as
 * well, but in steps of 10 ms, which is about as long as a first request takes.
 */
export async function processorTime(pid) {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
    nanoseconds += Number(text.split(" ")[0]);
  }
  return nanoseconds / 1_000_000;
}
