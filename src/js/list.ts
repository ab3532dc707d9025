// A list that sends no request until it is used, and then fetches page by page.

import { itemsOf } from "./items.js";

/**
 * Fetches one page: the one of this token, or without a token the one that the options ask for. Rejects if
 * there are surplus arguments.
 */
export type Fetch<Page> = (
  pageToken: string | undefined,
  seen: Set<string>,
  surplus?: readonly unknown[],
) => Promise<Page>;

const FETCH = Symbol("fetch");
const ITEMS = Symbol("items");

/**
 * A list that is fetched as it is used: `await` it for the first page, iterate over it for every
 * item of every page, or over `pages()` for the pages. Each use fetches anew.
 */
export class List<Item, Page extends { nextPageToken?: string }>
  implements PromiseLike<Page>, AsyncIterable<Item>
{
  /** @internal The name that a console shows, even of minified code. */
  static readonly name = "List";
  // Not private fields: a list behind a proxy, as frameworks make them, could not read them.
  declare private readonly [FETCH]: Fetch<Page>;
  declare private readonly [ITEMS]: (page: Page) => Item[];

  /** @internal */
  constructor(fetch: Fetch<Page>, items: (page: Page) => Item[]) {
    Object.defineProperties(this, { [FETCH]: { value: fetch }, [ITEMS]: { value: items } });
  }

  /** Fetches the first page. */
  then<Fulfilled = Page, Rejected = never>(
    onFulfilled?: ((page: Page) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this[FETCH](undefined, new Set()).then(onFulfilled, onRejected);
  }

  /** Fetches the first page, and calls `onRejected` if that fails. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Page | Rejected> {
    return this.then(undefined, onRejected);
  }

  /** Fetches the first page, and calls `onFinally` when that is done or has failed. */
  finally(onFinally?: (() => void) | null): Promise<Page> {
    return this.then().finally(onFinally);
  }

  /** Iterates over every page. */
  pages(): AsyncGenerator<Page, void, undefined>;
  async *pages(...surplus: unknown[]): AsyncGenerator<Page, void, undefined> {
    const seen = new Set<string>();
    let page = await this[FETCH](undefined, seen, surplus);
    yield page;
    while (page.nextPageToken) {
      page = await this[FETCH](page.nextPageToken, seen);
      yield page;
    }
  }

  /** Iterates over every item of every page. */
  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    return itemsOf(this.pages(), this[ITEMS]);
  }
}
