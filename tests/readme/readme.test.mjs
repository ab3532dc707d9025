// The code in the README, as it stands in the packed package, run where it says that it runs. Only
// the way to the service is not the reader's: what is meant for Fireworks goes to the emulator.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, rm, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startIssuer } from "../broker/issuer.mjs";
import { startEmulator } from "../emulator/server.mjs";
import { serve, withPage } from "../matrix/browsers.mjs";
import { answerInEdgeRuntime } from "../matrix/edge-runtime.mjs";
import { bun, folder, prepare, program, root, run, write } from "../matrix/fixture.mjs";
import { bundleWorker, freePort, startWorkerd, wrangle } from "../matrix/workerd.mjs";
import { fault, storedKeys } from "../suite/service.mjs";

const SERVICE = "https://api.fireworks.ai";
const TOKEN = "fw_local_admin";
const POLICY = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src ${SERVICE} http://127.0.0.1:*`;

let emulator;
let readme;
let exampleReadme;

before(async () => {
  await prepare();
  readme = await readFile(join(folder, "node_modules/fireworks-keys/README.md"), "utf8");
  exampleReadme = await readFile(join(root, "examples/edge-broker/README.md"), "utf8");
  await rm(join(folder, "readme"), { recursive: true, force: true });
  const users = [
    "me:admin",
    "ci-bot:user:service-account",
    "broker:inference-user:service-account",
    "rotating:inference-user:service-account",
  ];
  emulator = await startEmulator({
    args: ["--faults", "--account", "acme", ...users.flatMap((user) => ["--user", user])],
  });
  await write("readme/detour.mjs", detour());
});

after(() => emulator?.stop());

/** The block of code that is headed by this file name. */
function code(file, text = readme) {
  const [, block] = new RegExp(`^\`\`\`\\w+ ${file}\\n([^]*?)^\`\`\``, "m").exec(text) ?? [];
  assert.ok(block, `the README has no ${file}`);
  return block;
}

/** The same of the example's README. */
const example = (file) => code(file, exampleReadme);

/** A line of shell, or a command in a table, that begins like this. */
function command(start) {
  const line = readme.split("\n").find((line) => line.startsWith(start) || line.includes(`| \`${start}`));
  assert.ok(line, `the README has no command ${start}`);
  return /`(.+)`/.exec(line)?.[1] ?? line;
}

/** What sends a request for the service to the emulator. */
function detour() {
  return `const { fetch } = globalThis;
    globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      const { method, headers, redirect, signal } = request;
      const elsewhere = request.url.replace(${JSON.stringify(SERVICE)}, ${JSON.stringify(emulator.url)});
      const body = method === "GET" ? undefined : await request.text();
      return fetch(elsewhere, { method, headers, redirect, signal, body });
    };`;
}

/** The ids of what is stored, which a test must have added to. */
async function creates(work) {
  const stored = () => storedKeys(emulator.url);
  const before = (await stored()).length;
  const result = await work();
  const keys = await stored();
  assert.equal(keys.length, before + 1, "one key was created");
  return { result, key: keys.at(-1) };
}

const shell = (line, cwd = "readme") =>
  run("sh", ["-c", line], {
    cwd: join(folder, cwd),
    env: {
      ...process.env,
      PATH: [dirname(bun), program(".bin"), process.env.PATH].join(":"),
      FIREWORKS_API_KEY: TOKEN,
    },
  });

for (const [runtime, start, adapted] of [
  ["Node", "node create", (line) => line.replace("node", "node --import ./detour.mjs")],
  ["Bun", "bun create", (line) => line.replace("bun", "bun --preload ./detour.mjs")],
  [
    "Deno",
    "deno run",
    (line) =>
      line
        .replace("run", "run --preload=./detour.mjs --node-modules-dir=manual")
        .replace("api.fireworks.ai", "127.0.0.1"),
  ],
]) {
  test(`README: ${runtime}`, async () => {
    await write("readme/create.mjs", code("create.mjs"));
    const { result, key } = await creates(() => shell(adapted(command(start))));
    assert.ok(result.startsWith(`${key.keyId} fw_`), result);
    assert.deepEqual([key.displayName, key.user], ["deploy", "ci-bot"]);
  });
}

