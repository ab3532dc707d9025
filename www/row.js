// A row of the table of keys: what is told of a key, and what can be done with it.

import { clock } from "./clock.js";
import { h } from "./dom.js";
import { FINDINGS, labelOf, unused } from "./records.js";
import { stateOf } from "./scale.js";
import { exact, relative } from "./time.js";

/** How many findings a row has room for. */
const ROOM = 2;

/**
 * Makes the row of a record. `on` are the functions `details`, `rotate`, `revoke` and `tick` (which receives
 * whether it is ticked, and whether a range is), and `finish` for an unfinished rotation.
 */
export function rowOf(record, { ticked, isNew, on }) {
  const now = clock.now();
  const { key, name, ownerName, created, used, expires, isBelow } = record;
  const cell = (label, ...content) => h("td", { "role": "gridcell", "data-label": label }, content);
  return h(
    "tr",
    { "role": "row", "data-below": isBelow, "data-new": isNew },
    cell(
      "Tick",
      h("input", {
        "type": "checkbox",
        "class": "tick",
        "data-control": true,
        "aria-label": `Tick ${name}`,
        "checked": ticked,
        "onclick": ({ target, shiftKey }) => on.tick(record, target.checked, shiftKey),
      }),
    ),
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
          "onclick": () => on.details(record),
        },
        name,
      ),
    ),
    cell("Prefix", h("code", {}, record.prefix && `${record.prefix}…`)),
    cell("Owner", h("span", { class: "owner", title: ownerName }, ownerName || "Not said")),
    cell("Created", when(created, now, absent(key.createTime, "Not said"))),
    cell("Last used", when(used, now, unused(record, now)), successorsUse(record, now)),
    cell("Expires", when(expires, now, absent(key.expireTime, "Never"), stateOf(record, now))),
    cell("Findings", badges(record)),
    cell(
      "Actions",
      record.findings.includes("unfinished-rotation")
        ? action("Finish", record, () => on.finish(record))
        : action("Rotate", record, () => on.rotate(record)),
      action("Revoke", record, () => on.revoke(record)),
    ),
  );
}

/** When a rotated key's successor was last used, which tells whether software has changed over. */
function successorsUse({ successors = [] }, now) {
  if (successors.length === 0) return undefined;
  const last = successors.reduce((last, { used }) => (used > (last ?? -Infinity) ? used : last), undefined);
  const unread = successors.find(({ used, key }) => used === undefined && key.lastUsed);
  const use =
    unread || last === undefined
      ? unused(unread ?? youngest(successors), now).toLowerCase()
      : relative(last, now);
  const text = `successor: ${use}`;
  return h("span", { class: "successors", title: text }, text);
}

function youngest(records) {
  return records.reduce((young, record) => (record.created > young.created ? record : young));
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

/** A button. If the owner's id is unknown, its tip says why, and it begins with asking for the id. */
function action(label, { owner, name }, run) {
  return h(
    "button",
    {
      "type": "button",
      "class": "small",
      "data-control": true,
      "data-action": label.toLowerCase(),
      "aria-label": `${label} ${name}`,
      "data-tip": owner.id === undefined ? owner.why : undefined,
      "onclick": run,
    },
    label,
  );
}
