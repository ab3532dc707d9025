// The form for a new key, and the progress of its creation. The new key goes only to the dialog that shows it
// once.

import { clock } from "./clock.js";
import { alertBox, openDialog } from "./dialog.js";
import { announce, h, newId, write } from "./dom.js";
import { answers, explain, explainEvent } from "./explain.js";
import { Fate, isOfFate } from "./fate.js";
import { fateBox } from "./fate-box.js";
import { mark, unmark } from "./fields.js";
import { consequence, endOf, expiryOf, LIFETIMES } from "./lifetime.js";
import { nameOf, shown } from "./names.js";
import { idOf } from "./records.js";
import { showSecret } from "./secret.js";
import { anotherToken } from "./token.js";

/** Opens the form. `onCreated` receives the new key without its secret. */
export function openCreate(context) {
  new CreateDialog(context).open();
}

class CreateDialog {
  #context;
  #dialog;
  #stop;
  #form = h("form", { id: "new-key", novalidate: true });
  #progress = h("div", { class: "progress-box" });
  #rows = h("div", { class: "rows" });
  #date;
  #consequence = h("p", { "class": "hint", "id": "consequence", "aria-live": "polite" });
  #submit = h("button", { type: "submit", class: "primary", form: "new-key" }, "Create the key");
  #cancel = h("button", { type: "button", onclick: () => this.#onCancel() }, "Cancel");

  constructor(context) {
    this.#context = context;
  }

