// The table of keys: sorted, filtered and ticked, with actions for each key; and the messages shown when
// there are no keys, too many, or an error.

import { withoutKeys } from "./address.js";
import { clock } from "./clock.js";
import { showDetails } from "./details.js";
import { alertBox } from "./dialog.js";
import { announce, byId, h, write } from "./dom.js";
import { answers, explain } from "./explain.js";
import { Findings } from "./findings.js";
import { underPredecessors } from "./lineage.js";
import { count, grouped } from "./numbers.js";
import { ANY, OwnersView } from "./owners-view.js";
import { pause } from "./pause.js";
import { filtered, sorted } from "./records.js";
import { remembering } from "./remember.js";
import { rowOf } from "./row.js";
import { Rows } from "./rows.js";
import { Selection } from "./selection.js";
import { SelectionBar } from "./selection-bar.js";
import { showSummary } from "./summary.js";
import { day } from "./time.js";
import { anotherToken } from "./token.js";

/** For how long a new key's row is marked, in milliseconds. */
const NEW = 60_000;

/** A filter that leaves every key. */
const NONE = { text: "", findings: [], owner: undefined, ends: undefined };

export class KeysView {
  #actions;
  #inventory;
  #order = { by: "created", descending: true };
  #filter = NONE;
  #shown = [];
  // A longer text or another filter leaves the order as it is, and an order changes nothing else.
  #sorted = remembering(sorted);
  #filtered = remembering((records, filter) => underPredecessors(filtered(records, filter)));
  #showFindings = remembering((records, filter) => this.#findings.show(records, filter));
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
  #new = new Map();
  #selection = new Selection(() => this.#onTicked());
  #bar;
  #findings = new Findings((findings) => this.#setFilter({ findings }));
  #byOwner = false;
  #owners = new OwnersView((owner) => {
    this.#byOwner = false;
    this.#setFilter({ owner });
    byId("owner").focus();
  });

  /**
   * `actions` are `revoke`, `rotate`, `finish` and `create`, and `cleanUp` for many keys; `onShown` receives
   * the records that the table shows and of which part they are, if not of all keys, and `onView` is called
   * when the user changes the view.
   */
  constructor({ onShown, onView, ...actions }) {
    this.#actions = actions;
    this.#onShown = onShown;
    this.#onView = onView;
    this.#bar = new SelectionBar(this.#selection, {
      cleanUp: () =>
        actions.cleanUp({
          ids: this.#selection.ids,
          shown: new Set(this.#shown.map(({ id }) => id)),
          untick: (id) => this.#selection.set(id, false),
        }),
    });
    byId("filter").addEventListener("input", ({ target }) => this.#setFilter({ text: target.value }));
    byId("owner").addEventListener("change", ({ target }) =>
      this.#setFilter({ owner: target.value === ANY ? undefined : target.value }),
    );
    byId("clear-filter").addEventListener("click", () => {
      this.#setFilter(NONE);
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
    byId("by-owner").addEventListener("click", () => {
      this.#byOwner = !this.#byOwner;
      this.update();
      this.#onView();
    });
    // What is told goes out of date, such as "in 3 days"; while a machine sleeps, no timer runs.
    setInterval(() => this.#age(), 60_000);
    document.addEventListener("visibilitychange", () => this.#age());
  }

  #onShown;
  #onView;

  #age() {
    if (document.hidden || byId("console").hidden) return;
    this.#inventory.age();
    this.#rows.refresh();
    this.update();
  }

  /** Makes the table show this inventory, with this filter and order. */
  use(inventory, { filter, order } = {}) {
    this.#inventory = inventory;
    this.#filter = { ...NONE, ...filter };
    if (order) this.#order = order;
    byId("filter").value = this.#filter.text;
    this.#selection.clear();
    this.#rows.toTop();
    this.#isFirst = true;
  }

  /** Shows the keys that end between these moments. */
  showEnds(ends) {
    this.#setFilter({ ends });
  }

  /** The filter, the order, and whether the keys are counted by owner. */
  get view() {
    return { filter: this.#filter, order: this.#order, byOwner: this.#byOwner };
  }

  /** Shows the keys so, as the address has it. */
  setView({ filter, order, byOwner }) {
    this.#filter = filter;
    this.#order = order;
    this.#byOwner = byOwner;
    if (byId("filter").value !== filter.text) byId("filter").value = filter.text;
    this.#rows.toTop();
    this.update();
  }

  /** Marks the row of a key that was just made. */
  markNew(id) {
    this.#new.set(id, clock.machine() + NEW);
  }

  /** Focuses the row that was active, or the one now in its place. */
  focus() {
    return this.#rows.focus();
  }

  /** Opens the details of a key. */
  open(record) {
    showDetails(record, () => this.focus());
  }

  /** Shows the inventory's current keys. */
  update() {
    const { records, loading, error } = this.#inventory;
    const shown = this.#filtered(this.#sorted(records, this.#order), this.#filter);
    this.#shown = shown;
    if (!loading && this.#selection.size > 0) this.#selection.keep(new Set(records.map(({ id }) => id)));
    const byOwner = this.#byOwner;
    byId("by-owner").setAttribute("aria-pressed", String(byOwner));
    const isEmpty = records.length === 0 && this.#inventory.isWhole && !loading && !error;
    byId("viewport").hidden = shown.length === 0 || byOwner;
    // The rows measure the page, so they come before everything that changes its layout. What stands above
    // the first ones would move them, so they come after it.
    if (!byOwner && !this.#isFirst) this.#rows.show(shown);
    this.#table.setAttribute("aria-rowcount", shown.length + 1);
    byId("keys-empty").hidden = !isEmpty;
    byId("toolbar").hidden = isEmpty;
    byId("owners").hidden = shown.length === 0 || !byOwner;
    byId("keys-none").hidden = shown.length > 0 || records.length === 0;
    const part = this.#part;
    write(byId("none-why"), part ? `None of ${part} matches.` : "Try fewer words, or another finding.");
    const all = count(records.length, "key");
    write(byId("shown"), shown.length === records.length ? all : `${grouped(shown.length)} of ${all}`);
    if (byOwner) this.#owners.show(shown);
    this.#showProgress();
    this.#showOrder();
    if (this.#isFirst) this.#showFirst();
    else this.#around ??= pause().then(() => this.#showAround());
  }

  #around;
  #isFirst = true;

  async #showFirst() {
    this.#showAround();
    this.#isFirst = false;
    await pause();
    this.update();
  }

  /** What stands around the table, in a task of its own: the page answers the user sooner. */
  #showAround() {
    this.#around = undefined;
    const { records } = this.#inventory;
    const shown = this.#shown;
    this.#showFindings(records, this.#filter);
    this.#owners.showChoices(records, this.#filter.owner);
    const part = this.#part;
    showSummary(records, part, (filter) => this.#setFilter(filter));
    showEnds(this.#filter.ends, () => this.#setFilter({ ends: undefined }));
    this.#bar.show({ records, shown, filter: this.#filter, part });
    this.#onShown(shown, part);
  }

  /** Which part of the keys is here; empty if it is all of them. */
  get #part() {
    const { records, isWhole, total } = this.#inventory;
    const of = total > records.length ? ` of ${grouped(total)}` : "";
    return isWhole ? "" : `the keys that are here (${grouped(records.length)}${of})`;
  }

  #onTicked() {
    for (const box of byId("keys-body").querySelectorAll(".tick"))
      box.checked = this.#selection.has(box.closest("tr").dataset.id);
    this.#bar.update();
  }

  #setFilter(change) {
    this.#filter = { ...this.#filter, ...change };
    this.#filter.text = withoutKeys(this.#filter.text);
    if (byId("filter").value !== this.#filter.text) byId("filter").value = this.#filter.text;
    this.#rows.toTop();
    this.update();
    this.#onView({ replaces: "text" in change && !("findings" in change) });
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
    this.#onView();
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
    byId("more").hidden = loading || this.#inventory.isWhole || Boolean(error);
    byId("load-more").hidden = !more;
    byId("more-text").textContent = total
      ? `${count(records.length, "key")} of ${grouped(total)} are here.`
      : `${count(records.length, "key")} are here, and there are more.`;
    this.#showProblem(error, more && records.length > 0, records.length);
    if (this.#wasLoading && !loading && !error)
      announce(`${count(records.length, "key")} loaded.`, { quiet: true });
    this.#wasLoading = loading;
  }

  #showProblem(error, more, records) {
    const problem = byId("keys-problem");
    const of = error ? String(error) : "";
    if (problem.dataset.of === of) return;
    problem.dataset.of = of;
    if (!error) return problem.replaceChildren();
    const words = explain(error, this.#inventory.service.network());
    const load = () => {
      // The button goes as soon as the list loads.
      byId("reload").focus();
      this.#inventory.load({ more });
    };
    const isRefused = answers(error, 401);
    const again = h(
      "button",
      {
        type: "button",
        onclick: () => (isRefused ? anotherToken(this.#inventory.service, load) : load()),
      },
      isRefused ? "Use another token…" : "Try again",
    );
    const old = this.#part ? `Only ${this.#part} are shown.` : "What is shown may be old.";
    const text = `${words.text} ${records > 0 ? old : ""}`;
    problem.replaceChildren(alertBox({ title: words.title, text }, again));
  }

  #row(record) {
    const { revoke, rotate, finish } = this.#actions;
    const tick = ({ id }, ticked, range) =>
      this.#selection.set(id, ticked, { range, shown: this.#shown.map(({ id }) => id) });
    return rowOf(record, {
      ticked: this.#selection.has(record.id),
      isNew: this.#new.get(record.id) > clock.machine(),
      on: { revoke, rotate, finish, tick, details: (record) => this.open(record) },
    });
  }
}

/** Shows the filter by end, for which there is no field, as a chip that removes it. */
function showEnds(ends, remove) {
  const place = byId("ends");
  place.hidden = !ends;
  if (!ends) return;
  place.textContent = `Ends ${day(ends.from)} to ${day(ends.to - 1)} ✕`;
  place.setAttribute("aria-label", `Ends ${day(ends.from)} to ${day(ends.to - 1)}: remove`);
  place.onclick = () => {
    byId("filter").focus();
    remove();
  };
}
