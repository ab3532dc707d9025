// What becomes of a request on its way: it arrives or does not, soon or late, and so does its answer.

/** What can become of a request, and how often where the weather is worst. */
const WORST = [
  [0.06, "lost before"],
  [0.1, "lost after"],
  [0.06, "late"],
  [0.04, "hangs before"],
  [0.06, "hangs after"],
  [0.04, "refused before"],
  [0.04, "refused after"],
];

/** How long after its answer was given up a request may still be done, in milliseconds. */
const LATEST_MS = 8_000;

export class Weather {
  #random;
  #clock;
  #severity;
  bad = true;

  constructor(random, clock) {
    this.#random = random;
    this.#clock = clock;
    this.#severity = random.next();
  }

  #fate() {
    if (!this.bad) return "fine";
    let number = this.#random.next();
    for (const [share, fate] of WORST) {
      number -= share * this.#severity;
      if (number < 0) return fate;
    }
    return "fine";
  }

  /**
   * Sends a request of an isolate. `work` is what happens where it arrives, which it may do although the
   * isolate has crashed; `refusal` is an answer that says nothing of whether it was done.
   */
  send({ isolate, work, refusal, signal, onDone }) {
    return new Promise((resolve, reject) => {
      if (isolate.crashed) return;
      const fate = this.#fate();
      const answer = (settle) => this.#clock.in(this.#delay(), () => isolate.crashed || settle());
      const done = () => {
        const result = work();
        onDone();
        return result;
      };
      const lost = () => reject(new TypeError("the connection was lost"));
      signal?.addEventListener("abort", () => isolate.crashed || reject(signal.reason));
      this.#clock.in(this.#delay(), () => {
        if (fate === "fine") {
          const result = done();
          answer(() => resolve(result));
        }
        if (fate === "lost before") answer(lost);
        if (fate === "lost after") {
          done();
          answer(lost);
        }
        if (fate === "late") {
          answer(lost);
          this.#clock.in(this.#random.below(LATEST_MS), done);
        }
        if (fate === "hangs after") done();
        if (fate === "refused before") answer(() => resolve(refusal()));
        if (fate === "refused after") {
          done();
          answer(() => resolve(refusal()));
        }
      });
    });
  }

  #delay() {
    return 1 + this.#random.below(this.#random.chance(0.1) ? 3_000 : 150);
  }
}
