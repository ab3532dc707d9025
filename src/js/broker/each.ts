// Does the same work for many items, a few at a time.

/** How many requests run at the same time: as many as Cloudflare allows an invocation. */
const AT_ONCE = 6;

/** Does the work for each item until it has to stop. */
export async function each<Item>(
  items: Item[],
  isStopped: () => boolean,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (isStopped()) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
