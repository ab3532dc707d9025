// Brokers to try: one in this process with its ledger in memory, and the example's worker in workerd with
// its ledger on disk. Both against an emulator of their own.

import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { startEmulator } from "../emulator/server.mjs";
import { folder, prepare, root, tool, write } from "../matrix/fixture.mjs";
import { bundleWorker, startWorkerd } from "../matrix/workerd.mjs";
import { startIssuer } from "./issuer.mjs";

/** The page that may ask. */
export const PAGE = "https://app.example";

/** What brokers hash members with. */
export const SECRET = "a secret of thirty-two characters or more";

/** Where the example's worker is bundled. */
const WORKER = "broker/worker";

/** A configuration that is in order; the ledger is the package's, which tests find where it is installed. */
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

/** Bundles the example's worker, as the packed package lets it be; or what a script makes of it. */
export async function prepareWorker({ script } = {}) {
  await prepare();
  await rm(join(folder, "broker"), { recursive: true, force: true });
  await cp(join(root, "examples/edge-broker/src"), join(folder, "broker/src"), { recursive: true });
  if (script) {
    await cp(join(folder, "broker/src/worker.js"), join(folder, "broker/src/example.js"));
    await write("broker/src/worker.js", script);
  }
  await bundleWorker("broker/src/worker.js", WORKER);
}

/** Limits that are not in a test's way. */
const PLENTY = { mints: 1_000, window: "1h", live: 1_000 };

const running = new Set();

function started(broker) {
  running.add(broker);
  return broker;
}

/** Stops every broker that still runs. */
export async function stopAll() {
  const brokers = [...running];
  running.clear();
  for (const broker of brokers) await broker.stop();
}

/** What both kinds have: the service, the members, and ways to ask. */
async function surroundings() {
  const admin = "fw_broker_admin_token";
  const args = ["--faults", "--account", ACCOUNT, "--user", "me:admin", "--token", admin];
  const emulator = await startEmulator({
    args: [
      ...args,
      "--user",
      `${OWNER}:inference-user:service-account`,
      "--user",
      "other:user:service-account",
    ],
  });
  const issuer = await startIssuer();
  const keysOf = (user) => `${emulator.url}/v1/accounts/${ACCOUNT}/users/${user}/apiKeys`;
  const json = async (url, init) => (await fetch(url, init)).json();
  /** Mints a key by hand, as whoever holds this key. */
  const mintByHand = (token, apiKey = {}, user = OWNER) =>
    json(keysOf(user), {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ apiKey }),
    });
  // The broker's own token is a key of its own account: the least that it needs.
  const token = await mintByHand(admin);
  return {
    emulator,
    issuer,
    admin,
    token,
    mintByHand,
    /** What is really stored of the broker's, without its own token. */
    stored: async () =>
      (await json(`${emulator.url}/_emulator/keys`)).keys.filter(
        ({ user, keyId }) => user === OWNER && keyId !== token.keyId,
      ),
    /** Whether the service takes a key. */
    works: async (key) => {
      const init = { headers: { authorization: `Bearer ${key}` } };
      return (await fetch(`${emulator.url}/v1/accounts/${ACCOUNT}`, init)).status !== 401;
    },
    fault: (fault, order = {}) =>
      json(`${emulator.url}/_emulator/faults`, {
        method: "POST",
        body: JSON.stringify({ operation: "create", user: OWNER, ...order, fault }),
      }),
    calm: () => fetch(`${emulator.url}/_emulator/faults`, { method: "DELETE" }),
  };
}

/** Asks as a member does: with a token of the issuer's, and from the page unless told otherwise. */
function asking({ issuer }, send) {
  const tokens = new Map();
  return async (member, method, path, { body, type = body && "application/json", headers = {} } = {}) => {
    if (member !== undefined && !tokens.has(member)) tokens.set(member, await issuer.tokenFor(member));
    const authorization = member === undefined ? {} : { authorization: `Bearer ${tokens.get(member)}` };
    const content = type === undefined ? {} : { "content-type": type };
    const init = { method, body, headers: { origin: PAGE, ...authorization, ...content, ...headers } };
    if (body instanceof ReadableStream) init.duplex = "half";
    const response = await send(path, init);
    const text = await response.text();
    const { status } = response;
    return { status, headers: response.headers, text, body: text && JSON.parse(text) };
  };
}

/** A broker in this process. `change` is laid over its options. */
export async function memoryBroker({ limits = PLENTY, lifetime, ...change } = {}) {
  const around = await surroundings();
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
    timeoutMs: 1_000,
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
    async stop() {
      await Promise.allSettled(late);
      issuer.stop();
      await emulator.stop();
    },
  });
}

const pick = ({ jwks, issuer, audience }) => ({ jwks, issuer, audience });

let count = 0;

/** The example's worker, in a folder of its own with its objects. */
export async function durableBroker({ limits = PLENTY, lifetime } = {}) {
  const around = await surroundings();
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
  };
  const start = () =>
    startWorkerd(at, ["worker.js", "fireworks_keys.wasm"], {
      env,
      durable: { LEDGER: "KeyLedger" },
      scheduled: true,
      output: (text) => (output += text),
    });
  let worker = await start();
  return started({
    ...around,
    folder: join(folder, at),
    /** How much memory its process holds, in bytes. */
    memory: async () => {
      const status = await readFile(`/proc/${worker.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1_024;
    },
    ask: asking(around, (path, init) => fetch(`${worker.url}${path}`, init)),
    reconcile: () => worker.runScheduled(),
    said: async () => output,
    settled: async () => undefined,
    /** Ends the process as a power cut would, and starts another on the same folder. */
    async kill9() {
      await worker.kill9();
      worker = await start();
    },
    async stop() {
      worker.stop();
      issuer.stop();
      await emulator.stop();
    },
  });
}
