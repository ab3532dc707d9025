// Counts the requests that are sent for one piece of a member's work, such as a mint with its retries and
// sweeps. Each is drawn from the member's bucket before it is sent.

import type { ConnectionOptions } from "fireworks-keys";
import { asked, LATER_MS } from "./asked.js";
import { dateOf } from "./clock.js";
import type { Settings } from "./options.js";
import { unsent } from "./unsent.js";

/** Counts and limits the requests of one piece of work. */
export class Meter {
  /** How many requests were sent. */
  sent = 0;
  /** Whether one of them has made a key. */
  hasMade = false;
  /** What the last answer to a create says of the time. */
  dateMs: number | undefined;
  readonly #settings: Settings;
  readonly #member: string;
  readonly #tag: string;
  #drawn: number;

  /** `drawn`: how many requests were drawn under this tag so far. */
  constructor(settings: Settings, member: string, tag: string, drawn: number) {
    this.#settings = settings;
    this.#member = member;
    this.#tag = tag;
    this.#drawn = drawn;
  }

  /**
   * The options for calls to the module that send their requests through here. `endsAt`: what creates ask for
   * as the end of their key, whatever the module has been told.
   */
  connection(endsAt?: number): ConnectionOptions & { userId: string } {
    return { ...this.#settings.connection, fetch: (url, init) => this.#send(url, init, endsAt) };
  }

  async #send(url: string, init: RequestInit, endsAt: number | undefined): Promise<Response> {
    const { pause, connection } = this.#settings;
    const isCreate = endsAt !== undefined && init.method === "POST" && !url.endsWith(":delete");
    // One is kept for the deletion of the key, because the ledger may not answer by then.
    const waitMs = (isCreate && pause.waitMs()) || (await this.#draw(this.sent + (isCreate ? 2 : 1)));
    if (waitMs > 0) return unsent(waitMs);
    this.sent += 1;
    const sent = isCreate ? { ...init, body: withEnd(init.body, endsAt) } : init;
    const send = async (): Promise<Response> => {
      const response = await (connection.fetch ?? fetch)(url, sent);
      pause.heed(response);
      if (isCreate) this.dateMs = dateOf(response);
      return response;
    };
    return isCreate ? pause.probe(send) : send();
  }

  /** Draws more requests if fewer were drawn. Returns how many milliseconds to wait if there are too few. */
  async #draw(needed: number): Promise<number> {
    if (needed <= this.#drawn) return 0;
    const { ledger, limits } = this.#settings;
    const refusal = await asked(() => ledger.draw(this.#member, this.#tag, needed, limits)).catch(() => ({
      retryAfterMs: LATER_MS,
    }));
    if (refusal) return Math.max(1, refusal.retryAfterMs);
    this.#drawn = needed;
    return 0;
  }
}

/** The body of a create, with this end of its key. */
function withEnd(body: unknown, endsAt: number): string {
  const { apiKey } = JSON.parse(body as string);
  return JSON.stringify({ apiKey: { ...apiKey, expireTime: new Date(endsAt).toISOString() } });
}
