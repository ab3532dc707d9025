// Holds mints back after the service has said 429, so that members' mints do not keep the whole account at
// its rate limit. Deletions and `reconcile` do not wait.

/** The longest pause, in milliseconds: the service decides on shorter ones. */
const LONGEST_MS = 30_000;

/** How long to pause if the service does not say, in milliseconds. */
const USUAL_MS = 5_000;

/** How long to wait for the answer of the probe, in milliseconds. */
const PROBE_MS = 1_000;

/** The pause of one process. */
export class Pause {
  #until = 0;
  #isProbing = false;

  /** How long a mint has to wait, in milliseconds; 0 if it may be sent. */
  waitMs(): number {
    if (this.#until === 0) return 0;
    const left = this.#until - Date.now();
    if (left > 0) return Math.min(left, LONGEST_MS);
    return this.#isProbing ? PROBE_MS : 0;
  }

  /** Sends a create. After a pause the first one is a probe: the others wait for its answer. */
  async probe(send: () => Promise<Response>): Promise<Response> {
    const pausedUntil = this.#until;
    if (pausedUntil === 0) return send();
    this.#isProbing = true;
    try {
      const response = await send();
      if (response.status !== 429 && this.#until === pausedUntil) this.#until = 0;
      return response;
    } finally {
      this.#isProbing = false;
    }
  }

  /** Notes what any answer of the service says about its rate limit. */
  heed({ status, headers }: Response): void {
    if (status !== 429) return;
    const ms = Math.min(askedMs(headers) ?? USUAL_MS, LONGEST_MS);
    this.#until = Math.max(this.#until, Date.now() + ms);
  }
}

/** How long the service asks to wait: in milliseconds, in seconds, or until a time. */
function askedMs(headers: Headers): number | undefined {
  const ms = headers.get("retry-after-ms")?.trim();
  if (ms && /^\d+(\.\d+)?$/.test(ms)) return Number(ms);
  const after = headers.get("retry-after")?.trim();
  if (!after) return undefined;
  if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1_000;
  const time = /[a-z]/i.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - Date.now());
}
