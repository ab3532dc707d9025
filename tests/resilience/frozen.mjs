// Calls the package where every object that the language gives is frozen, and prints what came of it. The
// argument says when they are frozen: `before` or `after` the package is imported.

const NAMES = { constructor: "c", toString: "s", valueOf: "v", ["__proto__"]: "p" };
const at = { token: "fw_x", accountId: "acme", userId: "ci-bot", maxRetries: 0 };

const reply = (value, status = 200) => ({
  status,
  headers: new Map(),
  text: async () => JSON.stringify(value),
});
const own = (object) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => Object.hasOwn(NAMES, name)));

function freeze() {
  const seen = new Set();
  const intrinsics = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name));
  const objects = intrinsics.map((name) => globalThis[name]);
  objects.push(
    Object.getPrototypeOf(async function* () {}),
    Object.getPrototypeOf([].values()),
  );
  for (const object of objects) {
    if (Object(object) !== object) continue;
    for (let each = object; each && !seen.has(each); each = Object.getPrototypeOf(each)) {
      seen.add(Object.freeze(each));
    }
    if (object.prototype) Object.freeze(object.prototype);
  }
}

if (process.argv[2] === "before") freeze();
const { createApiKey, listApiKeys, auditApiKeys, rotateApiKey, deleteOrphans, init } = await import(
  new URL("../../dist/default.js", import.meta.url)
);
if (process.argv[2] === "after") {
  await init();
  freeze();
}

let release;
const bystander = createApiKey({
  ...at,
  orphanProtection: false,
  fetch: () => new Promise((resolve) => (release = () => resolve(reply({ keyId: "k", key: "fw_k" })))),
});

const keys = [{ keyId: "old", displayName: "d", annotations: NAMES, createTime: "2026-01-01T00:00:00Z" }];
let headers;
async function fetch(url, init) {
  if (init.method === "GET") return reply(url.includes("apiKeys") ? { apiKeys: keys } : {});
  if (url.endsWith(":delete")) return reply({});
  headers = init.headers;
  const { apiKey } = JSON.parse(init.body);
  const made = { ...apiKey, keyId: "new", key: "fw_new", createTime: "2026-02-01T00:00:00Z" };
  keys.push(made);
  return reply(made);
}
const service = { ...at, fetch };

// A create refuses `__proto__`; the service may hold it all the same.
const { ["__proto__"]: _, ...annotations } = NAMES;
const created = await createApiKey({ ...service, annotations, headers: { constructor: "c" } });
keys.pop();
const mine = headers;
const { apiKeys } = await listApiKeys(service);
const audit = await auditApiKeys(service);
await rotateApiKey({ ...service, keyId: "old", expiresIn: "1d", persist: () => {}, verify: false });
const successor = keys.at(-1);
const refused = await createApiKey({ ...at, fetch: async () => reply({ error: NAMES, code: 3 }, 400) }).catch(
  (error) => error,
);
let event;
await deleteOrphans({ ...service, attemptTag: created.annotations["fireworks-keys-attempt"] });
const lost = {};
await createApiKey({
  ...at,
  maxRetries: 1,
  onEvent: ({ type }) => (event = type),
  fetch: async (url, { method, body }) => {
    if (method === "GET") return reply({ apiKeys: [{ keyId: "lost", annotations: lost.annotations }] });
    if (url.endsWith(":delete")) return reply({});
    const { annotations } = JSON.parse(body).apiKey;
    if (!lost.annotations) {
      lost.annotations = annotations;
      throw new TypeError("the answer is lost");
    }
    return reply({ keyId: "kept", key: "fw_kept", annotations });
  },
});
release();
console.log(
  JSON.stringify({
    created: own(created.annotations),
    header: Object.hasOwn(mine, "constructor") && mine.constructor,
    listed: own(apiKeys[0].annotations),
    audited: own(audit.keys[0].key.annotations),
    successor: own(successor.annotations),
    refused: refused.body?.error,
    event,
    bystander: (await bystander).keyId,
  }),
);
