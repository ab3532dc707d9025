// "See it survive": draws a trial, side by side. Every sentence follows what was recorded, so that it is true
// in each browser.

import { clock } from "./clock.js";
import { alertBox } from "./dialog.js";
import { announce, byId, h } from "./dom.js";
import { shown } from "./names.js";
import { count } from "./numbers.js";
import { clockTime, lasting, took } from "./time.js";
import { PATIENCE, SIDES, TROUBLES, Trial } from "./trial.js";

/** Makes the view work. Returns a function to call when it is shown again. */
export function startSurvive() {
  const form = byId("survive-form");
  const run = form.querySelector("[type=submit]");
  const cleanUp = byId("survive-clean");
  byId("survive-choices").append(...TROUBLES.map(choiceOf));
  const showCode = () => {
    const isSlow = form.elements.trouble.value === "slow";
    byId("plain-code").textContent = CODE.plain(isSlow);
    byId("package-code").textContent = CODE.package(isSlow);
  };
  form.addEventListener("change", showCode);
  showCode();

  let trial;
  const draw = () => requestAnimationFrame(() => drawTrial(trial));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (run.ariaDisabled === "true") return;
    run.ariaDisabled = "true";
    run.textContent = "Losing answers…";
    cleanUp.hidden = true;
    byId("survive-problem").replaceChildren();
    const mine = new Trial(form.elements.trouble.value, () => mine === trial && draw());
    trial = mine;
    drawTrial(trial);
    try {
      await trial.run();
      drawTrial(trial);
      announce(SIDES.map((side) => byId(`${side}-verdict`).textContent).join(" "), { quiet: true });
    } catch {
      const text = "The emulator did not do as it was asked.";
      byId("survive-problem").append(alertBox({ title: "The trial ended early", text }));
      for (const side of SIDES) if (trial.sides[side].state === "running") trial.sides[side].state = "ended";
      drawTrial(trial);
    }
    run.ariaDisabled = "false";
    run.textContent = "Lose the answer again";
    cleanUp.hidden = !SIDES.some((side) => trial.sides[side].keys.length > 0);
  });
  cleanUp.addEventListener("click", async () => {
    run.focus();
    cleanUp.hidden = true;
    const isDone = await trial.cleanUp();
    drawTrial(trial);
    cleanUp.hidden = isDone;
    announce(
      isDone ? "The keys of this trial are deleted." : "Not all keys of this trial are known to be deleted.",
    );
  });
  return () => trial?.look();
}

const CODE = {
  plain: (isSlow) =>
    `const r = await fetch(url, { method: "POST", headers, body${
      isSlow ? `,\n  signal: AbortSignal.timeout(${PATIENCE})` : ""
    } });\nconst { key } = await r.json();`,
  package: (isSlow) =>
    `const { key } = await createApiKey({\n  token, accountId, userId, expiresIn: "30d"${
      isSlow ? `, timeoutMs: ${PATIENCE}` : ""
    } });`,
};

function choiceOf({ value, label }, index) {
  const id = `trouble-${value}`;
  return h(
    "span",
    { class: "pill" },
    h("input", { type: "radio", name: "trouble", id, value, checked: index === 0 }),
    h("label", { for: id }, label),
  );
}

function drawTrial(trial) {
  byId("survive-columns").dataset.started = "";
  for (const name of SIDES) {
    const side = trial.sides[name];
    byId(`${name}-requests`).replaceChildren(...rowsOf(name, side).map(rowElement));
    byId(`${name}-keys`).replaceChildren(...cardsOf(side).map(cardElement));
    const { tone, text } = verdictOf(name, side);
    const verdict = byId(`${name}-verdict`);
    verdict.dataset.tone = tone;
    verdict.textContent = text;
  }
  byId("survive-why").textContent = whyOf(trial.sides);
}

/** The lines of a side: each request, and what the browser did by itself. */
function rowsOf(name, { requests, seen, state }) {
  const rows = grouped(requests).map(({ method, path, ended, status, ms, times }) => ({
    what: `${method} ${path}${times > 1 ? ` ×${times}` : ""}`,
    tone: !ended ? "running" : status === undefined ? "warning" : status < 400 ? "good" : "warning",
    text: !ended
      ? "…"
      : status === undefined
        ? "no answer"
        : status < 300 && name === "plain"
          ? `${status} OK: all is well, says the browser`
          : String(status),
    took: ended ? took(ms) : "",
  }));
  const again = state === "running" ? 0 : repeats({ requests, seen });
  if (again > 0) {
    const posts = `the POST ${again === 1 ? "once more" : `${again} more times`}`;
    rows.push({
      what: "(browser)",
      tone: name === "plain" ? "danger" : "warning",
      text: `sent ${posts} by itself, and told nobody`,
      took: "",
    });
  }
  return rows;
}

