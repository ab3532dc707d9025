// Measures the cost of one create: processor time without a network, and time with a loopback server.

import { rounds, timed } from "./measure.mjs";
import { connectAll, OURS, startStub } from "./peers.mjs";

const CALLS = 1_000;
const ROUNDS = 15;

/**
 * Microseconds of processor time per create, if fetch answers at once. No peer may have been imported before:
 * `alone.mjs` runs it.
 */
export async function withStubFetch() {
  await import("./peers/stubbed.mjs");
  const creates = await connectAll("https://service.example");
  for (const create of Object.values(creates)) for (let call = 0; call < CALLS; call += 1) await create();
  return rounds(creates, ROUNDS, async (create) => {
    const before = process.cpuUsage();
    for (let call = 0; call < CALLS; call += 1) await create();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / CALLS;
  });
}

/** Microseconds per create with a server on this machine, one create at a time. */
export async function overLoopback() {
  const stub = await startStub();
  try {
    const creates = await connectAll(stub.url);
    for (const create of Object.values(creates)) for (let call = 0; call < CALLS; call += 1) await create();
    return await rounds(creates, ROUNDS, async (create) => {
      const ms = await timed(async () => {
        for (let call = 0; call < CALLS; call += 1) await create();
      });
      return (ms * 1_000) / CALLS;
    });
  } finally {
    stub.stop();
  }
}

/** Milliseconds for a thousand creates at once, and how many requests they sent. */
export async function inFlight() {
  const stub = await startStub();
  try {
    const creates = await connectAll(stub.url);
    const burst = (create) => timed(() => Promise.all(Array.from({ length: CALLS }, create)));
    for (const create of Object.values(creates)) await burst(create);
    const requests = {};
    const taken = await rounds(creates, ROUNDS, async (create, name) => {
      const before = stub.requests;
      const ms = await burst(create);
      requests[name] = stub.requests - before;
      return ms;
    });
    return { taken, requests: requests[OURS] };
  } finally {
    stub.stop();
  }
}
