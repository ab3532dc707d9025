// Rotates a key: asks first, shows the stages as they happen, shows the new key once, and says how it ended.

import { alertBox, openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { explain, explainEvent, explainOrphans, STAGES } from "./explain.js";
import { showSecret } from "./secret.js";
import { relative } from "./time.js";

/** Opens the dialog. `onChanged` receives the added and removed keys. */
export function openRotation(context) {
  new RotationDialog(context).open();
}

class RotationDialog {
  #context;
  #dialog;
  #stop;
  #content = h("div", { class: "stack" });
  #actions = h("div", { class: "actions-inner" });
  #stages = new Map();

  constructor(context) {
    this.#context = context;
  }

  open() {
    const { record, restore } = this.#context;
    this.#dialog = openDialog({
      title: `Rotate “${record.name}”`,
      restore,
      onCancel: () => this.#cancel(),
      body: this.#content,
      actions: this.#actions,
    });
    this.#ask();
  }

  #cancel() {
    if (this.#stop) this.#stop.abort();
    else this.#dialog.close();
  }

  #ask(problem) {
    const { record, service } = this.#context;
    const choice = (value, label, hint, checked) =>
      h(
        "label",
        { class: "choice" },
        h("input", { type: "radio", name: "keep", value, checked }),
        h("span", {}, h("strong", {}, label), h("span", { class: "hint" }, hint)),
      );
    const form = h(
      "form",
      {},
      problem ??
        h(
          "p",
          {},
          "A successor is made with the same name, annotations and lifetime, and tried. " +
            "You store it; until then the old key is what counts.",
        ),
      service.isOwn(record.key.prefix) &&
        h(
          "p",
          { class: "note" },
          "This looks like the key that this page uses. When it is revoked, connect with the new one.",
        ),
      h(
        "fieldset",
        { class: "choices" },
        h("legend", {}, "And the old key?"),
        choice("1", "It stays until the next rotation", "For software that still has the old one.", true),
        choice("0", "It is revoked at once", "After a leak: what uses it stops working."),
      ),
    );
    const start = h(
      "button",
      { type: "submit", class: "primary", autofocus: true },
      problem ? "Rotate again" : "Start",
    );
    form.id = "rotation";
    start.setAttribute("form", form.id);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run({
        keep: Number(new FormData(form).get("keep")),
        onUnfinished: this.#unfinished ? "delete" : "error",
      });
    });
    this.#content.replaceChildren(form);
    this.#actions.replaceChildren(
      h("button", { type: "button", onclick: () => this.#dialog.close() }, problem ? "Close" : "Cancel"),
      start,
    );
    start.focus();
  }

  #unfinished = false;

  async #run(how) {
    const { record, service, onChanged } = this.#context;
    this.#stop = new AbortController();
    this.#showStages();
    let added;
    try {
      const { created, revoked, pending } = await service.rotate(record, {
        ...how,
        signal: this.#stop.signal,
        onEvent: (event) => this.#onEvent(event),
        persist: (created) => {
          const { key: _, ...rest } = created;
          added = rest;
          return showSecret({
            created,
            title: "Store the new key",
            refusable: true,
            signal: this.#stop.signal,
          });
        },
      });
      const { key: _, ...rest } = created;
      this.#mark(undefined);
      this.#finish(rest, revoked, pending);
      onChanged({ added: [rest], removed: revoked });
    } catch (error) {
      this.#fail(error, added);
    } finally {
      this.#stop = undefined;
    }
  }

  #showStages() {
    this.#stages = new Map(
      Object.entries(STAGES).map(([stage, label]) => [
        stage,
        h("li", { "data-state": "waiting" }, label, h("span", { class: "stage-state" })),
      ]),
    );
    this.#events = h("ul", { class: "events" });
    this.#content.replaceChildren(
      h("ol", { "class": "stages", "aria-label": "Stages" }, [...this.#stages.values()]),
      this.#events,
    );
    const stop = h("button", { type: "button", onclick: () => this.#cancel() }, "Stop");
    this.#actions.replaceChildren(stop);
    stop.focus();
  }

  #events;

  #onEvent(event) {
    if (event.type === "rotation") {
      this.#mark(event.stage);
      announce(STAGES[event.stage]);
    } else {
      const { text, tone } = explainEvent(event);
      this.#events.append(h("li", { "data-tone": tone }, text));
    }
  }

  /** Marks the stages before `current` as done; all of them, if it is undefined. `failed` marks `current`. */
  #mark(current, failed = false) {
    let state = "done";
    for (const [stage, element] of this.#stages) {
      const now = stage === current;
      if (now) state = failed ? "failed" : "current";
      element.dataset.state = state;
      element.lastElementChild.textContent = { done: "done", current: "now", failed: "failed", waiting: "" }[
        state
      ];
      if (now) element.setAttribute("aria-current", "step");
      else element.removeAttribute("aria-current");
      if (now) state = "waiting";
    }
  }

  #finish(created, revoked, pending) {
    const { record } = this.#context;
    const gone = revoked.includes(record.id);
    this.#dialog.rename(`“${record.name}” is rotated`);
    this.#content.append(
      h(
        "p",
        { class: "good" },
        `The new key is ${created.keyId}. `,
        gone
          ? "The old one is revoked."
          : "The old one works until the next rotation, or until you revoke it.",
      ),
    );
    if (pending.length > 0) {
      this.#content.append(
        alertBox({
          title: "Some keys could not be revoked",
          text: `${pending.map(({ keyId }) => keyId).join(", ")}. The next rotation tries again.`,
        }),
      );
    }
    this.#closeWith("Close");
    announce(`“${record.name}” is rotated.`);
  }

  #fail(error, created) {
    const { onChanged } = this.#context;
    const failed =
      error?.stage ?? [...this.#stages].find(([, { dataset }]) => dataset.state === "current")?.[0];
    this.#mark(failed, true);
    this.#unfinished = error?.reason === "unfinished";
    const orphans = explainOrphans(error ?? {});
    const { title, text } = explain(error, this.#context.service.network());
    const box = alertBox({ title, text: `${text} ${orphans}`.trim() }, this.#unfinished && successors(error));
    this.#content.append(box);
    const again = h(
      "button",
      { type: "button", onclick: () => this.#ask(box) },
      this.#unfinished ? "Delete leftovers and rotate…" : "Try again…",
    );
    this.#closeWith("Close", again);
    const alive = created && error?.liveKeyIds?.includes(created.keyId);
    onChanged(alive ? { added: [created] } : {});
  }

  #closeWith(label, ...more) {
    const close = h(
      "button",
      { type: "button", class: "primary", onclick: () => this.#dialog.close() },
      label,
    );
    this.#actions.replaceChildren(...more, close);
    close.focus();
  }
}

function successors({ successors }) {
  const now = Date.now();
  return h(
    "ul",
    {},
    successors.map(({ keyId, ageMs }) =>
      h("li", {}, h("code", {}, keyId), ageMs === undefined ? "" : `, made ${relative(now - ageMs, now)}`),
    ),
  );
}
