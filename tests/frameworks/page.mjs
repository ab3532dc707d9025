// A framework's page, opened in a browser.

import { withPage } from "../matrix/browsers.mjs";

/** Opens a page of a server, and waits until it shows a key's id. */
export async function keyOnPage(url) {
  await withPage("", async (page) => {
    await page.goto(url);
    await page.waitForFunction(
      () => /^key:\w/.test(document.querySelector("#key")?.textContent ?? ""),
      null,
      {
        timeout: 120_000,
      },
    );
  });
}
