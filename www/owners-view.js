// The keys by owner, as a table and as the choices of the filter.

import { clock } from "./clock.js";
import { byId, h } from "./dom.js";
import { shown } from "./names.js";
import { grouped } from "./numbers.js";
import { byOwner } from "./owners.js";
import { FINDINGS, labelOf, unused } from "./records.js";
import { remembering } from "./remember.js";
import { relative } from "./time.js";

export class OwnersView {
  #choose;
  #choices = "";
  #namesOf = remembering((records) => [...new Set(records.map(({ ownerName }) => ownerName))].sort());

  /** `choose` receives the owner that the user has chosen. */
  constructor(choose) {
    this.#choose = choose;
    const button = byId("by-owner");
    button.addEventListener("click", () =>
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true")),
    );
  }

  /** Shows these records. */
  show(records) {
    const now = clock.now();
    byId("owners-body").replaceChildren(
      ...byOwner(records).map(({ name, keys, worst, used, created }) =>
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
                onclick: () => {
                  byId("by-owner").setAttribute("aria-pressed", "false");
                  this.#choose(name);
                },
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
          h("td", {}, used === undefined ? unused({ created }, now) : relative(used, now)),
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
        h("option", { value: "" }, "Any owner"),
        ...names
          .filter(Boolean)
          // One that comes from the address may hold any text.
          .map((name) => h("option", { value: name }, isStrange && name === chosen ? shown(name) : name)),
      );
    this.#choices = choices;
    select.value = chosen ?? "";
    select.closest(".owner-field").hidden = names.length < 2;
    byId("by-owner").hidden = names.length < 2;
  }
}
