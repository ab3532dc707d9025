// The console's main flows in Firefox and WebKitGTK: connect, create, rotate, revoke, clean up, lose answers.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { withFirefox, withWebKit } from "../matrix/browsers.mjs";
import { prepare } from "../matrix/fixture.mjs";
import { startConsole } from "./console.mjs";

let service;

before(async () => {
  await prepare();
  service = await startConsole();
});

beforeEach(() => service.reset());
after(() => service?.stop());

test("Firefox: the main flow", () =>
  withFirefox(async (page, problems) => {
    await flow({
      open: (url) => page.goto(url),
      run: (script) => page.evaluate(script),
      click: async (selector) => (await page.$(selector)).click(),
      type: async (selector, text) => (await page.$(selector)).type(text),
    });
    assert.deepEqual(problems, []);
  }));

test("WebKitGTK: the main flow", () =>
  withWebKit(async (command) => {
    const find = async (selector) =>
      Object.values(await command("/element", { using: "css selector", value: selector }))[0];
    await flow({
      open: (url) => command("/url", { url }),
      run: (script) => command("/execute/sync", { script: `return ${script}`, args: [] }),
      click: async (selector) => command(`/element/${await find(selector)}/click`, {}),
      type: async (selector, text) => command(`/element/${await find(selector)}/value`, { text }),
    });
  }));

/** By real clicks and keys; the page is only asked what it shows. */
async function flow({ open, run, click, type }) {
  const shown = (selector, text = "") =>
    `[...document.querySelectorAll(${JSON.stringify(selector)})].some((element) =>
      element.checkVisibility() && element.textContent.includes(${JSON.stringify(text)}))`;
  const wait = async (script, what = script) => {
    for (let tries = 0; !(await run(script)); tries += 1) {
      assert.ok(tries < 150, what);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await open(`${service.url}/#connect`);
  await wait("document.documentElement.dataset.ready === ''", "the page is ready");
  await run(
    `(globalThis.violations = [], document.addEventListener("securitypolicyviolation",
      ({ effectiveDirective }) => violations.push(effectiveDirective)), null)`,
  );
  await click("#connect-form [type=submit]");
  await wait(shown("#keys-empty"), "connected, and there is no key yet");
  await click("#create-first");
  await type("dialog [name=displayName]", "from here");
  await click("dialog .pill:has([value='90d'])");
  await wait("document.querySelector('dialog [name=lifetime][value=\"90d\"]').checked", "90 days are chosen");
  await click("dialog button[type=submit]");
  await wait(shown("dialog .secret", "•"), "the key is shown, masked");
  await click("dialog [aria-controls=secret]");
  const key = await run("document.querySelector('dialog .secret').textContent");
  assert.match(key, /^fw_\w{24}$/);
  await click("dialog .actions .primary");
  await wait("!document.querySelector('dialog')", "the dialog is gone");
  assert.ok(!(await run("document.documentElement.outerHTML")).includes(key));
  await wait(shown("#keys-body .name", "from here"), "the key is listed");

  await click("#keys-body [data-action=rotate]");
  await click("dialog button[type=submit]");
  await wait(shown("dialog .secret", "•"), "the successor is shown, masked");
  await click("dialog:last-of-type .actions .primary");
  await wait(shown("dialog .good", "The old one works"), "it is rotated");
  await click("dialog .actions .primary");
  await wait("document.querySelectorAll('#keys-body > tr').length === 2", "both are listed");

  await click("#timeline-tab");
  await wait("document.querySelectorAll('#timeline-picture .bar').length === 2", "both are drawn");
  const [picture, today, end] = await run(
    `["#timeline-picture svg", ".today", ".bar circle"].map((selector) => {
      const { x, width, height } = document.querySelector(selector).getBoundingClientRect();
      return [x, width, height];
    })`,
  );
  assert.ok(picture[1] > 200 && picture[2] > 50 && end[0] > today[0], "the keys end after today");

  await click("#keys-tab");
  await wait(shown("#keys-body [data-action=revoke]"), "the rows are back");
  await click("#keys-body [data-action=revoke]");
  await click("dialog .danger");
  await wait("document.querySelectorAll('#keys-body > tr').length === 1", "one is left");
  assert.equal((await service.keys()).length, 1);
  const [row, head] = await run(
    `["#keys-body > tr", "#keys-head"].map((selector) => {
      const { top, bottom, width } = document.querySelector(selector).getBoundingClientRect();
      return [top, bottom, width];
    })`,
  );
  assert.ok(row[2] > 300 && row[1] - row[0] > 30 && row[0] >= head[1] - 2, "the row stands below the header");
  assert.equal(await run("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
  await cleanUp({ click, wait, shown });
  await survive({ run, click, wait, shown });
  assert.deepEqual(await run("globalThis.violations"), []);
}

/** Three keys are ticked, and the one in use stays. */
async function cleanUp({ click, wait, shown }) {
  const [used] = await service.keys();
  for (const name of ["left", "behind"]) await service.create(name);
  await click("#reload");
  await wait("document.querySelectorAll('#keys-body > tr').length === 3", "all are listed");
  await click("#tick-shown");
  await wait(shown("#ticked", "3 keys ticked"), "all are ticked");
  await click("#revoke-ticked");
  await wait(shown("dialog .victims", "In use"), "every key is named");
  await click("dialog .actions .danger");
  await wait(shown("dialog .countdown", "2 keys will be revoked"), "seconds are counted down");
  await wait(shown("dialog h2", "2 keys revoked."), "the others are revoked");
  await click("dialog .actions .primary");
  await wait("document.querySelectorAll('#keys-body > tr').length === 1", "one is left again");
  assert.deepEqual(
    (await service.keys()).map(({ keyId }) => keyId),
    [used.keyId],
  );
}

/** What is said of both sides is what the emulator has on record, whatever this engine does by itself. */
async function survive({ run, click, wait, shown }) {
  await click("#to-survive");
  await wait(shown("#survive-title"), "the trial is shown");
  for (const trouble of ["next", "every"]) {
    await click(`.pill:has([value='${trouble}'])`);
    await click("#survive-form [type=submit]");
    await wait(shown("#survive-form [type=submit]", "Losing answers"), "it runs");
    await wait(shown("#survive-form [type=submit]", "again"), "it has run");
    const all = await service.keys();
    for (const [side, user] of [
      ["plain", "me"],
      ["package", "ci-bot"],
    ]) {
      const ids = `document.querySelectorAll("#${side}-keys > :not([data-tone=gone]) code")`;
      const drawn = await run(`[...${ids}].map((id) => id.textContent)`);
      const mine = all.filter((key) => key.user === user && key.annotations["see-it-survive"]);
      const held = mine.map(({ keyId }) => keyId).filter((id) => drawn.includes(id));
      assert.deepEqual(drawn.sort(), held.sort(), `${trouble}, ${side}`);
      const nobodys = await run(`document.querySelectorAll("#${side}-keys > [data-tone=danger]").length`);
      const verdict = await run(`document.querySelector("#${side}-verdict").textContent`);
      const said =
        side === "package" ? `, ${nobodys} left` : nobodys > 0 ? `${nobodys} working key` : "No key is left";
      assert.ok(verdict.includes(said), `${trouble}, ${side}: ${verdict}`);
      if (side === "package") assert.equal(nobodys, 0, "the package leaves none");
    }
  }
}
