// Shows what happened: a line for each operation, with its events and its request as `curl`. It must never
// hold a secret: callers pass it the request, but never a token or the answer.

import { announce, copy, h } from "./dom.js";
import { explain, explainEvent, explainOrphans } from "./explain.js";
import { exact, took } from "./time.js";

/** How many operations the journal keeps. */
const KEPT = 200;

const STATES = { running: "Running", done: "Done", failed: "Failed", stopped: "Stopped" };

export class Journal {
  #list;
  #empty;
  #count;
  #after = [];

  /** `list` holds the lines, `empty` is shown while there is none, `count` shows their number. */
  constructor({ list, empty, count }) {
    this.#list = list;
    this.#empty = empty;
    this.#count = count;
  }

  /** Calls `work` after each operation. */
  onEnd(work) {
    this.#after.push(work);
  }

  /** Removes every line. */
  clear() {
    this.#list.replaceChildren();
    this.#changed();
  }

  /** Begins an operation's line. `commands` are its requests as `curl` commands. */
  begin({ title, commands }) {
    const entry = new Entry(title, commands);
    this.#list.prepend(entry.element);
    while (this.#list.children.length > KEPT) this.#list.lastElementChild.remove();
    this.#changed();
    return {
      event: (event) => entry.add(explainEvent(event)),
      end: (text) => this.#end(entry, "done", text),
      fail: (error, network) => {
        const stopped = error?.name === "AbortError";
        const { title, text } = explain(error, network);
        this.#end(
          entry,
          stopped ? "stopped" : "failed",
          [`${title}. ${text}`, explainOrphans(error ?? {})].join(" "),
        );
      },
    };
  }

  #end(entry, state, text) {
    entry.end(state, text);
    for (const work of this.#after) work();
  }

  #changed() {
    const { length } = this.#list.children;
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

  constructor(title, commands) {
    const now = Date.now();
    const clock = new Date(now).toLocaleTimeString("en-GB");
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
      commands.length > 0 && commandBox(commands),
    );
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
