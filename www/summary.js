// The line above the table that says what matters, each part of it a button that filters for it.

import { clock } from "./clock.js";
import { byId, h } from "./dom.js";
import { grouped } from "./numbers.js";
import { tally } from "./records.js";
import { remembering } from "./remember.js";
import { DAY, MINUTE } from "./time.js";

const remembered = remembering((records, minute) => partsOf(records, minute * MINUTE));

/** What the line shows: `{ parts, part }`. */
let told;

/** Shows the line. `part` says of which part of a list it is, if not of all. */
export function showSummary(records, part, choose) {
  const line = byId("summary");
  const held = line.contains(document.activeElement) && document.activeElement.dataset.part;
  const parts = remembered(records, Math.floor(clock.now() / MINUTE));
  if (parts === told?.parts && part === told.part) return;
  told = { parts, part };
  const buttons = parts.map(({ name, text, filter }) =>
    h(
      "button",
      { "type": "button", "class": "plain-button", "data-part": name, "onclick": () => choose(filter) },
      text,
    ),
  );
  const of = part ? `Of ${part}: ` : "";
  line.replaceChildren(of, ...buttons.flatMap((button, index) => (index > 0 ? [" · ", button] : [button])));
  line.hidden = parts.length === 0;
  if (held) (line.querySelector(`[data-part="${held}"]`) ?? byId("filter")).focus();
}

/** What matters: how many keys, in words, and the filter that shows them. */
export function partsOf(records, now) {
  const counts = new Map(tally(records));
  const has = (finding) => counts.get(finding) ?? 0;
  const week = { from: now, to: now + 7 * DAY };
  const soon = records.filter(({ expires }) => expires > week.from && expires <= week.to).length;
  return [
    [
      has("never-expires"),
      (number) => `${grouped(number)} never expire${number === 1 ? "s" : ""}`,
      ["never-expires"],
    ],
    [has("owner-gone"), (number) => `${grouped(number)} of users who left`, ["owner-gone"]],
    [has("shared-attempt"), (number) => `${grouped(number)} made twice`, ["shared-attempt"]],
    [soon, (number) => `${grouped(number)} end${number === 1 ? "s" : ""} within 7 days`, [], week],
  ]
    .filter(([number]) => number > 0)
    .map(([number, words, findings, ends]) => ({
      name: findings[0] ?? "ends",
      text: words(number),
      filter: { text: "", findings, owner: undefined, ends },
    }));
}
