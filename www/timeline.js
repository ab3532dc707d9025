// The timeline: what ends next. A few keys are drawn from their creation to their end, with a line for today;
// of many, the ends are counted, and a count leads to its keys. In words, too.

import { clock } from "./clock.js";
import { byId, h, svg } from "./dom.js";
import { endsBy, UNITS } from "./ends.js";
import { count, grouped } from "./numbers.js";
import { lastUse } from "./records.js";
import { described, isUnread, lanes, scaleOf, spaced, stateOf } from "./scale.js";
import { day, relative } from "./time.js";

/** Up to this many keys, each has a bar with its name; the ends of more are counted. */
const NAMED = 40;

const TOP = 44;
const NEVER = 72;

export class TimelineView {
  #host = byId("timeline-picture");
  #slider = byId("timeline-slider");
  #records = [];
  #lanes = [];
  #part = h("p", { class: "note" });
  #layout;
  #width = 0;
  #shown = false;

  #unit = "week";
  #open;
  #showEnds;

  /** `open` opens a key, and `showEnds` shows the keys that end between two moments. */
  constructor({ open, showEnds }) {
    this.#open = open;
    this.#showEnds = showEnds;
    byId("timeline").prepend(this.#part);
    this.#host.addEventListener("click", ({ clientY }) => {
      const record = this.#lanes[this.#laneAt(clientY)];
      if (record) this.#open(record);
    });
    byId("timeline-open").addEventListener("click", () => this.#open(this.#lanes[this.#slider.value]));
    byId("histogram-units").append(...UNITS.map((unit) => this.#unitChoice(unit)));
    this.#slider.addEventListener("input", () => this.#select(Number(this.#slider.value)));
    this.#host.addEventListener("pointermove", ({ clientY }) => this.#point(clientY));
    // It tells of the panel's appearance, too, when everything is drawn already.
    new ResizeObserver(([{ target }]) => target.clientWidth !== this.#width && this.#draw()).observe(
      byId("timeline-panel"),
    );
  }

  /** Draws these records: those that the table shows. `part` says what they are of, if not of all keys. */
  update(records, part) {
    this.#records = records;
    this.#part.textContent = part && `This is drawn from ${part}.`;
    this.#part.hidden = !part;
    this.#draw();
  }

  /** Sets whether the timeline is visible; it draws only while it is. */
  setShown(shown) {
    this.#shown = shown;
    this.#draw();
  }

  #draw() {
    if (!this.#shown) return;
    this.#width = byId("timeline-panel").clientWidth;
    if (this.#width === 0) return;
    const now = clock.now();
    const empty = this.#records.length === 0;
    byId("timeline-empty").hidden = !empty;
    byId("timeline").hidden = empty;
    if (empty) return;
    const many = this.#records.length > NAMED;
    byId("histogram").hidden = !many;
    byId("timeline-few").hidden = many;
    const groups = this.#describe(now);
    if (many) return this.#count(now);
    this.#lanes = lanes(this.#records, now);
    this.#layout = layoutOf(this.#lanes.length, this.#host.clientWidth);
    this.#host.replaceChildren(picture(this.#lanes, this.#layout, now));
    const summary = groups
      .map(({ label, count: number }) => `${label.toLowerCase()}: ${grouped(number)}`)
      .join(", ");
    this.#host.firstElementChild.setAttribute(
      "aria-label",
      `Timeline of ${count(this.#records.length, "key")}. ${summary}.`,
    );
    this.#slider.max = this.#lanes.length - 1;
    this.#select(Math.min(Number(this.#slider.value), this.#lanes.length - 1));
  }

  #unitChoice({ name, label }) {
    const id = `unit-${name}`;
    const checked = name === this.#unit;
    const onchange = () => {
      this.#unit = name;
      this.#draw();
    };
    return h(
      "span",
      { class: "pill" },
      h("input", { type: "radio", name: "unit", id, checked, onchange }),
      h("label", { for: id }, label),
    );
  }

  /** Draws how many keys end when. */
  #count(now) {
    const { bins, later } = endsBy(this.#unit, this.#records, now);
    const most = bins.reduce((most, bin) => Math.max(most, bin.count), 1);
    const list = byId("histogram-bins");
    list.replaceChildren(
      ...bins.map(({ from, to, count: number, label }, index) => {
        const bar = h("span", { class: "bin-bar" });
        bar.style.blockSize = `${(number / most) * 100}%`;
        const button = h(
          "button",
          {
            "type": "button",
            "class": "bin",
            "data-now": index === 0,
            "aria-label": `${label}: ${count(number, "key")}`,
            "aria-disabled": number === 0 && "true",
            "data-tip": `${label}: ${count(number, "key")}`,
            "onclick": () => number > 0 && this.#showEnds({ from, to }),
          },
          bar,
        );
        return h(
          "li",
          {},
          h("span", { "class": "bin-count", "aria-hidden": "true" }, number > 0 && grouped(number)),
          button,
        );
      }),
    );
    byId("histogram-from").textContent = bins[0].label;
    byId("histogram-to").textContent = bins.at(-1).label;
    byId("histogram-later").textContent = later > 0 ? `${count(later, "key")} after that.` : "";
  }

  #laneAt(clientY) {
    if (!this.#layout) return -1;
    const { top } = this.#host.getBoundingClientRect();
    return Math.floor((clientY - top - TOP) / this.#layout.lane);
  }

  #point(clientY) {
    const at = this.#laneAt(clientY);
    if (at >= 0 && at < this.#lanes.length) this.#select(at);
  }

  #select(at) {
    const record = this.#lanes[at];
    const now = clock.now();
    const { name, ownerName, created, expires } = record;
    const ends =
      expires === undefined
        ? isUnread(record)
          ? "its end cannot be read"
          : "never expires"
        : `${expires <= now ? "ended" : "ends"} ${relative(expires, now)}, on ${day(expires)}`;
    const made = created === undefined ? undefined : `created ${day(created)}`;
    const last = lastUse(record, now);
    const words = [name, ownerName, made, last, ends].filter(Boolean).join(" · ");
    this.#slider.value = at;
    this.#slider.setAttribute("aria-valuetext", `${at + 1} of ${this.#lanes.length}: ${words}`);
    byId("timeline-readout").textContent = words;
    const { lane, width } = this.#layout;
    const cursor = this.#host.querySelector(".cursor");
    const height = Math.max(lane, 3);
    for (const [attribute, value] of Object.entries({
      x: 0,
      width,
      height,
      y: TOP + (at + 0.5) * lane - height / 2,
    })) {
      cursor.setAttribute(attribute, value);
    }
  }

  #describe(now) {
    const groups = described(this.#records, now);
    byId("timeline-words").replaceChildren(
      ...groups.flatMap(({ label, count: number, names }) => [
        h("dt", {}, `${label}: ${grouped(number)}`),
        h("dd", {}, names),
      ]),
    );
    return groups;
  }
}

/** The layout of a picture with this width and this number of keys. */
function layoutOf(length, width) {
  const narrow = width < 640;
  const lane = narrow ? 40 : 30;
  return {
    width,
    narrow,
    lane,
    left: !narrow ? Math.min(220, width * 0.22) : 8,
    right: width - NEVER,
    height: TOP + length * lane + 8,
  };
}

function picture(records, layout, now) {
  const { width, height, left, right, narrow } = layout;
  const scale = scaleOf(records, { now, left: left + 8, right: right - 16 });
  const root = svg("svg", { role: "img", width, height, viewBox: `0 0 ${width} ${height}` });
  root.append(
    svg("rect", { class: "cursor" }),
    svg("rect", { class: "never-column", x: right, y: 0, width: NEVER, height, rx: 6 }),
    svg(
      "text",
      { "class": "never-label", "x": right + NEVER / 2, "y": 18, "text-anchor": "middle" },
      "Never",
    ),
    ...spaced(
      scale.marks.filter(
        ({ x }) => Math.abs(x - scale.today) > (narrow ? 34 : 60) && x < right - 24 && x > left + 24,
      ),
      narrow ? 56 : 84,
    ).flatMap(({ x, label }) => [
      svg("line", { class: "mark", x1: x, x2: x, y1: 26, y2: height }),
      svg(
        "text",
        { "class": "mark-label", x, "y": 18, "text-anchor": "middle" },
        narrow ? short(label) : label,
      ),
    ]),
    ...bars(records, layout, scale, now),
    svg("line", { class: "today", x1: scale.today, x2: scale.today, y1: 26, y2: height }),
    svg("text", { "class": "today-label", "x": scale.today, "y": 18, "text-anchor": "middle" }, "Today"),
  );
  return root;
}

function short(label) {
  return label
    .replace(" months", " mo")
    .replace(" month", " mo")
    .replace(" years", " y")
    .replace(" year", " y")
    .replace(" weeks", " w")
    .replace(" week", " w")
    .replace(" day", " d")
    .replace(" ago", "");
}

/** The start and the end of a key's bar. */
function spanOf({ created, expires }, { left, width }, scale) {
  const from = created === undefined ? left : scale.at(created);
  return [from, expires === undefined ? width - 14 : Math.max(scale.at(expires), from + 3)];
}

/** Draws a bar with a name for each key, and a dot for its last use. */
function bars(records, layout, scale, now) {
  const { lane, left, narrow } = layout;
  return records.map((record, index) => {
    const state = stateOf(record, now);
    const [from, to] = spanOf(record, layout, scale);
    const middle = TOP + (index + (narrow ? 0.72 : 0.5)) * lane;
    const label = narrow
      ? { x: left, y: middle - 13 }
      : { "x": left - 8, "y": middle + 4, "text-anchor": "end" };
    return svg(
      "g",
      { "class": "bar", "data-state": state },
      svg(
        "text",
        { class: "bar-label", ...label },
        shortened(record.name, narrow ? 40 : Math.floor(left / 8)),
      ),
      svg("rect", { x: from, y: middle - 4, width: to - from, height: 8, rx: 4 }),
      state === "never"
        ? svg("path", { class: "arrow", d: `M${to - 2} ${middle - 8}l10 8l-10 8z` })
        : svg("circle", { cx: to, cy: middle, r: 6 }),
      record.used !== undefined &&
        svg("circle", { class: "used", cx: scale.at(record.used), cy: middle, r: 3 }),
    );
  });
}

function shortened(text, length) {
  const characters = [...text];
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : text;
}
