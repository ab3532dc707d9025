// A table's rows. Only the rows in view are in the document, and one control is in the tab order. Arrow keys
// move between the rows and between a row's controls.

/** Which rows to draw: those in view and a few beyond, from `first` up to, not including, `last`. */
export function inView({ top, height, rowHeight, count, beyond = 4 }) {
  if (rowHeight <= 0 || height <= 0) return { first: 0, last: 0 };
  const first = Math.max(0, Math.floor(top / rowHeight) - beyond);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + beyond);
  return { first: Math.min(first, last), last };
}

/**
 * Where a key press moves the focus: `{ row, column }` within the table; undefined if it does not move it.
 */
export function moved({ row, column }, key, { count, columns, page, ctrl }) {
  const rows = { ArrowUp: row - 1, ArrowDown: row + 1, PageUp: row - page, PageDown: row + page };
  const within = (value, length) => Math.min(Math.max(value, 0), length - 1);
  if (key in rows) return { row: within(rows[key], count), column };
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return { row, column: within(column + (key === "ArrowLeft" ? -1 : 1), columns) };
  }
  if (key === "Home") return ctrl ? { row: 0, column } : { row, column: 0 };
  if (key === "End") return ctrl ? { row: count - 1, column } : { row, column: columns - 1 };
  return undefined;
}

/** The elements of a row that can have the focus. */
const CONTROLS = "[data-control]";

export class Rows {
  #parts;
  #build;
  #records = [];
  #made = new Map();
  // The first control ticks a row; the second is its name.
  #active = { id: undefined, column: 1 };
  #isScrolled = false;

