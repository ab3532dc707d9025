// Warns before the user leaves the page while something would be lost by it: a key that is not stored, or a
// request whose key the page still has to find and delete.

const holding = new Set();

function warn(event) {
  event.preventDefault();
}

/** Warns from now on, until the returned function is called. */
export function holdPage() {
  const reason = {};
  if (holding.size === 0) addEventListener("beforeunload", warn);
  holding.add(reason);
  return () => {
    holding.delete(reason);
    if (holding.size === 0) removeEventListener("beforeunload", warn);
  };
}
