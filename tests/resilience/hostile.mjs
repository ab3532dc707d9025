// Values, answers and functions that no caller should pass, and some that are good.

import vm from "node:vm";

const foreign = vm.createContext({ setTimeout });
const inForeignRealm = (code) => vm.runInContext(code, foreign);

export const good = { token: "fw_good", accountId: "acme", userId: "ci-bot" };
const huge = "x".repeat(2 ** 20 + 1);
const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();
const cyclic = {};
cyclic.self = cyclic;
const thrower = () => {
  throw new Error("hostile");
};
const trapped = new Proxy({}, Object.fromEntries(Reflect.ownKeys(Reflect).map((trap) => [trap, thrower])));
const liar = new Proxy({ ...good }, { get: (_, name) => (name === "token" ? Symbol("t") : "\ud800") });
const endless = new Proxy(
  {},
  {
    ownKeys: () => ["a"],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_, __, self) => self,
  },
);

/** Values that belong nowhere, and some that do. */
export const VALUES = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  NaN,
  Infinity,
  -Infinity,
  1e308,
  2 ** 53,
  7n,
  -(2n ** 70n),
  "",
  " ",
  "a",
  "a/b",
  ".",
  "..",
  "-",
  "\ud800",
  "\udfffx",
  "\u0000",
  "é🔑",
  huge,
  "fw_x\n",
  "2099-01-01T00:00:00Z",
  "36h",
  "__proto__",
  "constructor",
  "http://evil.example",
  "https://user:pw@x.example",
  "https://[::1",
  "/\\x",
  "javascript:0",
  Symbol("s"),
  Symbol.iterator,
  {},
  [],
  [[]],
  Object.create(null),
  Object.freeze({ a: 1 }),
  cyclic,
  revoked,
  trapped,
  liar,
  endless,
  () => {},
  async () => "fw_later",
  thrower,
  async () => thrower(),
  () => new Promise(() => {}),
  function* () {},
  class {},
  new Date(),
  new Date(NaN),
  new Date(8.64e15),
  new Map([["a", "b"]]),
  new Set(),
  new WeakMap(),
  /x/g,
  new Error("e"),
  new Proxy(() => {}, { apply: thrower }),
  new String("boxed"),
  new Number(7),
  new Boolean(true),
  Object(Symbol()),
  Object(7n),
  new Uint8Array(3),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  Promise.resolve("fw_p"),
  { then: thrower },
  { then: null },
  { toString: thrower },
  { valueOf: thrower },
  { [Symbol.toPrimitive]: thrower },
  { toJSON: thrower },
  {
    get x() {
      return thrower();
    },
  },
  {
    __proto__: {
      get y() {
        return thrower();
      },
    },
  },
  { __proto__: trapped },
  { __proto__: revoked },
  AbortSignal.abort(),
  AbortSignal.abort("why"),
  new AbortController().signal,
  new AbortController(),
  { aborted: false, addEventListener: thrower, removeEventListener: thrower },
  {
    aborted: true,
    addEventListener() {},
    removeEventListener: thrower,
    get reason() {
      return thrower();
    },
  },
  { aborted: false, addEventListener: (_, f) => f(), removeEventListener() {} },
  globalThis,
  JSON,
  Reflect,
  new Headers({ a: "b" }),
  new Response("x"),
  inForeignRealm("({})"),
  inForeignRealm("new Date(4e12)"),
  inForeignRealm("() => 'fw_foreign'"),
  inForeignRealm("Promise.reject('foreign')").catch(() => {}) && 1,
];

export const NAMES = [
  "token",
  "accountId",
  "userId",
  "baseUrl",
  "allowHttp",
  "fetch",
  "headers",
  "timeoutMs",
  "totalTimeoutMs",
  "maxRetries",
  "signal",
  "waitUntil",
  "onEvent",
  "displayName",
  "expireTime",
  "expiresIn",
  "annotations",
  "attemptTag",
  "orphanProtection",
  "persist",
  "verify",
  "keep",
  "onUnfinished",
  "keyId",
  "missingOk",
  "keepKeyId",
  "staleAfter",
  "expiringWithin",
  "pageSize",
  "pageToken",
  "filter",
  "orderBy",
  "readMask",
  "expireTme",
  "toString",
  "__proto__",
  "",
  "then",
  "\ud800",
  huge,
];

