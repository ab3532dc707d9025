// Where this code runs: the page, if there is one.

/** The address of the page or worker script, if there is one that paths can be relative to. */
export function pageAddress(): string | undefined {
  try {
    const { href, origin } = globalThis.location;
    if (!origin.startsWith("http")) return undefined;
    // A worker may come from a blob of its page, which no path is relative to.
    return href.startsWith("blob:") ? origin : href;
  } catch {
    return undefined;
  }
}
