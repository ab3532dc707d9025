// A clock that a simulation turns: `Date.now`, `performance.now` and timers follow it, and events happen in
// the order of their times. Nothing waits for real time.

const turn = globalThis.setImmediate;

/** How many turns of the event loop what was woken may take: bodies of requests take more than one. */
const TURNS = 3;

export class Clock {
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;
  #events = [];
  #last = 0;

  /** Does something `ms` from now. Returns what `cancel` takes. */
  in(ms, work) {
    const event = { at: this.now + Math.max(0, ms), order: ++this.#last, work };
    const after = this.#events.findIndex(
      ({ at, order }) => at > event.at || (at === event.at && order > event.order),
    );
    this.#events.splice(after < 0 ? this.#events.length : after, 0, event);
    return event;
  }

  cancel(event) {
    const index = this.#events.indexOf(event);
    if (index >= 0) this.#events.splice(index, 1);
  }

  /** Lets `ms` pass. */
  async pass(ms) {
    const end = this.now + ms;
    await idle();
    while (this.#events[0]?.at <= end) await this.#step();
    this.now = end;
  }

  /** Lets time pass until a promise settles, and returns what it settles to. */
  async until(promise) {
    let settled = false;
    const ended = promise.finally(() => {
      settled = true;
    });
    ended.catch(() => {});
    await idle();
    while (!settled) {
      if (this.#events.length === 0) throw new Error("a promise is left pending");
      await this.#step();
    }
    return ended;
  }

  async #step() {
    const { at, work } = this.#events.shift();
    this.now = at;
    work();
    await idle();
  }

  /** Puts it in the place of the real one, until the context's test ends. */
  install({ mock }) {
    mock.method(Date, "now", () => this.now);
    mock.method(performance, "now", () => this.now);
    mock.method(globalThis, "setTimeout", (work, ms, ...given) => this.in(ms ?? 0, () => work(...given)));
    mock.method(globalThis, "clearTimeout", (event) => this.cancel(event));
  }
}

/** Waits until whatever can go on without time has gone on. */
async function idle() {
  for (let count = 0; count < TURNS; count += 1) await new Promise((resolve) => turn(resolve));
}