/** Response-like things. */
const response = (fields) => ({ status: 200, headers: new Headers(), text: async () => "{}", ...fields });
const BODIES = [
  "",
  "{}",
  "null",
  "[]",
  "7",
  '"text"',
  "{",
  '{"keyId": "k", "key": "fw_k"}',
  '{"keyId": 7, "key": []}',
  '{"__proto__": {"keyId": "k"}}',
  '{"apiKeys": [null, 7, {}, {"keyId": "k"}], "nextPageToken": 7}',
  '{"apiKeys": {}}',
  '{"nextPageToken": "again"}',
  "\ufeff{}",
  "\ud800",
  '{"keyId": "\\ud800", "key": "\\udfff", "annotations": {"fireworks-keys-attempt": "\\ud800"}}',
  `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  `{"error": ${'{"error": '.repeat(500)}1${"}".repeat(500)}}`,
  '{"code": 1e999, "message": {"a": 1}}',
  '{"error": {"message": []}}',
];

/** A service of sorts. */
const working =
  (key) =>
  async (_url, { method }) =>
    Response.json(
      method === "GET" ? { apiKeys: [null, { keyId: "k", ...key }] } : { keyId: "new", key: "fw_new" },
    );

/** What a fetch may do. */
export const FETCHES = [
  working({}),
  working({ annotations: { a: 1, b: "c", "\ud800": "\udfff", __proto__: "x" }, displayName: 7, prefix: {} }),
  working({ annotations: [], expireTime: "2099-01-01T00:00:00Z", createTime: "2000-01-01T00:00:00Z" }),
  working({ annotations: "x", prefix: "fw_good" }),
  ...BODIES.map((body) => async () => new Response(body)),
  ...BODIES.map(
    (body) => async () =>
      new Response(body, { status: 400, headers: { "retry-after": "x", "content-type": "image/png" } }),
  ),
  async () => new Response('{"message": "busy"}', { status: 429, headers: { "retry-after-ms": "0" } }),
  async () => new Response("", { status: 503, headers: { "retry-after": "99999999999999999999" } }),
  async () => new Response("", { status: 500, headers: { "x-should-retry": "false" } }),
  async () => new Response(new Uint8Array([0xff, 0xfe, 0xc0, 0x80, 0x7b])),
  async () =>
    new Response(new ReadableStream({ start: (controller) => controller.error(new Error("stream")) })),
  async () => {
    const used = new Response("{}");
    await used.text();
    return used;
  },
  thrower,
  async () => thrower(),
  () => Promise.reject("a string"),
  () => Promise.reject(undefined),
  () => Promise.reject(null),
  () => Promise.reject(Symbol("s")),
  () => Promise.reject(revoked),
  () => Promise.reject(trapped),
  () => Promise.reject(cyclic),
  () => inForeignRealm("Promise.reject(new Error('foreign'))"),
  () => inForeignRealm("Promise.reject('foreign')"),
  () => inForeignRealm("Promise.resolve({status: 200, headers: new Map(), text: () => '{}'})"),
  () => undefined,
  () => null,
  () => 7,
  () => "text",
  () => Symbol("s"),
  () => ({}),
  () => revoked,
  () => trapped,
  () => endless,
  () => ({ then: (resolve) => resolve(response({})) }),
  () => ({ then: (_, reject) => reject(1) }),
  () => ({ then: thrower }),
  () => ({
    get then() {
      return thrower();
    },
  }),
  () => ({ then() {} }),
  () => new Promise(() => {}),
  () => response({ status: "200" }),
  () => response({ status: 1e9 }),
  () => response({ status: -1 }),
  () => response({ status: NaN }),
  () => response({ status: 99 }),
  () =>
    response({
      get status() {
        return thrower();
      },
    }),
  () => response({ headers: null }),
  () => response({ headers: { get: thrower } }),
  () => response({ headers: { get: () => 7 } }),
  () => response({ headers: { get: () => huge }, status: 503 }),
  () => response({ text: thrower }),
  () => response({ text: async () => thrower() }),
  () => response({ text: () => 7 }),
  () => response({ text: null }),
  () => response({ text: () => new Promise(() => {}) }),
  () => response({ text: () => ({ then: thrower }) }),
  () => response({ text: () => "{}" }),
  () => Object.assign(Object.create(null), response({})),
  () => new Proxy(response({}), { get: thrower }),
  () => Object.freeze(response({})),
];

export const CALLS = [
  "auditApiKeys",
  "createApiKey",
  "deleteApiKey",
  "deleteOrphans",
  "listApiKeys",
  "listAccounts",
  "listUsers",
  "rotateApiKey",
];

/** What storing a key may come to. */
export const PERSISTS = [
  () => {},
  () => false,
  async () => false,
  async () => "stored",
  thrower,
  async () => thrower(),
  () => new Promise(() => {}),
  () => ({ then: thrower }),
  () => ({ then: (resolve) => resolve(false) }),
  () => Promise.reject(revoked),
  () => revoked,
  () => trapped,
  (created) => Object.freeze(created),
  (created) => {
    delete created.keyId;
    delete created.key;
  },
];
