// The table of keys: sorted and filtered, with actions for each key; and the messages shown when there are no
// keys, too many, or an error.

import { clock } from "./clock.js";
import { showDetails } from "./details.js";
import { alertBox } from "./dialog.js";
import { announce, byId, h } from "./dom.js";
import { explain } from "./explain.js";
import { count, grouped } from "./numbers.js";
import { FINDINGS, filtered, labelOf, sorted, tally } from "./records.js";
import { Rows } from "./rows.js";
import { stateOf } from "./scale.js";
import { exact, relative } from "./time.js";
import { anotherToken } from "./token.js";

/** How many findings a row has room for. */
const ROOM = 2;

export class KeysView {
  #actions;
  #inventory;
  #order = { by: "created", descending: true };
  #filter = { text: "", finding: undefined };
  #rows = new Rows({
    viewport: byId("viewport"),
    head: byId("keys-head"),
    body: byId("keys-body"),
    probe: byId("row-probe"),
    build: (record) => this.#row(record),
  });
  #table = byId("keys-table");
  #announcing;
  #wasLoading = false;

  /** `actions` are `revoke`, `rotate` and `create`; `onShown` receives the records that the table shows. */
  constructor({ onShown, ...actions }) {
    this.#actions = actions;
    this.#onShown = onShown;
    byId("filter").addEventListener("input", ({ target }) => this.#setFilter({ text: target.value }));
    byId("clear-filter").addEventListener("click", () => {
      byId("filter").value = "";
      this.#setFilter({ text: "", finding: undefined });
      byId("filter").focus();
    });
    byId("sort").addEventListener("change", ({ target }) => {
      const [by, direction] = target.value.split(" ");
      this.#setOrder({ by, descending: direction === "desc" });
    });
    byId("keys-head").addEventListener("click", ({ target }) => {
      const by = target.closest("[data-sort]")?.dataset.sort;
      if (by) this.#setOrder({ by, descending: this.#order.by === by && !this.#order.descending });
    });
    // These two buttons go when they have done their work, and the focus must go somewhere.
    byId("stop-loading").addEventListener("click", () => {
      byId("reload").focus();
      this.#inventory.stop();
    });
    byId("load-more").addEventListener("click", () => {
      byId("reload").focus();
      this.#inventory.load({ more: true });
    });
    byId("create-first").addEventListener("click", () => actions.create());
    // Relative times such as "in 3 days" go out of date.
    setInterval(() => document.hidden || this.#rows.refresh(), 60_000);
  }

  #onShown;

  /** Makes the table show this inventory. */
  use(inventory) {
    this.#inventory = inventory;
    byId("filter").value = "";
    this.#filter = { text: "", finding: undefined };
    this.#rows.toTop();
  }

  /** Focuses the row that was active, or the one now in its place. */
  focus() {
    return this.#rows.focus();
  }

  /** Shows the inventory's current keys. */
  update() {
    const { records, loading, error } = this.#inventory;
    const shown = sorted(filtered(records, this.#filter), this.#order);
    this.#table.setAttribute("aria-rowcount", shown.length + 1);
    const isEmpty = records.length === 0 && !loading && !error;
    byId("keys-empty").hidden = !isEmpty;
    byId("toolbar").hidden = isEmpty;
    byId("viewport").hidden = shown.length === 0;
    byId("keys-none").hidden = shown.length > 0 || records.length === 0;
    byId("shown").textContent =
      shown.length === records.length
        ? count(records.length, "key")
        : `${grouped(shown.length)} of ${count(records.length, "key")}`;
    this.#rows.show(shown);
    this.#showChips(records);
    this.#showProgress();
    this.#showOrder();
    this.#onShown(shown);
  }

  #setFilter(change) {
    this.#filter = { ...this.#filter, ...change };
    this.#rows.toTop();
    this.update();
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(
      () => announce(`${byId("shown").textContent} shown.`, { quiet: true }),
      500,
    );
  }

  #setOrder(order) {
    this.#order = order;
    this.#rows.toTop();
    this.update();
  }

  #showOrder() {
    const { by, descending } = this.#order;
    for (const header of byId("keys-head").querySelectorAll("[aria-sort], [data-sorts]")) {
      const mine = header.querySelector("[data-sort]")?.dataset.sort === by;
      if (mine) header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    }
    const value = `${by}${descending ? " desc" : ""}`;
    const select = byId("sort");
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  }

  #showChips(records) {
    const chips = byId("chips");
    const held = chips.contains(document.activeElement) ? document.activeElement.dataset.finding : undefined;
    const { finding } = this.#filter;
    const counts = tally(records);
    // The chosen finding stays even with no keys, so that the user can unselect it.
    if (finding && !counts.some(([type]) => type === finding)) counts.push([finding, 0]);
    chips.replaceChildren(
      ...counts.map(([type, number]) => {
        const pressed = type === finding;
        return h(
          "button",
          {
            "type": "button",
            "class": "chip",
            "data-finding": type,
            "data-tone": FINDINGS[type]?.tone,
            "aria-pressed": String(pressed),
            "onclick": () => this.#setFilter({ finding: pressed ? undefined : type }),
          },
          labelOf(type),
          h("span", { class: "number" }, grouped(number)),
        );
      }),
    );
    if (held) (chips.querySelector(`[data-finding="${held}"]`) ?? byId("filter")).focus();
  }

  #showProgress() {
    const { loading, loaded, total, more, error, records } = this.#inventory;
    byId("loading").hidden = !loading;
    if (loading) {
      const bar = byId("loading-bar");
      if (total) {
        bar.max = total;
        bar.value = Math.min(loaded, total);
      } else {
        bar.removeAttribute("value");
      }
      byId("loading-text").textContent = total
        ? `Loading ${count(loaded, "key")} of ${grouped(total)}…`
        : "Loading…";
    }
    byId("more").hidden = loading || !more || Boolean(error);
    byId("more-text").textContent = total
      ? `${count(records.length, "key")} of ${grouped(total)} are here.`
      : `${count(records.length, "key")} are here, and there are more.`;
    const problem = byId("keys-problem");
    if (!error) problem.replaceChildren();
    else if (problem.dataset.of !== String(error)) {
      const words = explain(error, this.#inventory.service.network());
      const load = () => {
        // The button goes as soon as the list loads.
        byId("reload").focus();
        this.#inventory.load({ more: more && records.length > 0 });
      };
      const isRefused = error.status === 401;
      const again = h(
        "button",
        {
          type: "button",
          onclick: () => (isRefused ? anotherToken(this.#inventory.service, load) : load()),
        },
        isRefused ? "Use another token…" : "Try again",
      );
      problem.replaceChildren(
        alertBox(
          {
            title: words.title,
            text: `${words.text} ${records.length > 0 ? "What is shown may be old." : ""}`,
          },
          again,
        ),
      );
    }
    problem.dataset.of = error ? String(error) : "";
    if (this.#wasLoading && !loading && !error)
      announce(`${count(records.length, "key")} loaded.`, { quiet: true });
    this.#wasLoading = loading;
  }

  #row(record) {
    const now = clock.now();
    const { key, name, owner, ownerName, created, used, expires } = record;
    const cell = (label, ...content) => h("td", { "role": "gridcell", "data-label": label }, content);
    return h(
      "tr",
      { role: "row" },
      h(
        "th",
        { role: "rowheader", scope: "row" },
        h(
          "button",
          {
            "type": "button",
            "class": "name",
            "data-control": true,
            "aria-label": `${name}, details`,
            "onclick": () => showDetails(record, () => this.focus()),
          },
          name,
        ),
      ),
      cell("Prefix", h("code", {}, record.prefix && `${record.prefix}…`)),
      cell("Owner", h("span", { class: "owner", title: ownerName }, ownerName)),
      cell("Created", when(created, now, absent(key.createTime, "Not said"))),
      cell("Last used", when(used, now, absent(key.lastUsed, "Never"))),
      cell("Expires", when(expires, now, absent(key.expireTime, "Never"), stateOf(record, now))),
      cell("Findings", badges(record)),
      cell(
        "Actions",
        action("Rotate", owner, name, () => this.#actions.rotate(record)),
        action("Revoke", owner, name, () => this.#actions.revoke(record)),
      ),
    );
  }
}

/** The text for a time that is missing or cannot be read. */
function absent(time, never) {
  return time === undefined || time === null || time === "" ? never : "Unreadable";
}

/** A relative time, with the exact one in its tip. */
function when(ms, now, absent, state) {
  if (ms === undefined)
    return h("span", { "class": "when", "data-state": state, "data-control": true }, absent);
  return h(
    "time",
    {
      "class": "when",
      "data-state": state,
      "data-control": true,
      "datetime": new Date(ms).toISOString(),
      "data-tip": exact(ms),
    },
    relative(ms, now),
  );
}

function badges({ findings }) {
  const own = findings.length > ROOM ? 1 : ROOM;
  const shown = findings
    .slice(0, own)
    .map((type) =>
      h(
        "span",
        { "class": "badge", "data-tone": FINDINGS[type]?.tone, "title": labelOf(type) },
        FINDINGS[type]?.short ?? type,
      ),
    );
  const rest = findings.slice(own);
  if (rest.length > 0) {
    shown.push(
      h(
        "span",
        { class: "badge", title: rest.map(labelOf).join(", ") },
        `+${rest.length}`,
        h("span", { class: "visually-hidden" }, ` ${rest.map(labelOf).join(", ")}`),
      ),
    );
  }
  return h("span", { class: "badges" }, shown);
}

/** A button. If the owner's id is unknown, it is disabled and says why. */
function action(label, owner, name, run) {
  const known = owner.id !== undefined;
  return h(
    "button",
    {
      "type": "button",
      "class": "small",
      "data-control": true,
      "data-action": label.toLowerCase(),
      "aria-label": `${label} ${name}`,
      "aria-disabled": known ? false : "true",
      "data-tip": known ? undefined : owner.why,
      "onclick": () => (known ? run() : announce(owner.why)),
    },
    label,
  );
}
