// Brokers to test: one in this process with its ledger in memory, and the example's worker in workerd with
// its ledger on disk. Each has its own emulator.

import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { startEmulator } from "../emulator/server.mjs";
import { folder, prepare, root, tool, write } from "../matrix/fixture.mjs";
import { bundleWorker, COMPILED, startWorkerd } from "../matrix/workerd.mjs";
import { startIssuer } from "./issuer.mjs";

/** The origin that may call the broker. */
export const PAGE = "https://app.example";

/** The brokers' `memberSecret`. */
export const SECRET = "a secret of thirty-two characters or more";

/** The folder of the bundled example worker. */
const WORKER = "broker/worker";

/** A valid configuration. The test passes the ledger, because it comes from the installed package. */
export const options = (ledger, change = {}) => ({
  token: "fw_token",
  accountId: "acme",
  userId: "broker",
  authenticate: () => "ada",
  memberSecret: SECRET,
  allowedOrigins: [PAGE],
  ledger,
  ...change,
});

const ACCOUNT = "acme";
const OWNER = "broker";

/** The example's worker with a clock that a test can set: the broker and its ledger read `Date.now`. */
const SCRIPT = `import { env } from "cloudflare:workers";
const { now } = Date;
Date.now = () => now() + env.AHEAD_MS;
export { default, KeyLedger } from "./example.js";
`;

/** Bundles the example's worker with the packed package, wrapped in `script`. */
export async function prepareWorker({ script = SCRIPT } = {}) {
  await prepare();
  await rm(join(folder, "broker"), { recursive: true, force: true });
  await cp(join(root, "examples/edge-broker/src"), join(folder, "broker/src"), { recursive: true });
  await cp(join(folder, "broker/src/worker.js"), join(folder, "broker/src/example.js"));
  await write("broker/src/worker.js", script);
  await bundleWorker("broker/src/worker.js", WORKER);
}

/** Limits so high that no test reaches them. */
const PLENTY = { mints: 1_000, window: "1h", live: 1_000 };

const running = new Set();

function started(broker) {
  running.add(broker);
  return broker;
}

/** Stops all running brokers. */
export async function stopAll() {
  const brokers = [...running];
  running.clear();
  for (const broker of brokers) await broker.stop();
}

/**
 * What both kinds of brokers need: the service, an issuer of members' tokens, and helpers. `clock` is how far
 * the service's is ahead, such as `+1h`.
 */
async function surroundings(clock = "+0s") {
  const admin = "fw_broker_admin_token";
  const args = ["--faults", "--account", ACCOUNT, "--user", "me:admin", "--token", admin];
  const emulator = await startEmulator({
    args: [
      ...args,
      `--clock=${clock}`,
      "--user",
      `${OWNER}:inference-user:service-account`,
      "--user",
      "other:user:service-account",
    ],
  });
  const issuer = await startIssuer();
  const keysOf = (user) => `${emulator.url}/v1/accounts/${ACCOUNT}/users/${user}/apiKeys`;
  const json = async (url, init) => {
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  /** Mints a key directly at the service, with another key as the token. */
  const mintByHand = (token, apiKey = {}, user = OWNER) =>
    json(keysOf(user), {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ apiKey }),
    });
  // The broker's token belongs to the same service account as its keys, and has the same rights.
  const token = await mintByHand(admin);
  return {
    emulator,
    issuer,
    admin,
    token,
    mintByHand,
    /** The keys of the broker's service account at the service, except the broker's token. */
    stored: async () =>
      (await json(`${emulator.url}/_emulator/keys`)).keys.filter(
        ({ user, keyId }) => user === OWNER && keyId !== token.keyId,
      ),
    /** Whether the service accepts a key. */
    works: async (key) => {
      const init = { headers: { authorization: `Bearer ${key}` } };
      return (await fetch(`${emulator.url}/v1/accounts/${ACCOUNT}`, init)).status !== 401;
    },
    ...trouble(`${emulator.url}/_emulator/faults`),
  };
}

