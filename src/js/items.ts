// The items of pages, one by one. An asynchronous generator would do, but for its turns of the
// microtask queue: three for each item, where most are there already.

/** What every asynchronous iterator inherits: more in some runtimes than in others. */
const INHERITED: object = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

/** Every item of every page, to be asked for as those of an asynchronous generator are. */
export function itemsOf<Item, Page>(
  pages: AsyncGenerator<Page, void, undefined>,
  of: (page: Page) => Item[],
): AsyncGenerator<Item, void, undefined> {
  let items = [].values() as Iterator<Item, void>;
  let last: Promise<unknown> | undefined;

  // Who asks before an earlier question is answered waits for that.
  function inTurn<T>(answer: () => Promise<T>): Promise<T> {
    const mine = last ? last.then(answer, answer) : answer();
    const answered = (): unknown => last === mine && (last = undefined);
    last = mine;
    mine.then(answered, answered);
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