/** The requests; those that follow each other and went the same way are one line. */
function grouped(requests) {
  const lines = [];
  for (const request of requests) {
    const { method, path, status, ended, ms = 0 } = request;
    const last = lines.at(-1);
    const isSame =
      last?.method === method && last.path === path && last.status === status && last.ended && ended;
    if (isSame) Object.assign(last, { times: last.times + 1, ms: last.ms + ms });
    else lines.push({ ...request, times: 1 });
  }
  return lines;
}

/** How often the browser has sent a create again by itself: that many more keys were made than asked for. */
function repeats({ requests, seen }) {
  return Math.max(0, seen.size - requests.filter(({ path }) => path === "apiKeys").filter(isPost).length);
}

const isPost = ({ method }) => method === "POST";

function rowElement({ what, tone, text, took }) {
  return h(
    "li",
    { "data-tone": tone },
    h("code", {}, what),
    h("span", { class: "went" }, text),
    h("span", { class: "took" }, took),
  );
}

/** Every key of a side: those that are there, and those that were and are deleted. */
function cardsOf({ keys, deleted, yours, state, isKnown }) {
  const cards = keys.map(({ keyId, expires }) => {
    const lives = expires === undefined ? "for ever" : `for ${lasting(expires - clock.now())}`;
    const isYours = keyId === yours;
    const whose = isYours ? "you hold it" : state === "running" ? "not answered yet" : "nobody holds it";
    const tone = isYours ? "good" : state === "running" ? "running" : "danger";
    if (!isKnown) return { keyId, tone: "running", text: "was there when the record was last read" };
    return { keyId, tone, text: `${whose}; works ${lives}` };
  });
  const there = new Set(keys.map(({ keyId }) => keyId));
  const gone = deleted.filter(({ keyId }) => !there.has(keyId));
  const card = (by, text) => {
    const keyIds = gone.filter((each) => each.by === by).map(({ keyId }) => keyId);
    return keyIds.length > 0 ? [{ keyIds, tone: "gone", text: keyIds.length > 1 ? text[1] : text[0] }] : [];
  };
  return [
    ...card("package", ["found by its tag, deleted", "found by their tag, deleted"]),
    ...card("you", ["deleted by you", "deleted by you"]),
    ...cards,
  ];
}

function cardElement({ keyId, keyIds = [keyId], tone, text }) {
  const tag = tone === "gone" ? "del" : "span";
  return h(
    "li",
    { "data-tone": tone },
    h(
      "span",
      { class: "ids" },
      keyIds.map((id) => h(tag, {}, h("code", {}, shown(id)))),
    ),
    h("span", {}, text),
  );
}

/** How a side ended, in a sentence. */
function verdictOf(name, { keys, deleted, yours, state, lookingUntil, orphans, isKnown }) {
  if (state === "running") return { tone: "quiet", text: "Under way…" };
  const left = keys.filter(({ keyId }) => keyId !== yours).length;
  const swept = deleted.filter(({ by }) => by === "package").length;
  const failed = state === "failed" ? "The call failed. " : "";
  if (!isKnown) return { tone: "warning", text: `${failed}What is left is not known` };
  if (name === "plain") {
    if (left > 0) {
      const keys = count(left, "working key");
      return { tone: "danger", text: `${failed}${keys} that nobody knows of` };
    }
    return { tone: "quiet", text: `${failed}No key is left that nobody holds` };
  }
  const looking =
    lookingUntil === undefined
      ? ""
      : `. Still looking, until ${clockTime(lookingUntil)}, in case one comes late`;
  const unknown =
    orphans === "unknown" && lookingUntil === undefined ? ". It says that it does not know more" : "";
  const made = swept + left;
  return {
    tone: left === 0 ? "good" : "warning",
    text: `${failed}${made} made by lost attempts, ${swept} deleted, ${left} left${looking}${unknown}`,
  };
}

/** Why plain fetch left what it left, in a line. */
function whyOf({ plain }) {
  if (plain.state === "running" || !plain.isKnown) return "";
  if (repeats(plain) > 0) {
    const saw = plain.state === "made" ? "sees one call and one 200" : "sees one call that failed";
    return (
      "Why? When a reused connection breaks before the answer, this browser sends the request again by " +
      `itself, although the first may have been done. Your code ${saw}.`
    );
  }
  if (plain.state !== "failed" || plain.keys.length === 0) return "";
  if (plain.gaveUp)
    return `Why? Your code gave up after ${took(PATIENCE)}, and the service made the key after that.`;
  return "Why? The service has made the key, and only its answer was lost. Your code sees a failure.";
}
