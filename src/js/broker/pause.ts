// Holds mints back after the service has said 429, so that members' mints do not keep the whole account at
// its rate limit. Deletions and `reconcile` do not wait.

/** The longest pause, in milliseconds: the service decides on shorter ones. */
export const LONGEST_MS = 30_000;

/** How long to pause if the service does not say, in milliseconds. */
const USUAL_MS = 5_000;

/** How long to wait for the answer of the probe, in milliseconds. */
const PROBE_MS = 1_000;

/** The pause of one process. */
export class Pause {
  readonly #mintMs: number;
  #until = 0;
  /** When the probe was sent whose answer has not come. */
  #probe: { at: number } | undefined;

  /** `mintMs`: how long a mint may take. A probe that takes longer counts as lost. */
  constructor(mintMs: number) {
    this.#mintMs = mintMs;
  }

  /** How long a mint has to wait, in milliseconds; 0 if it may be sent. */
  waitMs(): number {
    if (this.#until === 0) return 0;
    const left = this.#until - Date.now();
    // It was set by a clock that has been set back since.
    if (left > LONGEST_MS) this.#until = 0;
    else if (left > 0) return left;
    else if (this.#isProbing) return PROBE_MS;
    return 0;
  }

  get #isProbing(): boolean {
    return this.#probe !== undefined && Math.abs(Date.now() - this.#probe.at) < this.#mintMs;
  }

  /** Sends a create. After a pause the first one is a probe: the others wait for its answer. */
  async probe(send: () => Promise<Response>): Promise<Response> {
    const pausedUntil = this.#until;
    if (pausedUntil === 0) return send();
    const probe = { at: Date.now() };
    this.#probe = probe;
    try {
      const response = await send();
      if (response.status !== 429 && this.#until === pausedUntil) this.#until = 0;
      return response;
    } finally {
      if (this.#probe === probe) this.#probe = undefined;
    }
  }

  /** Notes what any answer of the service says about its rate limit. */
  heed(response: Response): void {
    // A `fetch` of the caller's may answer with anything.
    const { status, headers }: Response = Object(response);
    if (status !== 429) return;
    const ms = Math.min(askedMs(headers) ?? USUAL_MS, LONGEST_MS);
    const now = Date.now();
    const until = this.#until > now + LONGEST_MS ? 0 : this.#until;
    this.#until = Math.max(until, now + ms);
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
