// A website that is open beside the console tries to take over its origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { startBrowser, startConsole } from "./console.mjs";

let browser;
let service;
let site;

before(async () => {
  browser = await startBrowser();
  service = await startConsole();
  site = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>site</title>");
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
});

beforeEach(() => service.reset());

after(async () => {
  await browser?.close();
  await service?.stop();
  site?.close();
  site?.closeAllConnections();
});

/** A page of the other site. */
async function sitePage() {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${site.address().port}/`);
  return page;
}

test("no request of another site gives an order, lists keys or empties the emulator", async () => {
  await service.create("kept");
  await service.fault({ operation: "users", fault: { kind: "garbage" } });
  const page = await sitePage();
  const outcomes = await page.evaluate(async (url) => {
    const order = JSON.stringify({ fault: { kind: "answer", status: 200, body: "<script>" } });
    const tries = [
      ["/faults", { method: "POST", body: order }],
      ["/faults", { method: "POST", body: order, mode: "no-cors" }],
      ["/faults", { method: "POST", body: order, headers: { "content-type": "application/json" } }],
      ["/faults", { method: "DELETE" }],
      ["/keys", {}],
      ["", { method: "DELETE" }],
    ];
    const sent = tries.map(([path, init]) => fetch(`${url}/_emulator${path}`, init));
    navigator.sendBeacon(`${url}/_emulator/faults`, order);
    return (await Promise.allSettled(sent)).map(({ value }) => value?.type ?? "failed");
  }, service.url);
  assert.deepEqual(outcomes, ["failed", "opaque", "failed", "failed", "failed", "failed"]);
  // A form is sent with a navigation.
  await page.evaluate((url) => {
    document.body.innerHTML = `<form method="post" enctype="text/plain" action="${url}/_emulator/faults">
      <input name='{"fault": {"kind": "garbage"}, "user": "' value='"}'></form>`;
    document.forms[0].submit();
  }, service.url);
  await page.waitForURL(`${service.url}/**`);
  const faults = await service.faults();
  assert.deepEqual([faults.length, faults[0].operation, (await service.keys()).length], [1, "users", 1]);
  await page.close();
});

test("what an order answers is no document of the console's origin", async () => {
  const body = "<!doctype html><title>ordered</title><script>document.title = origin</script>";
  const headers = { "content-type": "text/html", "content-security-policy": "script-src 'unsafe-inline'" };
  await service.fault({ operation: "account", fault: { kind: "answer", status: 200, headers, body } });
  const page = await browser.newPage();
  await page.goto(`${service.url}/v1/accounts/local`);
  assert.equal(await page.title(), "ordered", "its script does not run");
  assert.equal(await page.evaluate(() => self.origin), "null");
  await page.close();
});

test("no answer becomes a service worker, even for a page of the console's own", async () => {
  const headers = { "content-type": "text/javascript", "service-worker-allowed": "/" };
  const answer = { kind: "answer", status: 200, headers, body: "self.onfetch = () => {};" };
  await service.fault({ operation: "account", times: 9, fault: answer });
  const page = await browser.newPage();
  await page.goto(service.url);
  const registered = await page.evaluate(async () => {
    const scripts = ["/v1/accounts/local", "/main.js"];
    const tries = scripts.map((script) => navigator.serviceWorker.register(script, { scope: "/" }));
    const outcomes = await Promise.allSettled(tries);
    return [
      ...outcomes.map(({ status }) => status),
      (await navigator.serviceWorker.getRegistrations()).length,
    ];
  });
  assert.deepEqual(registered, ["rejected", "rejected", 0]);
  await page.close();
});
