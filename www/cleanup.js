// Revokes many keys: reads the list again, names every key, counts down, and tells of each what came of it.
// Nothing is called revoked that is not known to be.

import { clock } from "./clock.js";
import { alertBox, openDialog } from "./dialog.js";
import { announce, h } from "./dom.js";
import { answers, explain } from "./explain.js";
import { holdPage } from "./leave.js";
import { shown } from "./names.js";
import { count, grouped } from "./numbers.js";
import { ownerForm } from "./owner-id.js";
import { planOf } from "./plan.js";
import { clockTime } from "./time.js";
import { Victims } from "./victims.js";

/** How many keys are revoked at the same time. */
const AT_ONCE = 4;

/** For how many keys the dialog makes room: more are scrolled. */
const ROOM = 12;

/** How many owners of unknown ids are named. */
const NAMED = 3;

/** How long the user can still change their mind, in seconds. */
const COUNTDOWN = 5;

/** Opens it for these ids. `shown` are those that the table shows; `onRevoked` receives the id of each. */
export function openCleanUp(context) {
  new CleanUp(context).open();
}

class CleanUp {
  #context;
  #dialog;
  #content = h("div", { class: "stack" });
  #actions = h("div", { class: "actions-inner" });
  #stopped = false;
  #timer;
  #victims;
  /** What is to be known before; it is not true afterwards. */
  #question = h("div", { class: "stack" });
  /** Asks for the ids of owners. */
  #owners = h("div", { class: "stack" });
  #go = h("button", { type: "button", class: "danger" });

  constructor(context) {
    this.#context = context;
  }

