// A clock that a test moves, in the place of the keyring's: what it waits for happens at once, and in order.

/** Waits, turn by turn of the event loop, until this holds. */
export async function happened(holds) {
  for (let turns = 0; !(await holds()); turns += 1) {
    if (turns > MOST_TURNS) throw new Error(`it never happens: ${holds}`);
    await new Promise(setImmediate);
  }
}

/** How many turns of the event loop to wait for a timer: many more than a request on this machine takes. */
const MOST_TURNS = 1_000_000;

/** Stops the clock until the test ends. Only the keyring's own timers stand still with it. */
export function stopClock({ mock }) {
  const real = setTimeout;
  const timers = new Map();
  let now = Date.now();
  let wrong = 0;
  let count = 0;
  let underWay = 0;
  const { fetch } = globalThis;
  const clock = {
    /** A fetch for the keyring: while its answers are under way, `until` lets no time pass. */
    async fetch(...request) {
      underWay += 1;
      try {
        const response = await fetch(...request);
        const body = await response.blob();
        return new Response(body.size > 0 ? body : null, response);
      } finally {
        underWay -= 1;
      }
    },
    /** All delays that the keyring has asked for. */
    delays: [],
    /** The timers that are set. */
    set: () => timers.size,
    /** How long it has gone on, in milliseconds. */
    elapsed: () => now - start,
    /** Moves on without firing a timer, as a machine that sleeps. */
    sleep: (ms) => {
      now += ms;
    },
    /** Sets the time of day: from now on it is wrong, or corrected, by so much. No time passes. */
    set timeOfDay(ms) {
      wrong = ms;
    },
    /** Waits until a timer is set, goes on to the first one, and fires it. */
    async next() {
      await happened(() => timers.size > 0);
      const [[timer, { at, run }]] = [...timers].sort(([, one], [, other]) => one.at - other.at);
      timers.delete(timer);
      now = Math.max(now, at);
      run();
    },
    /** Goes on, from timer to timer, until the promise has settled. */
    async until(promise) {
      let isSettled = false;
      const done = () => {
        isSettled = true;
      };
      promise.then(done, done);
      for (;;) {
        await happened(() => isSettled || (timers.size > 0 && underWay === 0));
        if (isSettled) return promise;
        // What has been answered is read before time goes on.
        for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
        if (!isSettled && timers.size > 0 && underWay === 0) await clock.next();
      }
    },
  };
  const start = now;
  const isOurs = () => /fireworks-keys.dist.member/.test(new Error().stack);
  mock.method(globalThis, "setTimeout", (run, ms, ...args) => {
    if (!isOurs()) return real(run, ms, ...args);
    clock.delays.push(ms);
    count += 1;
    const timer = { count, unref() {} };
    // As a platform does with a delay that it cannot hold.
    const delay = ms > 2 ** 31 - 1 || !(ms > 0) ? 1 : ms;
    timers.set(timer, { at: now + delay, run });
    return timer;
  });
  const { clearTimeout } = globalThis;
  mock.method(globalThis, "clearTimeout", (timer) => timers.delete(timer) || clearTimeout(timer));
  mock.method(Date, "now", () => now + wrong);
  mock.method(performance, "now", () => now - start);
  return clock;
}
