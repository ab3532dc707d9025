// Iterates over the items of pages. An asynchronous generator would take three turns of the microtask queue
// for each item, although most items are there already.

/** The prototype of all asynchronous iterators. Some runtimes have more methods on it than others. */
const INHERITED: object = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

/** Iterates over every item of every page, just as an asynchronous generator would. */
export function itemsOf<Item, Page>(
  pages: AsyncGenerator<Page, void, undefined>,
  of: (page: Page) => Item[],
): AsyncGenerator<Item, void, undefined> {
  let items = [].values() as Iterator<Item, void>;
  let last: Promise<unknown> | undefined;

  // A call that comes before the last one has settled waits for it.
  function inTurn<T>(answer: () => Promise<T>): Promise<T> {
    const before = last;
    // Only the caller waits for this promise, so that V8 finds the caller's line when it rejects.
    const answered = async (): Promise<T> => {
      await before?.catch(() => undefined);
      try {
        return await answer();
      } finally {
        if (last === mine) last = undefined;
      }
    };
    let mine: Promise<T> | undefined;
    mine = answered();
    last = mine;
    return mine;
  }

  async function advance(): Promise<IteratorResult<Item, void>> {
    for (;;) {
      const item = items.next();
      if (!item.done) return item;
      const page = await pages.next();
      if (page.done) return page;
      items = of(page.value).values();
    }
  }

  function end(): Promise<unknown> {
    items = [].values();
    return pages.return();
  }

  const asked: Omit<AsyncGenerator<Item, void, undefined>, typeof Symbol.asyncIterator> = {
    next() {
      const item = last ? undefined : items.next();
      return item?.done === false ? Promise.resolve(item) : inTurn(advance);
    },
    return: (value) =>
      inTurn(async () => {
        await end();
        return { done: true, value: await value };
      }),
    throw: (reason) =>
      inTurn(async () => {
        await end();
        throw reason;
      }),
  };
  return Object.assign(Object.create(INHERITED), asked);
}
