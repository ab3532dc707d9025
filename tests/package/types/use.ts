// Code that uses the package under strict settings, and checks its types. It is compiled, never run.

import {
  ApiError,
  type ApiKey,
  auditApiKeys,
  type ClientOptions,
  type CreateApiKeyOptions,
  type CreatedApiKey,
  createApiKey,
  deleteApiKey,
  deleteOrphans,
  type ErrorCode,
  FireworksKeys,
  FireworksKeysError,
  type FireworksKeysEvent,
  init,
  listAccounts,
  listApiKeys,
  listUsers,
  type Rotation,
  type RotationError,
  rotateApiKey,
} from "fireworks-keys";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot" };

export async function functions(): Promise<void> {
  const created = await createApiKey({ ...at, expiresIn: "30d", annotations: { team: "infra" } });
  same<typeof created, CreatedApiKey>(true);
  same<typeof created.key, string>(true);
  same<typeof created.expireTime, string | undefined>(true);
  same<(typeof created)["a field of tomorrow"], unknown>(true);
  await createApiKey({ ...at, token: async () => "fw_x", expireTime: new Date() });
  await createApiKey({ ...at, expireTime: "2099-01-01T00:00:00Z", expiresIn: undefined });
  same<void, Awaited<ReturnType<typeof deleteApiKey>>>(true);
  await deleteApiKey({ ...at, keyId: created.keyId, missingOk: true });
  const deleted = await deleteOrphans({ ...at, attemptTag: "tag", keepKeyId: created.keyId });
  same<typeof deleted, string[]>(true);
  const page = await listApiKeys({ ...at, userId: "-", pageSize: 100 });
  same<typeof page.apiKeys, ApiKey[] | undefined>(true);
  for await (const key of listApiKeys(at)) same<typeof key, ApiKey>(true);
  for await (const { name } of listAccounts({ token: "fw_x" })) same<typeof name, string>(true);
  for await (const { users } of listUsers(at).pages()) users?.map(({ name }) => name);
  const { keys, counts } = await auditApiKeys({
    ...at,
    userId: "-",
    staleAfter: "30d",
    expiringWithin: 3_600,
  });
  same<(typeof counts)["never-expires"], number>(true);
  for (const { key, findings } of keys) {
    same<typeof key, ApiKey>(true);
    for (const finding of findings) if (finding.type === "stale") finding.since satisfies string;
  }
  const rotation = await rotateApiKey({
    ...at,
    keyId: "k",
    persist: async ({ key }) => key.length > 0,
    keep: 0,
    expiresIn: "1d",
  });
  same<typeof rotation, Rotation>(true);
  same<typeof rotation.created, CreatedApiKey>(true);
  for (const { keyId, error } of rotation.pending) console.log(keyId, error.code, error.message);
  const list: PromiseLike<unknown> & AsyncIterable<ApiKey> = listApiKeys(at);
  await Promise.all([list, listApiKeys(at).finally(() => {}), init()]);
  await init({ module: new Uint8Array(8) });
  await init({ module: fetch("https://example.com/fireworks_keys.wasm") });
}

export async function options(): Promise<void> {
  const { signal } = new AbortController();
  const onEvent = (event: FireworksKeysEvent): string => {
    switch (event.type) {
      case "retry":
        return `${event.attempt} ${event.delayMs} ${event.reason} ${event.status ?? ""}`;
      case "orphan-deleted":
        return event.keyId + (event.attemptTag ?? "");
      case "orphans-open":
        return `${event.attemptTag ?? ""} ${event.keepKeyId ?? ""} ${event.lastLookMs}`;
      case "orphans-swept":
      case "orphans-unaccounted":
      case "orphans-unknown":
        return `${event.attemptTag ?? ""}${event.keepKeyId ?? ""}`;
      case "unprotected":
      case "shorter-lifetime":
      case "unknown-lifetime":
        return event.keyId;
      case "rotation":
        return `${event.stage} ${event.keyId ?? ""} ${event.successorId ?? ""}`;
      case "rotation-unknown":
        return event.keyId + event.successorId;
    }
  };
  const everything: CreateApiKeyOptions = {
    ...at,
    baseUrl: "https://proxy.example/fireworks",
    allowHttp: false,
    fetch: (url, init) => fetch(url, init),
    headers: { "x-team": "infra" },
    timeoutMs: 30_000,
    totalTimeoutMs: Infinity,
    maxRetries: 2,
    signal,
    waitUntil: (work) => void work.then(() => {}),
    onEvent,
    displayName: "deploy",
    expiresIn: 3_600,
    annotations: {},
    attemptTag: "mine",
    orphanProtection: true,
  };
  await createApiKey(everything);
  // The standard fetch is a fetch.
  await createApiKey({ ...at, fetch });
}

export async function client(): Promise<void> {
  const all = new FireworksKeys({ ...at, expiresIn: "1d" });
  same<Awaited<ReturnType<typeof all.create>>, CreatedApiKey>(true);
  await all.create();
  await all.create({ expireTime: "2099-01-01T00:00:00Z" });
  await all.delete({ keyId: "k" });
  await all.list();
  await all.audit({ staleAfter: "1d" });
  await all.rotate({ keyId: "k", persist: () => {}, onUnfinished: "delete", verify: false });
  await new FireworksKeys({ ...at, persist: () => {}, keep: 2 }).rotate({ keyId: "k" });
  const annotated: ClientOptions = { ...at };
  const any: FireworksKeys = new FireworksKeys(annotated);
  await any.create();
  const some = new FireworksKeys({ token: "fw_x" });
  await some.create({ accountId: "acme", userId: "ci-bot" });
  await some.list({ accountId: "acme", userId: "-" });
  for await (const user of some.users({ accountId: "acme" }))
    user.serviceAccount satisfies boolean | undefined;
}

export async function errors(): Promise<string | undefined> {
  try {
    await createApiKey(at);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return `${error.status} ${error.requestId ?? ""}`;
    if (!(error instanceof FireworksKeysError)) throw error;
    same<typeof error.orphans, "none" | "swept" | "unaccounted" | "unknown" | undefined>(true);
    same<typeof error.liveKeyIds, readonly string[] | undefined>(true);
    same<ErrorCode, FireworksKeysError["code"]>(true);
    switch (error.code) {
      case "VALIDATION":
        return error.path;
      case "TIMEOUT":
        return error.limit;
      case "INVALID_RESPONSE":
        return String(error.status);
      case "CONNECTION":
      case "MODULE_LOAD":
        return String(error.cause);
      case "ROTATION":
        same<typeof error, RotationError>(true);
        return [error.stage, error.reason, ...error.liveKeyIds, error.successors[0]?.ageMs].join();
      case "NOT_FOUND":
        return String(error.retryAfterMs);
      default:
        return error.message;
    }
  }
}