/** Functions for fault rules. They throw if the emulator refuses. */
function trouble(url) {
  const send = async (method, order) => {
    const body = order && JSON.stringify(order);
    const headers = body && { "content-type": "application/json" };
    const response = await fetch(url, { method, headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`the emulator refuses ${method} ${body}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  };
  return {
    /** Adds a fault rule, for creates unless `order` names another operation. */
    fault: (fault, order = {}) => send("POST", { operation: "create", user: OWNER, ...order, fault }),
    /** How many requests the current rules have hit. */
    hits: async () => (await send("GET")).faults.reduce((sum, { hits }) => sum + hits, 0),
    /** Removes all rules. */
    calm: () => send("DELETE"),
  };
}

/**
 * Sends requests as a member does: with the issuer's token, and from the page unless the test says
 * otherwise.
 */
function asking({ issuer }, send) {
  const tokens = new Map();
  return async (
    member,
    method,
    path,
    { body, type = body && "application/json", headers = {}, signal } = {},
  ) => {
    if (member !== undefined && !tokens.has(member)) tokens.set(member, await issuer.tokenFor(member));
    const authorization = member === undefined ? {} : { authorization: `Bearer ${tokens.get(member)}` };
    const content = type === undefined ? {} : { "content-type": type };
    const init = {
      method,
      body,
      signal,
      headers: { origin: PAGE, ...authorization, ...content, ...headers },
    };
    if (body instanceof ReadableStream) init.duplex = "half";
    const response = await send(path, init);
    const text = await response.text();
    const { status } = response;
    return { status, headers: response.headers, text, body: text && JSON.parse(text) };
  };
}

const realNow = Date.now;

/** A broker in this process. `change` overrides its options. */
export async function memoryBroker({ limits = PLENTY, lifetime, clock, ...change } = {}) {
  const around = await surroundings(clock);
  const { createKeyBroker, memoryLedger } = await tool("fireworks-keys/broker");
  const { jwtAuthenticator } = await tool("fireworks-keys/broker/jwt");
  const { issuer, emulator } = around;
  const errors = [];
  const broker = createKeyBroker({
    token: around.token.key,
    accountId: ACCOUNT,
    userId: OWNER,
    baseUrl: emulator.url,
    authenticate: jwtAuthenticator({ ...pick(issuer), algorithms: [issuer.algorithm] }),
    memberSecret: SECRET,
    limits,
    ...(lifetime ? { lifetime } : {}),
    allowedOrigins: [PAGE],
    ledger: memoryLedger(),
    onError: (error) => errors.push(error),
    ...change,
  });
  const late = [];
  const context = { waitUntil: (work) => late.push(work) };
  return started({
    ...around,
    errors,
    handler: broker,
    ask: asking(around, (path, init) =>
      broker.fetch(new Request(`https://keys.example${path}`, init), context),
    ),
    reconcile: (options) => broker.reconcile({ keep: [around.token.keyId], ...options }),
    said: async () => errors.map((error) => `${error?.stack} ${JSON.stringify(error)}`).join("\n"),
    settled: () => Promise.allSettled(late),
    /** Sets the clock of the broker and its ledger ahead of the service's. */
    async setAhead(ms) {
      Date.now = () => realNow() + ms;
    },
    /** Stops the clock of the broker and its ledger at this time. */
    stopClockAt(time) {
      Date.now = () => time;
    },
    async stop() {
      Date.now = realNow;
      await Promise.allSettled(late);
      issuer.stop();
      await emulator.stop();
    },
  });
}

const pick = ({ jwks, issuer, audience }) => ({ jwks, issuer, audience });

let count = 0;

/** The example's worker, in its own folder with its Durable Objects. */
export async function durableBroker({ limits = PLENTY, lifetime, clock } = {}) {
  const around = await surroundings(clock);
  const { issuer, emulator, token } = around;
  const at = `${WORKER}-${(count += 1)}`;
  await cp(join(folder, WORKER), join(folder, at), { recursive: true });
  let output = "";
  const env = {
    FIREWORKS_API_KEY: token.key,
    FIREWORKS_ACCOUNT_ID: ACCOUNT,
    FIREWORKS_USER_ID: OWNER,
    FIREWORKS_BASE_URL: emulator.url,
    KEEP_KEY_IDS: token.keyId,
    ALLOWED_ORIGINS: `${PAGE} https://other.example`,
    JWKS_URL: issuer.jwks,
    ISSUER: issuer.issuer,
    AUDIENCE: issuer.audience,
    ALGORITHMS: issuer.algorithm,
    MEMBER_SECRET: SECRET,
    LIMITS: limits,
    LIFETIME: lifetime ?? {},
    AHEAD_MS: 0,
  };
  const start = () =>
    startWorkerd(at, ["worker.js", COMPILED], {
      env,
      durable: { LEDGER: "KeyLedger" },
      scheduled: true,
      output: (text) => (output += text),
    });
  let worker = await start();
  const kill9 = async () => {
    await worker.kill9();
    worker = await start();
  };
  return started({
    ...around,
    folder: join(folder, at),
    /** The resident memory of its process, in bytes. */
    memory: async () => {
      const status = await readFile(`/proc/${worker.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1_024;
    },
    ask: asking(around, (path, init) => fetch(`${worker.url}${path}`, init)),
    reconcile: () => worker.runScheduled(),
    said: async () => output,
    settled: async () => undefined,
    /** Kills the process as a power cut would, and starts another in the same folder. */
    kill9,
    /** Sets the clock of the broker and its ledger ahead of the service's, in a new process. */
    async setAhead(ms) {
      env.AHEAD_MS = ms;
      await kill9();
    },
    async stop() {
      worker.stop();
      issuer.stop();
      await emulator.stop();
    },
  });
}
