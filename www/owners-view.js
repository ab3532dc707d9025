// The keys by owner, as a table and as the choices of the filter.

import { clock } from "./clock.js";
import { byId, h } from "./dom.js";
import { shown } from "./names.js";
import { grouped } from "./numbers.js";
import { byOwner } from "./owners.js";
import { FINDINGS, labelOf, unused } from "./records.js";
import { remembering } from "./remember.js";
import { relative } from "./time.js";

/** The choice of the filter that is no owner; an owner may be an empty text. */
export const ANY = "*";

export class OwnersView {
  #choose;
  #choices = "";
  #namesOf = remembering((records) => [...new Set(records.map(({ ownerName }) => ownerName))].sort());

  /** `choose` receives the owner that the user has chosen. */
  constructor(choose) {
    this.#choose = choose;
  }

  /** Shows these records. */
  show(records) {
    const now = clock.now();
    byId("owners-body").replaceChildren(
      ...byOwner(records).map(({ name, keys, worst, used, created, key }) =>
        h(
          "tr",
          {},
          h(
            "th",
            { scope: "row" },
            h(
              "button",
              {
                type: "button",
                class: "name",
                onclick: () => this.#choose(name),
              },
              name || "Not said",
            ),
          ),
          h("td", {}, grouped(keys)),
          h(
            "td",
            {},
            worst && h("span", { "class": "badge", "data-tone": FINDINGS[worst]?.tone }, labelOf(worst)),
          ),
          h("td", {}, key || used === undefined ? unused({ key, created }, now) : relative(used, now)),
        ),
      ),
    );
  }

  /** Offers the owners of these records in the filter. */
  showChoices(records, chosen) {
    const names = [...this.#namesOf(records)];
    const isStrange = chosen !== undefined && !names.includes(chosen);
    if (isStrange) names.push(chosen);
    const select = byId("owner");
    const choices = names.join("\n");
    if (choices !== this.#choices)
      select.replaceChildren(
        h("option", { value: ANY }, "Any owner"),
        // One that comes from the address may hold any text.
        ...names.map((name) =>
          h("option", { value: name }, (isStrange && name === chosen ? shown(name) : name) || "Not said"),
        ),
      );
    this.#choices = choices;
    select.value = chosen ?? ANY;
    select.closest(".owner-field").hidden = names.length < 2;
    byId("by-owner").hidden = names.length < 2 && byId("by-owner").ariaPressed !== "true";
  }
}
