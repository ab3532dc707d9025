// The keys of a clean-up: each by name, with a box to tick and with what came of it. Of thousands, the rows
// are made as the list is scrolled to them.

import { clock } from "./clock.js";
import { h } from "./dom.js";
import { shown } from "./names.js";
import { grouped } from "./numbers.js";
import { lastUse } from "./records.js";

/** How many rows are made at a time. */
const SOME = 100;

const RESULTS = {
  waiting: "waiting",
  running: "revoking…",
  revoked: "revoked",
  kept: "not revoked",
  unknown: "not known",
};

export class Victims {
  #keys;
  #changed;
  #rows = new Map();
  #isFixed = false;
  #rest = h("li", { class: "hint" });
  element = h("ul", { "class": "victims", "tabindex": 0, "aria-label": "The keys" }, this.#rest);

  /** `keys` are those of a plan. `changed` is called when the user has ticked or unticked one. */
  constructor(keys, changed) {
    this.#keys = keys;
    this.#changed = changed;
    this.#grow();
    const near = { root: this.element, rootMargin: "200px" };
    new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#grow(), near).observe(
      this.#rest,
    );
  }

  /** The keys that are ticked. */
  get ticked() {
    return this.#keys.filter(({ isTicked }) => isTicked);
  }

  /** Sets whether the boxes stay as they are. */
  fix(isFixed) {
    this.#isFixed = isFixed;
    for (const key of this.#rows.keys()) this.#draw(key);
  }

  /** Says what comes of a key, and why. */
  say(key, result, why) {
    Object.assign(key, { result, why });
    this.#draw(key);
  }

  /** Makes the row of a key anew, after its owner has become known. */
  renew(key) {
    const before = this.#rows.get(key)?.element;
    before?.replaceWith(this.#row(key));
  }

  #grow() {
    const made = this.#rows.size;
    this.#rest.before(...this.#keys.slice(made, made + SOME).map((key) => this.#row(key)));
    const rest = this.#keys.length - this.#rows.size;
    if (rest === 0) this.#rest.remove();
    else this.#rest.textContent = `${grouped(rest)} more follow.`;
  }

  #row(key) {
    const { record, isUsed, isSure, isOwn } = key;
    const { id, name, prefix, owner, ownerName } = record;
    const box = h("input", { type: "checkbox", id: `victim-${id}` });
    box.addEventListener("change", () => {
      key.isTicked = box.checked;
      this.#changed();
    });
    const state = h("span", { class: "result" });
    const marks = [
      isUsed && h("span", { "class": "badge", "data-tone": "danger" }, isSure ? "In use" : "May be in use"),
      isOwn && h("span", { "class": "badge", "data-tone": "warning" }, "Looks like this page’s own"),
    ];
    const last = lastUse(record, clock.now());
    const about = owner.id === undefined ? owner.why : `${ownerName || shown(owner.id)} · ${last}`;
    const element = h(
      "li",
      {},
      box,
      h(
        "label",
        { for: box.id },
        h("strong", {}, name),
        prefix && h("code", {}, `${prefix}…`),
        marks,
        h("span", { class: "hint" }, about),
      ),
      state,
    );
    this.#rows.set(key, { element, box, state });
    this.#draw(key);
    return element;
  }

  #draw(key) {
    const row = this.#rows.get(key);
    if (!row) return;
    row.box.checked = key.isTicked;
    row.box.disabled = this.#isFixed || key.record.owner.id === undefined;
    row.state.textContent = [RESULTS[key.result], key.why].filter(Boolean).join(": ");
    if (key.result) row.element.dataset.result = key.result;
  }
}
