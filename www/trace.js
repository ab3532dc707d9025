// Watches the requests that this page sends. It changes none of them, and does not stand between the package
// and the browser: the package still calls the global fetch, whose ways it knows.

/**
 * Tells `onRequest` of each request from now on: its method and URL. What that returns, if anything, is
 * called with how the request ended: `{ status, ms }`, where there is no status if no answer arrived.
 * Returns a function that ends the watch.
 */
export function traceRequests(onRequest) {
  const { fetch } = globalThis;
  const traced = async (input, init) => {
    const request = typeof input === "string" || input instanceof URL ? { url: String(input) } : input;
    const method = init?.method ?? request.method ?? "GET";
    const ended = onRequest({ method, url: new URL(request.url, location.href) });
    const started = performance.now();
    const end = (status) => ended?.({ status, ms: performance.now() - started });
    try {
      const response = await fetch(input, init);
      end(response.status);
      return response;
    } catch (error) {
      end(undefined);
      throw error;
    }
  };
  globalThis.fetch = traced;
  return () => {
    // Somebody else may watch by now.
    if (globalThis.fetch === traced) globalThis.fetch = fetch;
  };
}
