// What is shown, as the address's fragment tells it: the view, the filter and the order, so that Back, a
// reload and a shared link work. Never a token or a key: what looks like one is cut to the prefix that is
// shown. Pure.

const VIEWS = ["survive", "connect", "keys", "timeline", "journal"];
const COLUMNS = ["name", "prefix", "owner", "created", "used", "expires", "findings"];

const NEWEST = { by: "created", descending: true };

/** How much of a key is shown: as much as its prefix. */
const PREFIX = 7;

/** The text with everything that looks like a key cut to its prefix. */
export function withoutKeys(text) {
  return text.replace(/fw_\w+/g, (key) => key.slice(0, PREFIX));
}

/** The fragment for what is shown. */
export function fragmentOf({ view, filter: { text, findings, owner, ends }, order, byOwner = false }) {
  const query = new URLSearchParams();
  if (text) query.set("q", withoutKeys(text));
  for (const finding of findings) query.append("finding", finding);
  if (owner !== undefined) query.set("owner", withoutKeys(owner));
  if (ends) query.set("ends", `${ends.from}-${ends.to}`);
  if (order.by !== NEWEST.by || order.descending !== NEWEST.descending)
    query.set("sort", `${order.by}${order.descending ? "-desc" : ""}`);
  if (byOwner) query.set("by", "owner");
  return `#${view}${query.size > 0 ? `?${query}` : ""}`;
}

/** What a fragment asks for; what it does not say, or says wrongly, is as at the beginning. */
export function readFragment(fragment) {
  const [view, search = ""] = fragment.replace(/^#/, "").split("?");
  const query = new URLSearchParams(search);
  const [by, direction] = (query.get("sort") ?? "").split("-");
  const [, from, to] = /^(\d+)-(\d+)$/.exec(query.get("ends") ?? "") ?? [];
  return {
    view: VIEWS.includes(view) ? view : undefined,
    filter: {
      text: withoutKeys(query.get("q") ?? ""),
      findings: query.getAll("finding"),
      owner: query.get("owner") ?? undefined,
      ends: from === undefined ? undefined : { from: Number(from), to: Number(to) },
    },
    order: COLUMNS.includes(by) ? { by, descending: direction === "desc" } : NEWEST,
    byOwner: query.get("by") === "owner",
  };
}
