// Shows a new key once: masked, with buttons to reveal and copy it. The dialog closes only when the user says
// whether the key is stored; then the page forgets it.

import { clock } from "./clock.js";
import { openDialog } from "./dialog.js";
import { announce, copy, h } from "./dom.js";
import { FORMATS, formatted } from "./formats.js";
import { holdPage } from "./leave.js";
import { nameOf, shown } from "./names.js";
import { exact, lasting, parseTime } from "./time.js";

/**
 * Resolves to whether the user has stored the key. Only with `refusable` can the user say no. An aborted
 * `signal` closes the dialog and resolves to false. `notes` are elements that tell how the key was made; they
 * may go on changing.
 */
export function showSecret({ created, service, title, notes = [], refusable = false, restore, signal }) {
  let { key } = created;
  let revealed = false;
  let format = FORMATS[0];
  const masked = () => `${key.slice(0, 7)}${"•".repeat(20)}`;
  const textOf = (key) => formatted(format.name, { key, url: service.accountUrl });
  const output = h("output", { class: "secret", id: "secret" });
  const reveal = h("button", { "type": "button", "aria-controls": "secret" });
  const copyButton = h("button", { type: "button", autofocus: true }, "Copy");
  const hint = h("p", { class: "hint" });
  const said = h("p", { class: "said" });
  const draw = () => {
    output.textContent = textOf(revealed ? key : masked());
    const hidden = revealed ? "The key" : "The key, hidden";
    output.setAttribute("aria-label", format.secret ? hidden : `${format.label}, without the key`);
    reveal.textContent = revealed ? "Hide" : "Reveal";
    reveal.setAttribute("aria-pressed", String(revealed));
    reveal.hidden = !format.secret;
    hint.textContent = format.hint;
  };
  draw();
  reveal.addEventListener("click", () => {
    revealed = !revealed;
    draw();
  });
  copyButton.addEventListener("click", async () => {
    const copied = await copy(key === undefined ? "" : textOf(key));
    if (!copied) {
      revealed ||= Boolean(format.secret);
      draw();
      getSelection().selectAllChildren(output);
    }
    const holds = format.secret
      ? "The clipboard holds it until something else is copied."
      : "It holds no secret.";
    said.textContent = copied
      ? `Copied. ${holds}`
      : "The browser does not let this page copy. The text is selected: copy it by hand.";
    said.dataset.tone = copied ? "good" : "warning";
    announce(said.textContent);
  });
  const choices = formatChoices(format, (chosen) => {
    format = chosen;
    said.textContent = "";
    draw();
  });
  const test = h(
    "button",
    { "type": "button", "class": "small", "aria-describedby": "test-hint" },
    "Test it",
  );
  test.addEventListener("click", async () => {
    if (test.ariaDisabled === "true") return;
    test.ariaDisabled = "true";
    said.textContent = "Reading the account…";
    const { tone, text } = await service.tryKey(key);
    test.ariaDisabled = "false";
    said.textContent = text;
    said.dataset.tone = tone;
    announce(text);
  });
  return new Promise((resolve) => {
    const end = (stored) => {
      // Clears both copies: the closure's and the document's.
      key = undefined;
      output.textContent = "";
      release();
      resolve(stored);
      dialog.close();
    };
    const stored = h(
      "button",
      { type: "button", class: "primary", onclick: () => end(true) },
      "I have stored it",
    );
    const refuse = h("button", { type: "button", onclick: () => end(false) }, "I could not store it");
    const dialog = openDialog({
      title,
      sticky: true,
      restore,
      body: [
        h("p", {}, "This is the only time it is shown. Store it where your software reads it, then say so."),
        choices,
        h("div", { class: "secret-box" }, output, h("div", { class: "secret-actions" }, reveal, copyButton)),
        hint,
        h(
          "div",
          { class: "test-row" },
          test,
          h("p", { class: "hint", id: "test-hint" }, "Reads the account once; that may set “last used”."),
        ),
        said,
        notes,
        h(
          "dl",
          { class: "facts" },
          factsOf(created).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
        ),
      ],
      actions: [refusable && refuse, stored],
    });
    const release = holdPage();
    signal?.addEventListener("abort", () => end(false), { once: true });
  });
}

function formatChoices(chosen, choose) {
  return h(
    "fieldset",
    { class: "pills" },
    h("legend", { class: "visually-hidden" }, "As what"),
    FORMATS.map((format) => {
      const id = `format-${format.name}`;
      return h(
        "span",
        { class: "pill" },
        h("input", {
          type: "radio",
          name: "format",
          id,
          checked: format === chosen,
          onchange: () => choose(format),
        }),
        h("label", { for: id }, format.label),
      );
    }),
  );
}

function factsOf({ keyId, displayName, createTime, expireTime }) {
  const [created, expires] = [parseTime(createTime), parseTime(expireTime)];
  const lives = created !== undefined && expires !== undefined && `${lasting(expires - created)}, until `;
  return [
    ["Key id", shown(keyId)],
    ["Name", nameOf(displayName || "default")],
    [
      "Lives",
      expireTime ? `${lives || ""}${expires === undefined ? shown(expireTime) : exact(expires)}` : "For ever",
    ],
    clock.words && ["The clocks", `${clock.words} The times above are the service’s.`],
  ].filter(Boolean);
}