test("README: the first example", async () => {
  await write("readme/deploy.mjs", code("deploy.mjs"));
  const { result, key } = await creates(() => shell("node --import ./detour.mjs deploy.mjs"));
  assert.ok(result.startsWith(`${key.keyId} fw_`), result);
  assert.equal(key.annotations.team, "infra");
});

test("README: an audit", async () => {
  await write("readme/audit.mjs", code("audit.mjs"));
  const created = await (
    await fetch(`${emulator.url}/v1/accounts/acme/users/me/apiKeys`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: '{"apiKey": {}}',
    })
  ).json();
  const printed = await shell("node --import ./detour.mjs audit.mjs");
  assert.match(printed, /^\d+ keys never expire\n/);
  assert.ok(printed.includes(`${created.keyId} me@example.com never-expires, never-used\n`), printed);
});

for (const [bundler, files] of [
  ["vite", []],
  ["webpack", ["index.html"]],
  ["rollup", ["index.html"]],
  ["esbuild", ["index.html"]],
  ["parcel", []],
]) {
  test(`README: a page, built by ${bundler}`, async () => {
    await page(bundler, code("app.js"));
    await shell(command(`npx ${bundler}`), `readme/${bundler}`);
    for (const file of files) await write(`readme/${bundler}/dist/${file}`, code(file));
    await used(join(folder, `readme/${bundler}/dist`));
  });
}

test("README: a page without a bundler, under a strict policy", async () => {
  await page("plain", instead("no-bundler.js"));
  const dist = await readFile(join(folder, "node_modules/fireworks-keys/dist/default.js"), "utf8");
  await write("readme/plain/default.js", dist);
  await used(join(folder, "readme/plain"), { "content-security-policy": POLICY });
});

test("README: the module as a file of its own", async () => {
  await page("url", instead("url.js"));
  await shell(command("npx vite"), "readme/url");
  await used(join(folder, "readme/url/dist"));
});

/** The page's code with another import line. */
function instead(file) {
  const [first, ...rest] = code("app.js").split("\n");
  assert.match(first, /^import /);
  return [code(file).trim(), ...rest].join("\n");
}

/** A project of its own, with the page. */
async function page(at, script) {
  await write(`readme/${at}/package.json`, "{}");
  await symlink(join(folder, "node_modules"), join(folder, "readme", at, "node_modules"));
  await write(`readme/${at}/index.html`, code("index.html"));
  await write(`readme/${at}/app.js`, script);
}

/** Fills the form as a person would. */
async function used(files, headers) {
  const server = await serve(files, headers);
  try {
    const { result } = await creates(() =>
      withPage(detour(), async (page, problems) => {
        await page.goto(`${server.url}/index.html`);
        await page.getByLabel("Token").fill(TOKEN);
        await page.getByLabel("Account").fill("acme");
        await page.getByLabel("User").fill("ci-bot");
        await page.getByRole("button").click();
        await page.locator("output").filter({ hasText: /./ }).waitFor();
        assert.deepEqual(problems, []);
        return page.locator("output").textContent();
      }),
    );
    assert.match(result, /^fw_/);
  } finally {
    server.close();
  }
}

test("README: Cloudflare Workers, as wrangler builds it", async () => {
  await write("readme/cloudflare/worker.js", code("worker.js"));
  await write("readme/cloudflare/wrangler.toml", code("wrangler.toml"));
  const modules = await wrangle("readme/cloudflare", "out");
  const { result, key } = await creates(() => answered("readme/cloudflare/out", modules));
  assert.deepEqual(result, { keyId: key.keyId });
});

