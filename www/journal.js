// Shows what happened: a line for each operation, with its events and its request as `curl`. It must never
// hold a secret: callers pass it the request, but never a token or the answer.

import { announce, copy, h } from "./dom.js";
import { explain, explainEvent } from "./explain.js";
import { fateBox } from "./fate-box.js";
import { clockTime, exact, took } from "./time.js";

/** How many operations the journal keeps. */
const KEPT = 200;

const STATES = { running: "Running", done: "Done", failed: "Failed", stopped: "Stopped" };

export class Journal {
  #list;
  #empty;
  #count;
  #after = [];
  #entries = [];

  /** `list` holds the lines, `empty` is shown while there is none, `count` shows their number. */
  constructor({ list, empty, count }) {
    this.#list = list;
    this.#empty = empty;
    this.#count = count;
  }

  /** Calls `work` after each operation, and when what it left is looked for or found. */
  onEnd(work) {
    this.#after.push(work);
  }

  /** Whether a create or a rotation is not at its end, or its key may still be found. */
  get isOpen() {
    return this.#entries.some(({ isOpen }) => isOpen);
  }

  /** Whether a request or a look that may make or delete keys is under way. */
  get isAtWork() {
    return this.#entries.some(({ isAtWork }) => isAtWork);
  }

  /** Removes every line; unless `all`, those stay of which something is still to be known. */
  clear({ all = false } = {}) {
    this.#keep(all ? [] : this.#entries.filter(({ isOpen }) => isOpen));
  }

  #keep(entries) {
    for (const entry of this.#entries) if (!entries.includes(entry)) entry.element.remove();
    this.#entries = entries;
    this.#changed();
  }

  /**
   * Begins an operation's line. `commands` are its requests as `curl` commands; `fate` is what becomes of the
   * keys that it makes, and `network` returns what `explain` needs.
   */
  begin({ title, commands, fate, network }) {
    const entry = new Entry({ title, commands, fate, network });
    this.#list.prepend(entry.element);
    this.#entries.unshift(entry);
    this.#keep(this.#entries.filter((each, index) => index < KEPT || each.isOpen));
    return {
      event: (event) => {
        entry.add(explainEvent(event));
        if (event.type.startsWith("orphan")) this.#work();
      },
      end: (text) => this.#end(entry, "done", text),
      fail: (error, network, outcome = "") => {
        const stopped = error?.name === "AbortError";
        const { title, text } = explain(error, network);
        this.#end(entry, stopped ? "stopped" : "failed", `${title}. ${text} ${outcome}`.trim());
      },
    };
  }

  #end(entry, state, text) {
    entry.end(state, text);
    this.#work();
  }

  #work() {
    for (const work of this.#after) work();
  }

  #changed() {
    const { length } = this.#entries;
    this.#empty.hidden = length > 0;
    this.#count.textContent = length > 0 ? String(length) : "";
  }
}

/** The line of one operation. */
class Entry {
  #started = performance.now();
  #state = h("span", { "class": "badge", "data-tone": "running" }, STATES.running);
  #took = h("span", { class: "took" });
  #outcome = h("p", { class: "outcome" });
  #events = h("ul", { class: "events" });

  #fate;

  constructor({ title, commands, fate, network }) {
    this.#fate = fate;
    const now = Date.now();
    const clock = clockTime(now);
    this.element = h(
      "li",
      { class: "entry" },
      h(
        "div",
        { class: "entry-line" },
        h("time", { datetime: new Date(now).toISOString(), title: exact(now) }, clock),
        this.#state,
        h("strong", { class: "entry-title" }, title),
        this.#took,
      ),
      this.#events,
      this.#outcome,
      fate && fateBox(fate, network),
      commands.length > 0 && commandBox(commands),
    );
  }

  /** Whether it is under way. */
  get isAtWork() {
    return Boolean(this.#fate?.isOpen);
  }

  /** Whether something is still to be known. */
  get isOpen() {
    const fate = this.#fate;
    return Boolean(fate?.isOpen || (fate?.canLook && !fate.hasLooked));
  }

  add({ text, tone }) {
    this.#events.append(h("li", { "data-tone": tone }, text));
  }

  end(state, text) {
    this.#state.textContent = STATES[state];
    this.#state.dataset.tone = state;
    this.#took.textContent = took(performance.now() - this.#started);
    this.#outcome.textContent = text ?? "";
  }
}

function commandBox(commands) {
  const text = commands.join("\n\n");
  const button = h("button", { type: "button", class: "small" }, "Copy");
  button.addEventListener("click", async () => {
    announce(
      (await copy(text))
        ? "Copied. Set FIREWORKS_API_KEY before you run it."
        : "The browser does not let this page copy: select the text.",
    );
  });
  return h(
    "details",
    {},
    h(
      "summary",
      {},
      commands.length > 1 ? `The requests as curl (${commands.length})` : "The request as curl",
    ),
    h(
      "div",
      { class: "command" },
      h("pre", { tabindex: 0, role: "region", "aria-label": "curl" }, h("code", {}, text)),
      button,
    ),
  );
}