  /**
   * `viewport` scrolls, `head` sticks to its top, `body` holds the rows, `probe` is as high as a row.
   * `build` makes the row of a record.
   */
  constructor({ viewport, head, body, probe, build }) {
    this.#parts = { viewport, head, body, probe };
    this.#build = build;
    viewport.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // On a phone the page scrolls, and not the table in it.
    addEventListener("scroll", () => this.#pageScrolls && this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(viewport);
    body.addEventListener("keydown", (event) => this.#onKey(event));
    body.addEventListener("focusin", ({ target }) => this.#onFocus(target));
  }

  /** Shows these records, in this order. Rebuilds a row if its record is a different object. */
  show(records) {
    this.#records = records;
    const held = this.#parts.body.contains(document.activeElement);
    this.#draw();
    if (held && !this.#parts.body.contains(document.activeElement)) this.focus();
  }

  /** Rebuilds every row, as their texts depend on the time. */
  refresh() {
    for (const made of this.#made.values()) made.record = undefined;
    this.show(this.#records);
  }

  /** Scrolls to the top. */
  toTop() {
    // This makes the browser lay the page out, even if there is nothing to scroll.
    if (this.#isScrolled) this.#parts.viewport.scrollTop = 0;
    this.#isScrolled = false;
  }

  #onScroll() {
    this.#isScrolled = true;
    this.#draw();
  }

  get #pageScrolls() {
    return getComputedStyle(this.#parts.viewport).overflowY === "visible";
  }

  /** Which part of the rows can be seen: from `top`, in pixels, and how high. */
  #seen() {
    const { viewport, head, body } = this.#parts;
    if (!this.#pageScrolls)
      return { top: viewport.scrollTop, height: viewport.clientHeight - head.offsetHeight };
    const { top } = body.getBoundingClientRect();
    return {
      top: Math.max(0, -top),
      height: viewport.checkVisibility() ? innerHeight - Math.max(0, top) : 0,
    };
  }

  /** Focuses the row that was active, or the one now in its place; returns whether there is one. */
  focus() {
    if (this.#records.length === 0) return false;
    const at = this.#records.findIndex(({ id }) => id === this.#active.id);
    const row = at >= 0 ? at : Math.min(this.#active.row ?? 0, this.#records.length - 1);
    this.#goTo({ row, column: this.#active.column });
    return true;
  }

  #draw() {
    const { body, probe } = this.#parts;
    const rowHeight = probe.offsetHeight;
    // While nothing of the table is seen, its rows stay for when it is seen again.
    if (rowHeight === 0 && this.#records.length > 0) return;
    // Its height decides how much of it can be seen.
    body.style.height = `${this.#records.length * rowHeight}px`;
    const { first, last } = inView({
      ...this.#seen(),
      rowHeight,
      count: this.#records.length,
    });
    const wanted = this.#records.slice(first, last).map((record, index) => ({ record, row: first + index }));
    // The row with the focus stays in the document, even out of view.
    const focused = body.contains(document.activeElement)
      ? document.activeElement.closest("[data-id]")
      : null;
    const kept = this.#records.findIndex(({ id }) => id === focused?.dataset.id);
    if (kept >= 0 && (kept < first || kept >= last)) {
      wanted[kept < first ? "unshift" : "push"]({ record: this.#records[kept], row: kept });
    }
    const ids = new Set(wanted.map(({ record }) => record.id));
    for (const [id, { element }] of this.#made) {
      if (ids.has(id)) continue;
      element.remove();
      this.#made.delete(id);
    }
    let place = body.firstElementChild;
    for (const { record, row } of wanted) {
      const before = this.#made.get(record.id)?.element;
      const element = this.#elementOf(record, row, rowHeight);
      // A rebuilt row has taken the place of the old one.
      if (before && before === place) place = element;
      if (element === place) place = place.nextElementSibling;
      // A row that is moved so keeps its transition, and the focus.
      else if (element.parentNode === body && body.moveBefore) body.moveBefore(element, place);
      else body.insertBefore(element, place);
    }
    this.#setStop(wanted);
  }

  #elementOf(record, row, rowHeight) {
    const made = this.#made.get(record.id);
    let element = made?.element;
    if (made?.record !== record) {
      const fresh = this.#build(record);
      fresh.dataset.id = record.id;
      const column = element?.contains(document.activeElement) ? this.#active.column : undefined;
      element?.replaceWith(fresh);
      element = fresh;
      this.#made.set(record.id, { element, record });
      if (column !== undefined) this.#controlOf(record.id, column)?.focus({ preventScroll: true });
    }
    element.setAttribute("aria-rowindex", row + 2);
    element.style.transform = `translateY(${row * rowHeight}px)`;
    return element;
  }

  /** Puts one control in the tab order: the active one, or else the first in view. */
  #setStop(wanted) {
    const id = this.#made.has(this.#active.id) ? this.#active.id : wanted[0]?.record.id;
    for (const [each, { element }] of this.#made) {
      for (const control of element.querySelectorAll(CONTROLS)) control.tabIndex = -1;
      if (each === id) (this.#controlOf(id, this.#active.column) ?? element).tabIndex = 0;
    }
  }

  #controlOf(id, column) {
    const controls = this.#made.get(id)?.element.querySelectorAll(CONTROLS) ?? [];
    return controls[Math.min(column, controls.length - 1)];
  }

  #onFocus(target) {
    const element = target.closest("[data-id]");
    const column = element ? [...element.querySelectorAll(CONTROLS)].indexOf(target) : -1;
    if (column < 0) return;
    this.#active = { id: element.dataset.id, row: Number(element.getAttribute("aria-rowindex")) - 2, column };
    this.#setStop([]);
  }

  #onKey(event) {
    const { probe } = this.#parts;
    if (event.altKey || event.metaKey || !event.target.matches(CONTROLS)) return;
    const page = Math.max(1, Math.floor(this.#seen().height / probe.offsetHeight) - 1);
    const row = this.#records.findIndex(({ id }) => id === this.#active.id);
    const columns = event.target.closest("[data-id]").querySelectorAll(CONTROLS).length;
    const to = moved({ row, column: this.#active.column }, event.key, {
      count: this.#records.length,
      columns,
      page,
      ctrl: event.ctrlKey,
    });
    if (!to) return;
    event.preventDefault();
    this.#goTo(to);
  }

  #goTo({ row, column }) {
    const { viewport, probe } = this.#parts;
    const [top, rowHeight] = [row * probe.offsetHeight, probe.offsetHeight];
    const seen = this.#seen();
    const scroll = (to) => {
      if (this.#pageScrolls) scrollBy(0, to - seen.top);
      else viewport.scrollTop = to;
      this.#isScrolled = true;
    };
    if (top < seen.top) scroll(top);
    else if (top + rowHeight > seen.top + seen.height) scroll(top + rowHeight - seen.height);
    const { id } = this.#records[row];
    this.#active = { id, row, column };
    this.#draw();
    this.#controlOf(id, column)?.focus({ preventScroll: true });
  }
}