test("README: a worker whose caller leaves leaves no key behind", async () => {
  const modules = await wrangle("readme/cloudflare", "out");
  const stored = async () => (await storedKeys(emulator.url)).length;
  const before = await stored();
  await fault(emulator.url, { kind: "delay", ms: 1000, when: "after" });
  await answered("readme/cloudflare/out", modules, async (url) => {
    const socket = connect(new URL(url).port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    while ((await stored()) === before) await sleep(20);
    // workerd notices a connection that is reset, and not one that is only closed.
    socket.resetAndDestroy();
    while ((await stored()) > before) await sleep(20);
  });
});

test("README: a worker that rotates a key on a schedule", async () => {
  const at = "readme/rotation";
  await write(`${at}/worker.js`, code("rotate.js"));
  await write(`${at}/wrangler.toml`, code("rotation/wrangler.toml"));
  const modules = await wrangle(at, "out");
  const keys = `${emulator.url}/v1/accounts/acme/users/rotating/apiKeys`;
  const ask = (token, init) => fetch(keys, { ...init, headers: { authorization: `Bearer ${token}` } });
  const first = await (await ask(TOKEN, { method: "POST", body: '{"apiKey": {}}' })).json();
  const seeded = JSON.stringify({ keyId: first.keyId, key: first.key });
  await write(`${at}/out/SECRETS/fireworks`, seeded);
  const held = async () => JSON.parse(await readFile(join(folder, at, "out/SECRETS/fireworks"), "utf8"));
  const listed = async (token) => (await (await ask(token)).json()).apiKeys.map(({ keyId }) => keyId);

  const worker = await startWorkerd(`${at}/out`, modules, {
    outbound: emulator.url,
    kv: ["SECRETS"],
    scheduled: true,
  });
  const run = worker.runScheduled;
  try {
    let before = first;
    for (const trouble of [undefined, { kind: "drop", when: "after" }, { kind: "cut", bytes: 30 }]) {
      if (trouble) await fault(emulator.url, trouble, { user: "rotating" });
      assert.equal(await run(), "ok");
      const now = await held();
      assert.notEqual(now.keyId, before.keyId);
      assert.deepEqual((await listed(now.key)).sort(), [before.keyId, now.keyId].sort());
      before = now;
    }
    // A run whose store fails leaves what is stored, and the next day's goes on from there.
    await rm(join(folder, at, "out/SECRETS/fireworks"));
    assert.equal(await run(), "exception");
    await write(`${at}/out/SECRETS/fireworks`, JSON.stringify(before));
    assert.equal(await run(), "ok");
    assert.equal((await listed((await held()).key)).length, 2);
  } finally {
    worker.stop();
  }
});

test("README: the module handed over, where nothing else knows how to get it", async () => {
  const handler = code("worker.js").split("\n").slice(1).join("\n");
  await write("readme/own/worker.js", code("own-module.js") + handler);
  // Without the condition that finds Cloudflare's entry.
  const modules = await bundleWorker("readme/own/worker.js", "readme/own/out", []);
  const { result, key } = await creates(() => answered("readme/own/out", modules));
  assert.deepEqual(result, { keyId: key.keyId });
});

/** What a broker is told of the members' tokens, and a member's. */
const members = ({ jwks, issuer }) => ({
  FIREWORKS_API_KEY: TOKEN,
  MEMBER_SECRET: "a secret of thirty-two characters or more",
  ADMIN_API_KEY: TOKEN,
  TOKEN_KEY_ID: "none of the broker's own",
  JWKS_URL: jwks,
  ISSUER: issuer,
});

/** Has a member mint a key, in this way, and looks at what came of it. */
async function minted(ask) {
  const issuer = await startIssuer("keys");
  try {
    const { result, key } = await creates(async () => {
      const authorization = `Bearer ${await issuer.tokenFor("member-7")}`;
      return ask(members(issuer), {
        method: "POST",
        headers: { authorization, origin: "https://app.example.com" },
      });
    });
    assert.match(result.key, /^fw_/);
    assert.deepEqual([result.keyId, result.expireTime, "broker"], [key.keyId, key.expireTime, key.user]);
  } finally {
    issuer.stop();
  }
}

test("README: a key broker, as wrangler builds it", async () => {
  const at = "readme/broker";
  // Not all that it fetches is the service's: the issuer's keys are elsewhere.
  await write(`${at}/worker.js`, `import "../detour.mjs";\n${code("broker.js")}`);
  await write(`${at}/wrangler.toml`, code("broker/wrangler.toml"));
  const modules = await wrangle(at, "out");
  await minted(async (env, init) => {
    const worker = await startWorkerd(`${at}/out`, modules, {
      env,
      durable: { LEDGER: "KeyLedger" },
      scheduled: true,
    });
    try {
      assert.equal((await fetch(`${worker.url}/keys`, { method: "POST" })).status, 401);
      const response = await fetch(`${worker.url}/keys`, init);
      assert.equal(await worker.runScheduled(), "ok");
      return response.json();
    } finally {
      worker.stop();
    }
  });
});

test("README of the example: a broker on Deno", async () => {
  await write("readme/deno/broker.js", example("deno.js"));
  await minted(async (env, init) => {
    const port = await freePort();
    const args = [
      "run",
      "--no-prompt",
      "--allow-env",
      "--allow-net=127.0.0.1",
      "--preload=../detour.mjs",
      "--node-modules-dir=manual",
    ];
    const child = spawn(program(".bin/deno"), [...args, "broker.js"], {
      cwd: join(folder, "readme/deno"),
      env: { ...process.env, ...env, PORT: String(port) },
      stdio: "inherit",
      // npm's Deno starts another process: they are ended as the group that they are.
      detached: true,
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok) {
        assert.equal(child.exitCode, null, "it listens, or has ended");
        await sleep(50);
      }
      return (await fetch(`${url}/keys`, init)).json();
    } finally {
      process.kill(-child.pid, "SIGKILL");
    }
  });
});

test("README of the example: a broker on Vercel", async () => {
  await write("readme/vercel/api/keys.js", example("api/keys.js"));
  await write(
    "readme/vercel/ledger.js",
    `import { memoryLedger } from "fireworks-keys/broker";
     export const ledger = memoryLedger();`,
  );
  await minted(async (env, init) => {
    const main = await write(
      "readme/vercel/broker.js",
      `import "./environment.js";
       import handler from "./api/keys.js";
       addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));`,
    );
    await write(
      "readme/vercel/environment.js",
      `${detour()} globalThis.process = { env: ${JSON.stringify(env)} };`,
    );
    return answerInEdgeRuntime(main, "/api/keys", init);
  });
});

async function answered(at, modules, ask = async (url) => (await fetch(url)).json()) {
  const worker = await startWorkerd(at, modules, {
    outbound: emulator.url,
    env: { FIREWORKS_API_KEY: TOKEN },
  });
  try {
    return await ask(worker.url);
  } finally {
    worker.stop();
  }
}

test("README: Vercel's edge runtime", async () => {
  await write("readme/vercel/key.js", code("api/key.js"));
  const main = await write(
    "readme/vercel/main.js",
    `${detour()}
     globalThis.process = { env: { FIREWORKS_API_KEY: ${JSON.stringify(TOKEN)} } };
     import handler from "./key.js";
     addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));`,
  );
  const { result, key } = await creates(() => answerInEdgeRuntime(main));
  assert.deepEqual(result, { keyId: key.keyId });
});

test("README: every block of code is run, and every local link leads somewhere", async () => {
  const source = await readFile(new URL(import.meta.url), "utf8");
  for (const [text, at] of [
    [readme, "../../"],
    [exampleReadme, "../../examples/edge-broker/"],
  ]) {
    const blocks = [...text.matchAll(/^```(\w+) ?(\S*)$/gm)].map(([, language, file]) => [language, file]);
    assert.deepEqual(
      blocks.filter(([language, file]) => !file && language !== "sh"),
      [],
    );
    for (const [, file] of blocks) assert.ok(!file || source.includes(`"${file}"`), `${file} is not run`);
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      await readFile(new URL(`${at}${link}`, import.meta.url));
    }
  }
});
