// Which keys are ticked: by id, also those that a filter hides. Pure.

export class Selection {
  #ids = new Set();
  #anchor;
  #changed;

  /** Calls `changed` after each change. */
  constructor(changed = () => {}) {
    this.#changed = changed;
  }

  get size() {
    return this.#ids.size;
  }

  has(id) {
    return this.#ids.has(id);
  }

  /** The ids, in the order in which they were ticked. */
  get ids() {
    return [...this.#ids];
  }

  /**
   * Ticks or unticks a key. With `range`, all from the last one to this one become as this one, in the order
   * of `shown`, which are the ids that can be seen.
   */
  set(id, ticked, { range = false, shown = [] } = {}) {
    const [from, to] = [shown.indexOf(this.#anchor), shown.indexOf(id)];
    const ids =
      range && from >= 0 && to >= 0 ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    this.#anchor = id;
    this.#put(ids, ticked);
  }

  /** Ticks these, too. */
  add(ids) {
    this.#put(ids, true);
  }

  #put(ids, ticked) {
    for (const id of ids) this.#ids[ticked ? "add" : "delete"](id);
    this.#changed();
  }

  clear() {
    this.#ids.clear();
    this.#anchor = undefined;
    this.#changed();
  }

  /** Unticks what is not among these ids any more. */
  keep(ids) {
    for (const id of this.#ids) if (!ids.has(id)) this.#ids.delete(id);
  }
}
