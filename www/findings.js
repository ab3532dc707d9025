// The chips above the table: how many keys have each finding. Several can be chosen, and a key is shown if it
// has all of them.

import { byId, h } from "./dom.js";
import { grouped } from "./numbers.js";
import { FINDINGS, filtered, labelOf, tally } from "./records.js";

export class Findings {
  #choose;

  /** `choose` receives the findings that the user has chosen. */
  constructor(choose) {
    this.#choose = choose;
  }

  /** Counts what is there beside the text and the owner of the filter. */
  show(records, filter) {
    const chips = byId("chips");
    const held = chips.contains(document.activeElement) ? document.activeElement.dataset.finding : undefined;
    const { findings } = filter;
    const counts = tally(filtered(records, { ...filter, findings: [] }));
    // A chosen finding stays even with no keys, so that the user can unselect it.
    for (const finding of findings) if (!counts.some(([type]) => type === finding)) counts.push([finding, 0]);
    chips.replaceChildren(
      ...counts.map(([type, number]) => {
        const pressed = findings.includes(type);
        const next = pressed ? findings.filter((each) => each !== type) : [...findings, type];
        return h(
          "button",
          {
            "type": "button",
            "class": "chip",
            "data-finding": type,
            "data-tone": FINDINGS[type]?.tone,
            "aria-pressed": String(pressed),
            "onclick": () => this.#choose(next),
          },
          labelOf(type),
          h("span", { class: "number" }, grouped(number)),
        );
      }),
    );
    if (held) (chips.querySelector(`[data-finding="${held}"]`) ?? byId("filter")).focus();
  }
}
