// Runs pages in real browsers: opens an address, waits for `globalThis.report`, and returns it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { exists, tool } from "./fixture.mjs";
import { freePort } from "./workerd.mjs";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * Serves the files of a folder, with these response headers. Control requests for the emulator at `api` are
 * passed on to it.
 */
export async function serve(folder, { headers = {}, api } = {}) {
  const server = createServer(async (request, response) => {
    if (api && request.url.startsWith("/_emulator")) return passOn(api, request, response);
    const { pathname } = new URL(request.url, "http://localhost");
    const file = join(folder, normalize(pathname));
    const type = TYPES[extname(file)];
    if (!type || !(await exists(file))) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type, ...headers });
    createReadStream(file).pipe(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

/** Passes a request on, without the headers that say which page it came from. */
async function passOn(api, request, response) {
  const { method, url } = request;
  const body = await text(request);
  const headers = body ? { "content-type": request.headers["content-type"] } : {};
  const answer = await fetch(`${api}${url}`, { method, headers, body: body || undefined });
  response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
}

/** How long a page may take to report before it counts as hanging: far longer than a busy machine needs. */
const LONGEST_MS = 600_000;

/** Arguments that let Chromium start as root and stop its own network traffic. */
export const CHROMIUM_ARGUMENTS = [
  ...["--no-sandbox", "--disable-quic", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--no-first-run"],
];

/** Opens a page in Chromium, runs this script first, and calls `work` with the page and its problems. */
export async function withPage(script, work) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: CHROMIUM_ARGUMENTS,
  });
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(`uncaught: ${error.stack}`));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) problems.push(message.text());
    });
    await page.addInitScript(script);
    return await work(page, problems);
  } finally {
    await browser.close();
  }
}

/** Opens an address in Chromium, and returns the page's problems and its report. */
export function inChromium(url) {
  return withPage("", async (page, problems) => {
    await page.goto(url);
    return [...problems, ...(await reportOf((script) => page.evaluate(script), problems))];
  });
}

/** Opens a page in Firefox, and calls `work` with the page and its problems. */
export async function withFirefox(work) {
  const { default: puppeteer } = await tool("puppeteer-core");
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX,
    headless: true,
  });
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", ({ message }) => {
      // Firefox reports this for every request that CORS or a broken connection ends. It is not an exception.
      if (!message.startsWith("Cross-Origin Request Blocked")) problems.push(`uncaught: ${message}`);
    });
    return await work(page, problems);
  } finally {
    await browser.close();
  }
}

/** Opens an address in Firefox, and returns the page's problems and its report. */
export function inFirefox(url) {
  return withFirefox(async (page, problems) => {
    await page.goto(url);
    return [...problems, ...(await reportOf((script) => page.evaluate(script), problems))];
  });
}

/**
 * The page's report, or an error that says how far it came. The page is asked from outside: where a case puts
 * something in the place of its timers, one of those that a driver waits with would be lost.
 */
async function reportOf(evaluate, problems = []) {
  for (let tries = 0; tries < LONGEST_MS / 100; tries += 1) {
    const report = await evaluate("globalThis.report ?? null");
    if (report !== null) return report;
    await sleep(100);
  }
  const underWay = await evaluate("globalThis.underWay");
  throw new Error(["the page never reported", `it came to: ${underWay}`, ...problems].join("\n"));
}

/** Starts WebKitGTK on its own display, and calls `work` with a function that sends WebDriver commands. */
export async function withWebKit(work) {
  const screen = ["-screen", "0", "1024x768x24", "-nolisten", "tcp"];
  // It takes the first display that is free, and writes its number to the pipe.
  const xvfb = spawn(process.env.XVFB, ["-displayfd", "3", ...screen], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const [display] = await Promise.race([
    once(xvfb.stdio[3], "data"),
    once(xvfb, "exit").then(([code]) => {
      throw new Error(`Xvfb ended with ${code}`);
    }),
  ]);
  const port = await freePort();
  const driver = spawn(process.env.WEBKIT_DRIVER, [`--port=${port}`, "--host=127.0.0.1"], {
    env: {
      ...process.env,
      DISPLAY: `:${display}`.trim(),
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    },
    stdio: "ignore",
  });
  const request = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebDriver: ${JSON.stringify(value)}`);
    return value;
  };
  try {
    for (let tries = 0; !(await request("GET", "/status").catch(() => false)); tries += 1) {
      if (tries > 100) throw new Error("WebKitWebDriver does not answer");
      await sleep(100);
    }
    const { sessionId } = await request("POST", "/session", {
      capabilities: {
        alwaysMatch: {
          "webkitgtk:browserOptions": { binary: process.env.MINIBROWSER, args: ["--automation"] },
        },
      },
    });
    const result = await work((path, body) => request("POST", `/session/${sessionId}${path}`, body));
    await request("DELETE", `/session/${sessionId}`);
    return result;
  } finally {
    driver.kill();
    xvfb.kill();
  }
}

/** Opens an address in WebKitGTK, and returns the report. */
export function inWebKit(url) {
  return withWebKit(async (command) => {
    await command("/url", { url });
    return reportOf((script) => command("/execute/sync", { script: `return ${script}`, args: [] }));
  });
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
