// What can be done with many keys: ticks all that are shown, and a bar that stays while keys are ticked.

import { announce, byId, write } from "./dom.js";
import { csvOf, jsonOf, save } from "./export.js";
import { count, grouped } from "./numbers.js";
import { FINDINGS } from "./records.js";

export class SelectionBar {
  #selection;
  #records = [];
  #shown = [];
  #part = "";

  /** `cleanUp` is called to revoke what is ticked. */
  constructor(selection, { cleanUp }) {
    this.#selection = selection;
    byId("tick-shown").addEventListener("click", () => selection.add(this.#shown.map(({ id }) => id)));
    byId("untick").addEventListener("click", () => {
      selection.clear();
      byId("filter").focus();
    });
    byId("revoke-ticked").addEventListener("click", cleanUp);
    for (const type of ["csv", "json"])
      for (const button of document.querySelectorAll(`[data-export=${type}]`))
        button.addEventListener("click", () => this.#export(type, button.closest("#selection") !== null));
  }

  /** `records` are all keys, or this `part` of them; `shown` are those that the filter leaves. */
  show({ records, shown, filter, part }) {
    this.#records = records;
    this.#shown = shown;
    this.#part = part;
    const { findings, text, owner, ends } = filter;
    const isAll = findings.length === 1 && !text && owner === undefined && !ends;
    const that = isAll ? FINDINGS[findings[0]]?.that : undefined;
    write(
      byId("tick-shown"),
      `Tick ${part && that ? "the" : "all"} ${grouped(shown.length)}${that ? ` that ${that}` : ""}`,
    );
    byId("tick-shown").hidden = shown.length === 0;
    this.update();
  }

  /** Tells how many are ticked. */
  update() {
    const { size } = this.#selection;
    const bar = byId("selection");
    const held = bar.contains(document.activeElement);
    bar.hidden = size === 0;
    if (held && size === 0) byId("filter").focus();
    if (size === 0) return;
    const visible = this.#shown.filter(({ id }) => this.#selection.has(id)).length;
    const hidden = size - visible;
    byId("ticked").textContent =
      `${count(size, "key")} ticked${hidden > 0 ? `, ${grouped(hidden)} out of sight` : ""}`;
    byId("revoke-ticked").textContent = `Revoke ${grouped(size)}…`;
  }

  async #export(type, onlyTicked) {
    const records = onlyTicked ? this.#records.filter(({ id }) => this.#selection.has(id)) : this.#shown;
    const of = this.#part && !onlyTicked ? `, of ${this.#part}` : "";
    if (type === "csv") await save("fireworks-keys.csv", "text/csv", csvOf(records));
    else await save("fireworks-keys.json", "application/json", jsonOf(records));
    announce(`${count(records.length, "key")} exported${of}. No secret is in the file.`);
  }
}
