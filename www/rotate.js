// Rotates a key: asks first, shows the stages as they happen, shows the new key once, and says how it ended.

import { clock } from "./clock.js";
import { alertBox, openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { answers, explain, explainEvent, STAGES } from "./explain.js";
import { Fate, isOfFate } from "./fate.js";
import { fateBox } from "./fate-box.js";
import { shown } from "./names.js";
import { showSecret } from "./secret.js";
import { exact, relative } from "./time.js";
import { anotherToken } from "./token.js";

/** What Stop does once the new key is stored and old ones are revoked. */
const STOP_LATE =
  "Stop ends the wait. The new key is yours, and stays. The old key may be revoked already, or not be.";

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
    const fate = new Fate();
    const box = fateBox(fate, () => service.network());
    this.#showStages(box);
    let added;
    try {
      const { created, revoked, pending } = await service.rotate(record, {
        ...how,
        signal: this.#stop.signal,
        fate,
        onEvent: (event) => this.#onEvent(event),
        persist: (created) => {
          const { key: _, ...rest } = created;
          added = rest;
          return showSecret({
            created,
            service,
            title: "Store the new key",
            refusable: true,
            signal: this.#stop.signal,
          });
        },
      });
      const { key: _, ...rest } = created;
      this.#mark(undefined);
      this.#finish(revoked, pending);
      onChanged({ added: [rest], removed: revoked });
    } catch (error) {
      this.#fail(error, added);
    } finally {
      this.#stop = undefined;
    }
  }

  #showStages(box) {
    this.#stages = new Map(
      Object.entries(STAGES).map(([stage, label]) => [
        stage,
        h("li", { "data-state": "waiting" }, label, h("span", { class: "stage-state" })),
      ]),
    );
    this.#events = h("ul", { class: "events" });
    this.#content.replaceChildren(
      h("ol", { "class": "stages", "aria-label": "Stages" }, [...this.#stages.values()]),
      h(
        "p",
        { class: "hint", id: "stopping" },
        "Stop ends the wait. The old key stays. A successor that was asked for may still be made: unless " +
          "you stored it, this page then looks for it for two minutes, and deletes it.",
      ),
      this.#events,
      box,
    );
    const stop = h(
      "button",
      { "type": "button", "aria-describedby": "stopping", "onclick": () => this.#cancel() },
      "Stop",
    );
    this.#actions.replaceChildren(stop);
    stop.focus();
  }

  #events;

  #onEvent(event) {
    if (event.type === "rotation") {
      this.#mark(event.stage);
      // From here on the old key may go.
      if (event.stage === "revoke") this.#content.querySelector("#stopping").textContent = STOP_LATE;
      announce(STAGES[event.stage]);
    } else if (!isOfFate(event)) {
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

  #finish(revoked, pending) {
    this.#content.querySelector("#stopping")?.remove();
    const { record } = this.#context;
    this.#dialog.rename(`“${record.name}” is rotated`);
    this.#content.append(h("p", { class: "good" }, fateOfOld(record, revoked, pending)));
    if (pending.length > 0) {
      this.#content.append(
        alertBox({
          title: "Not all keys are known to be revoked",
          text: `${pending.map(({ keyId }) => shown(keyId)).join(", ")}. The next rotation tries again.`,
        }),
      );
    }
    this.#closeWith("Close");
    announce(`“${record.name}” is rotated.`);
  }

  #fail(error, created) {
    this.#content.querySelector("#stopping")?.remove();
    const { onChanged } = this.#context;
    const failed =
      error?.stage ?? [...this.#stages].find(([, { dataset }]) => dataset.state === "current")?.[0];
    this.#mark(failed, true);
    this.#unfinished = error?.reason === "unfinished";
    const { service } = this.#context;
    const box = alertBox(explain(error, service.network()), this.#unfinished && successors(error));
    this.#content.append(box);
    const isRefused = answers(error?.cause ?? error, 401);
    const again = h(
      "button",
      { type: "button", onclick: () => (isRefused ? anotherToken(service) : this.#ask(box)) },
      isRefused ? "Use another token…" : this.#unfinished ? "Delete leftovers and rotate…" : "Try again…",
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

/** What is known of the key that was rotated. */
function fateOfOld({ id, expires }, revoked, pending) {
  if (revoked.includes(id)) return "The old one is revoked.";
  if (pending.some(({ keyId }) => keyId === id)) return "Whether the old one still works is not known.";
  const now = clock.now();
  if (expires === undefined) return "The old one works until the next rotation, or until you revoke it.";
  if (expires <= now) return `The old one expired ${relative(expires, now)}.`;
  return `The old one works until it ends (${exact(expires)}), the next rotation, or until you revoke it.`;
}

function successors({ successors }) {
  const now = clock.now();
  return h(
    "ul",
    {},
    successors.map(({ keyId, ageMs }) =>
      h(
        "li",
        {},
        h("code", {}, shown(keyId)),
        ageMs === undefined ? "" : `, made ${relative(now - ageMs, now)}`,
      ),
    ),
  );
}
