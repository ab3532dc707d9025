// Measures how long the key console takes to load, sort and filter many keys, until the result is painted.

import { open, startBrowser, www } from "../browsers/console.mjs";
import { someKeys, startService } from "../browsers/service.mjs";

const ROUNDS = 7;

/**
 * Milliseconds (medians of several rounds) for `count` keys in Chromium, the number of rows drawn, the
 * longest task that kept the page from answering, and how far the layout has shifted by itself.
 */
export async function consoleTimes(count = 10_000) {
  const service = await startService({ www, keys: someKeys(count) });
  const browser = await startBrowser();
  try {
    const { page } = await open(browser, service.page, { script: WATCH });
    // A search for elements by their roles takes a long task of its own in the page.
    await page.evaluate(connect, service.url);
    await page.waitForFunction(LOADED, count);
    const load = await rounds(() => page.evaluate(reload));
    const sort = await rounds((round) => page.evaluate(sortBy, ["name", "expires", "owner"][round % 3]));
    const filter = await rounds((round) =>
      page.evaluate(filterBy, ["support ada", "search 9", ""][round % 3]),
    );
    const rows = await page.evaluate(() => document.querySelectorAll("#keys-body > tr").length);
    const timeline = await rounds(() => page.evaluate(openTimeline));
    await page.evaluate(exportAll);
    await page.evaluate(revokeAll);
    await page.waitForFunction(() => document.querySelector("dialog .victims"));
    await page.evaluate(() => globalThis.painted());
    const { longest, shift } = await page.evaluate(() => globalThis.watched);
    return { load, sort, filter, timeline, rows, longest, shift };
  } finally {
    await browser.close();
    service.stop();
  }
}

/** Runs in the page before anything else. A task of less than 50 ms is not told, and counts as none. */
const WATCH = `
  globalThis.watched = { longest: 0, shift: 0 };
  globalThis.painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.longest = Math.max(watched.longest, duration);
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) watched.shift += value;
  }).observe({ type: "layout-shift", buffered: true });
`;

const LOADED = (count) => {
  const shown = document.querySelector("#shown").textContent.replace(/\D/g, "");
  return document.querySelector("#loading").hidden && Number(shown) === count;
};

async function rounds(once) {
  const taken = [];
  for (let round = 0; round < ROUNDS; round += 1) taken.push(await once(round));
  return taken.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)];
}

// The following functions run in the page.

function connect(url) {
  const form = document.querySelector("#connect-form");
  Object.assign(form.elements.token, { value: "fw_somebody" });
  Object.assign(form.elements.accountId, { value: "acme" });
  Object.assign(form.elements.baseUrl, { value: url });
  form.requestSubmit();
}

async function reload() {
  const loading = document.querySelector("#loading");
  const started = performance.now();
  document.querySelector("#reload").click();
  await new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (!loading.hidden) return;
      observer.disconnect();
      resolve();
    }).observe(loading, { attributes: true });
  });
  await globalThis.painted();
  return performance.now() - started;
}

async function sortBy(column) {
  const started = performance.now();
  document.querySelector(`[data-sort="${column}"]`).click();
  await globalThis.painted();
  return performance.now() - started;
}

async function filterBy(text) {
  const started = performance.now();
  const filter = document.querySelector("#filter");
  filter.value = text;
  filter.dispatchEvent(new Event("input", { bubbles: true }));
  await globalThis.painted();
  return performance.now() - started;
}

async function exportAll() {
  document.querySelector("#keys-tab").click();
  for (const button of document.querySelectorAll(".exports button")) {
    const status = document.querySelector("#status");
    button.click();
    await new Promise((resolve) => {
      new MutationObserver((_, observer) => {
        if (!status.textContent.includes("exported")) return;
        observer.disconnect();
        resolve();
      }).observe(status, { childList: true });
    });
  }
}

function revokeAll() {
  document.querySelector("#tick-shown").click();
  document.querySelector("#revoke-ticked").click();
}

async function openTimeline() {
  document.querySelector("#keys-tab").click();
  await globalThis.painted();
  const started = performance.now();
  document.querySelector("#timeline-tab").click();
  await globalThis.painted();
  return performance.now() - started;
}