  async open() {
    const { ids, restore } = this.#context;
    this.#dialog = openDialog({
      title: `Revoke ${count(ids.length, "key")}?`,
      restore,
      onCancel: () => this.#cancel(),
      body: this.#content,
      actions: this.#actions,
    });
    const { element } = this.#dialog;
    element.classList.add("clean-up");
    element.style.setProperty("--keys", Math.min(ids.length, ROOM));
    this.#content.replaceChildren(h("p", { class: "busy" }, "Reading the list again…"));
    this.#setActions(this.#close("Cancel"));
    const { records, problem } = await this.#context.readAgain();
    if (!this.#dialog.element.isConnected) return;
    this.#ask(planOf(ids, records, { clock, ...this.#context }), problem);
  }

  #cancel() {
    if (this.#timer !== undefined) this.#uncount();
    else if (this.#release) this.#stop();
    else this.#dialog.close();
  }

  #close(label, primary = false) {
    const attributes = { type: "button", class: primary && "primary", onclick: () => this.#dialog.close() };
    return h("button", attributes, label);
  }

  #setActions(...buttons) {
    this.#actions.replaceChildren(...buttons);
    buttons[0].focus();
  }

  #ask(plan, problem) {
    const { keys, missing, hidden } = plan;
    this.#victims = new Victims(keys, () => this.#tell());
    const used = keys.filter(({ isSure }) => isSure).length;
    const perhaps = keys.filter(({ isUsed }) => isUsed).length - used;
    this.#question.replaceChildren(
      problem
        ? alertBox({
            title: "The list is not whole",
            text: problem,
          })
        : h("p", { class: "hint" }, `The list was read again at ${clockTime(clock.machine())}, to its end.`),
      h(
        "p",
        {},
        keys.length > 0 && keys.every(({ record }) => clock.hasPassed(record.expires))
          ? "All of them have expired, so nothing can use them. Revoking takes them off the list."
          : "Whatever uses these keys stops working. This cannot be undone.",
      ),
      ...[
        hidden > 0 && `${count(hidden, "ticked key")} cannot be seen in the table now; all are named here.`,
        missing.length > 0 && missed(missing.length, problem),
        used > 0 &&
          `${count(used, "key")} used in the last 24 hours: on top, and left out unless you tick again.`,
        perhaps > 0 &&
          `${count(perhaps, "key")} may have been used in the last 24 hours, as the service’s clock is not ` +
            "known: left out, too.",
      ]
        .filter(Boolean)
        .map((text) => h("p", { class: "note" }, text)),
      this.#owners,
    );
    this.#content.replaceChildren(this.#question, this.#victims.element);
    this.#go.addEventListener("click", () => this.#go.ariaDisabled === "false" && this.#countDown());
    this.#askOwners(keys);
    this.#setActions(this.#close("Keep them all"), this.#go);
    this.#tell();
    announce(`${count(keys.length, "key")}. ${used > 0 ? `${used} used in the last day.` : ""}`);
  }

  /** Says how many keys are ticked. */
  #tell() {
    const { length } = this.#victims.ticked;
    this.#go.textContent = length === 0 ? "Nothing is ticked" : `Revoke ${count(length, "key")}`;
    this.#go.ariaDisabled = String(length === 0);
    this.#dialog.rename(length === 0 ? "Revoke keys?" : `Revoke ${count(length, "key")}?`);
  }

  /** Names the keys whose owner is not known, and asks for an id: it counts for the keys of that user. */
  #askOwners(keys) {
    const unknown = keys.filter(({ record }) => record.owner.id === undefined);
    if (unknown.length === 0) return this.#owners.replaceChildren();
    const names = [...new Set(unknown.map(({ record }) => record.ownerName || "not said"))];
    const more = names.length > NAMED ? ` and ${grouped(names.length - NAMED)} more` : "";
    const whose = `owner${names.length === 1 ? "" : "s"}: ${names.slice(0, NAMED).join(", ")}${more}`;
    const { form, check } = ownerForm({
      service: this.#context.service,
      keyIds: unknown.map(({ record }) => record.id),
      none: "This user’s list has none of these keys.",
      hint: "This page looks first which of these keys that user has.",
      accept: (id, found) => this.#accept(keys, id, found),
    });
    form.classList.add("ask-owner");
    // What the dialog is for is its other button.
    check.classList.remove("primary");
    form.append(check);
    const are = `${count(unknown.length, "key")} ${unknown.length === 1 ? "is" : "are"}`;
    this.#owners.replaceChildren(
      h("p", { class: "note" }, `${are} left out, as the owner’s id is not known (${whose}).`),
      form,
    );
  }

  #accept(keys, id, found) {
    if (this.#owners.hidden) return;
    const theirs = keys.filter(({ record }) => found.has(record.id));
    for (const key of theirs) {
      key.record = { ...key.record, owner: { ...key.record.owner, id } };
      key.isTicked = !key.isUsed && !key.isOwn;
      this.#victims.renew(key);
    }
    this.#askOwners(keys);
    this.#tell();
    (this.#owners.querySelector("input") ?? this.#go).focus();
    announce(`${count(theirs.length, "key")} of ${shown(id)}.`);
  }

  #countDown() {
    const chosen = this.#victims.ticked;
    this.#victims.fix(true);
    this.#owners.hidden = true;
    let left = COUNTDOWN;
    const cancel = h("button", { type: "button", onclick: () => this.#uncount() }, "Cancel");
    const text = h("p", { class: "countdown" });
    const tell = () => (text.textContent = `${count(chosen.length, "key")} will be revoked in ${left} s.`);
    tell();
    this.#uncount = () => {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#victims.fix(false);
      this.#owners.hidden = false;
      this.#setActions(this.#close("Keep them all"), this.#go);
      announce("Nothing was revoked.");
    };
    this.#setActions(cancel, text);
    announce(text.textContent);
    this.#timer = setInterval(() => {
      left -= 1;
      if (left > 0) return tell();
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#run(chosen);
    }, 1_000);
  }

  #uncount = () => {};

  #release;

  async #run(chosen) {
    this.#release = holdPage();
    this.#question.remove();
    this.#dialog.rename(`Revoking ${count(chosen.length, "key")}`);
    this.#setActions(h("button", { type: "button", onclick: () => this.#stop() }, "Stop"));
    for (const key of chosen) this.#victims.say(key, "waiting");
    const results = { revoked: [], kept: 0, unknown: 0, left: 0 };
    const queue = chosen.filter(({ isOwn }) => !isOwn);
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await this.#revoke(next, results);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // The page's own key can revoke the others, and nothing after itself.
    for (const key of chosen.filter(({ isOwn }) => isOwn)) await this.#revoke(key, results);
    this.#release();
    this.#release = undefined;
    this.#finish(results);
  }

  #stop() {
    this.#stopped = true;
    announce("What is under way comes to its end; nothing else is begun.");
  }

  async #revoke(key, results) {
    const { record } = key;
    if (this.#stopped) {
      results.left += 1;
      return this.#victims.say(key, "kept", "stopped before it");
    }
    this.#victims.say(key, "running");
    const { service } = this.#context;
    try {
      await service.remove(record);
      results.revoked.push(record.id);
      this.#victims.say(key, "revoked");
      this.#context.onRevoked(record.id);
    } catch (error) {
      const isKept = service.isKept(error, record);
      results[isKept ? "kept" : "unknown"] += 1;
      const why = answers(error, 404)
        ? "the service knows no such key of this owner, so it is not revoked, or was already"
        : explain(error, service.network()).title;
      this.#victims.say(key, isKept ? "kept" : "unknown", why);
    }
  }

  #finish({ revoked, kept, unknown, left }) {
    const parts = [
      `${count(revoked.length, "key")} revoked`,
      kept > 0 && `${grouped(kept)} not revoked`,
      unknown > 0 && `${grouped(unknown)} not known`,
      left > 0 && `${grouped(left)} left as they are`,
    ];
    const text = `${parts.filter(Boolean).join(", ")}.`;
    this.#dialog.rename(text);
    this.#setActions(this.#close("Close", true));
    announce(text);
    this.#context.onDone(revoked);
  }
}

/** What is said of ticked keys that the list does not show: only a whole one tells that they are gone. */
function missed(number, problem) {
  const are = `${count(number, "ticked key")} ${number === 1 ? "is" : "are"}`;
  return problem ? `${are} not on what was read.` : `${are} not on the list any more.`;
}
