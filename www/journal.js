// What happened: each operation as a line, with its events and its request as `curl`. It must never hold
// a secret: it is told of what was asked for, never of a token or of what came back.

import { announce, copy, h } from "./dom.js";
import { explain, explainEvent, explainOrphans } from "./explain.js";
import { exact, took } from "./time.js";

/** How many operations are kept. */
const KEPT = 200;

const STATES = { running: "Running", done: "Done", failed: "Failed", stopped: "Stopped" };

export class Journal {
  #list;
  #empty;
  #count;
  #after = [];

  /** `list` is where the lines go, `empty` what stands there before the first, `count` how many. */
  constructor({ list, empty, count }) {
    this.#list = list;
    this.#empty = empty;
    this.#count = count;
  }

  /** Has a function called after each operation. */
  onEnd(work) {
    this.#after.push(work);
  }

  /** Forgets everything. */
  clear() {
    this.#list.replaceChildren();
    this.#changed();
  }

  /** Begins an operation's line. `commands` are what `curl` would say. */
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

/** One operation's line. */
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