  open() {
    this.#form.append(this.#ownerField(), this.#nameField(), this.#lifetimeField(), this.#annotationsField());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#create();
    });
    this.#form.addEventListener("change", () => {
      this.#consequence.ariaLive = "polite";
      this.#tellConsequence();
    });
    this.#dialog = openDialog({
      title: "Create a key",
      restore: this.#context.restore,
      onCancel: () => this.#onCancel(),
      body: [this.#form, this.#progress],
      actions: [this.#cancel, this.#submit],
    });
    this.#tellConsequence();
    this.#form.elements.displayName.focus();
    // While the form is open the time passes. No screen reader needs to hear that.
    const aging = setInterval(() => {
      this.#consequence.ariaLive = "off";
      this.#tellConsequence();
    }, 30_000);
    this.#dialog.closed.then(() => clearInterval(aging));
  }

  #onCancel() {
    if (this.#stop) this.#stop.abort();
    else this.#dialog.close();
  }

  #ownerField() {
    const { service, users } = this.#context;
    if (service.userId !== "-") {
      return h("p", { class: "note" }, "For ", h("strong", {}, shown(service.userId)), ".");
    }
    const choices = (users ?? []).filter(idOf).map((user) => {
      const { email, serviceAccount } = user;
      const id = idOf(user);
      const about = serviceAccount ? "service account" : email;
      return h("option", { value: id }, about ? `${shown(id)} (${shown(about)})` : shown(id));
    });
    const control =
      choices.length > 0
        ? h("select", { name: "userId" }, choices)
        : h("input", { name: "userId", autocomplete: "off", spellcheck: "false", autocapitalize: "none" });
    return field({
      path: "userId",
      label: "For",
      hint: "The user or service account that the key belongs to.",
      control,
    });
  }

  #nameField() {
    const control = h("input", { name: "displayName", autocomplete: "off", placeholder: "default" });
    return field({ path: "displayName", label: "Name", hint: "What it is for, such as “deploy”.", control });
  }

  #lifetimeField() {
    const today = new Date(clock.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
    this.#date = field({
      path: "expireTime",
      label: "Last day",
      control: h("input", { type: "date", name: "date", min: today }),
    });
    return h(
      "fieldset",
      { "class": "field", "data-path": "expiresIn" },
      h("legend", {}, "Lifetime"),
      h(
        "div",
        { class: "pills" },
        LIFETIMES.map(({ value, label }) => {
          const id = newId("lifetime");
          return h(
            "span",
            { class: "pill" },
            h("input", {
              "type": "radio",
              "name": "lifetime",
              value,
              id,
              "checked": value === "30d",
              "aria-describedby": "consequence",
              "data-hint": "consequence",
            }),
            h("label", { for: id }, label),
          );
        }),
      ),
      h("p", { class: "field-error", id: newId("error") }),
      this.#date,
      this.#consequence,
    );
  }

  #annotationsField() {
    const add = h("button", { type: "button", class: "small" }, "Add an annotation");
    add.addEventListener("click", () => {
      const row = this.#annotationRow();
      this.#rows.append(row);
      row.querySelector("input").focus();
    });
    return h(
      "fieldset",
      { "class": "field" },
      h("legend", {}, "Annotations"),
      h("p", { class: "hint" }, "Labels that stay with the key, such as team = infra."),
      this.#rows,
      add,
    );
  }

  #annotationRow() {
    const error = newId("error");
    const remove = h("button", { type: "button", class: "small" }, "Remove");
    const row = h(
      "div",
      { "class": "annotation", "data-path": newId("row") },
      labelled(
        "Annotation name",
        h("input", {
          "data-name": true,
          "autocomplete": "off",
          "spellcheck": "false",
          "autocapitalize": "none",
        }),
      ),
      labelled("Annotation value", h("input", { "data-value": true, "autocomplete": "off" })),
      remove,
      h("p", { class: "field-error", id: error }),
    );
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("input") ?? this.#rows.parentElement.querySelector(":scope > button")).focus();
    });
    return row;
  }

  #tellConsequence() {
    const { lifetime, date } = this.#form.elements;
    this.#date.hidden = lifetime.value !== "date";
    const { warning, text } = consequence(lifetime.value, date.value, clock.now());
    write(this.#consequence, [text, clock.words].filter(Boolean).join(" "));
    this.#consequence.classList.toggle("warning", warning);
  }

  /** The form's content as options; marks a wrong row and returns undefined instead. */
  #options() {
    const { displayName, lifetime, date, userId } = this.#form.elements;
    const annotations = {};
    for (const row of this.#rows.children) {
      const name = row.querySelector("[data-name]").value;
      const wrong =
        name === ""
          ? "It needs a name."
          : Object.hasOwn(annotations, name)
            ? "There is another annotation of this name."
            : undefined;
      if (wrong) {
        mark(this.#form, row.dataset.path, wrong);
        return undefined;
      }
      // Assignment would treat a name such as `__proto__` specially.
      Object.defineProperty(annotations, name, {
        value: row.querySelector("[data-value]").value,
        enumerable: true,
      });
    }
    if (lifetime.value === "date" && date.value === "") {
      mark(this.#form, "expireTime", "Choose the last day of the key.");
      return undefined;
    }
    const end = endOf(lifetime.value, date.value, clock.now());
    return {
      userId: userId ? userId.value : this.#context.service.userId,
      displayName: displayName.value || undefined,
      annotations: this.#rows.children.length > 0 ? annotations : undefined,
      ...expiryOf(lifetime.value, date.value),
      ...(lifetime.value !== "date" && end && { endsAt: new Date(end).toISOString() }),
    };
  }

  async #create() {
    // Submitting the form twice must not make two keys.
    if (this.#stop) return;
    unmark(this.#form);
    this.#progress.replaceChildren();
    const options = this.#options();
    if (!options) return;
    const { service, onCreated, restore } = this.#context;
    const { endsAt, ...rest } = options;
    const fate = new Fate();
    const box = fateBox(fate, () => service.network());
    const events = h("ul", { class: "events" });
    this.#setBusy(true, events, box);
    try {
      const created = await service.create(rest, {
        endsAt,
        signal: this.#stop.signal,
        fate,
        onEvent: (event) => {
          const { text, tone } = explainEvent(event);
          if (!isOfFate(event)) events.append(h("li", { "data-tone": tone }, text));
          announce(text);
        },
      });
      this.#stop = undefined;
      this.#dialog.close();
      await this.#dialog.closed;
      const { key: _, ...known } = created;
      const shown = showSecret({ created, service, title: "Your new key", notes: [box, events], restore });
      onCreated(known);
      await shown;
      announce(`“${nameOf(known.displayName || "default")}” is created. This page has forgotten the key.`);
    } catch (error) {
      this.#stop = undefined;
      this.#setBusy(false);
      this.#fail(error);
    }
  }

  #setBusy(busy, events, box) {
    if (busy) {
      this.#stop = new AbortController();
      this.#progress.replaceChildren(
        h("p", { class: "busy" }, "Creating the key…"),
        h(
          "p",
          { class: "hint", id: "stopping" },
          "Stop ends the wait. A key that was asked for may still be made: this page then looks for it for " +
            "two minutes, and deletes it.",
        ),
        events,
        box,
      );
    }
    // `inert` instead of disabled, because a disabled form's values cannot be read.
    this.#form.inert = busy;
    this.#submit.hidden = busy;
    this.#cancel.textContent = busy ? "Stop" : "Cancel";
    if (busy) this.#cancel.setAttribute("aria-describedby", "stopping");
    else this.#cancel.removeAttribute("aria-describedby");
    if (busy) this.#cancel.focus();
    else for (const gone of this.#progress.querySelectorAll(".busy, #stopping")) gone.remove();
  }

  #fail(error) {
    const { service } = this.#context;
    const words = explain(error, service.network());
    if (error?.code === "VALIDATION" && mark(this.#form, error.path, words.text)) return;
    const renew =
      answers(error, 401) &&
      h("button", { type: "button", onclick: () => anotherToken(service) }, "Use another token…");
    this.#progress.prepend(alertBox(words, renew));
    (renew || this.#submit).focus();
  }
}

function field({ path, label, hint, control }) {
  control.id = newId("field");
  const hintId = hint && newId("hint");
  if (hintId) {
    control.dataset.hint = hintId;
    control.setAttribute("aria-describedby", hintId);
  }
  return h(
    "div",
    { "class": "field", "data-path": path },
    h("label", { for: control.id }, label),
    control,
    hint && h("p", { class: "hint", id: hintId }, hint),
    h("p", { class: "field-error", id: newId("error") }),
  );
}

function labelled(label, control) {
  control.id = newId("field");
  return h("div", {}, h("label", { for: control.id }, label), control);
}
