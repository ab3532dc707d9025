// What must not compile. Compiled, never run.

import { createApiKey, deleteApiKey, FireworksKeys, listApiKeys, rotateApiKey } from "fireworks-keys";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot" };
declare const maybe: string | undefined;
const time = "2099-01-01T00:00:00Z";

export const wrong = [
  // @ts-expect-error: a misspelt option.
  () => createApiKey({ ...at, expireTme: time }),
  // @ts-expect-error: two ends.
  () => createApiKey({ ...at, expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: no user.
  () => createApiKey({ token: "fw_x", accountId: "acme" }),
  // @ts-expect-error: no options.
  () => createApiKey(),
  // @ts-expect-error: annotations are texts.
  () => createApiKey({ ...at, annotations: { size: 1 } }),
  // @ts-expect-error: a name from another SDK.
  () => createApiKey({ accountId: "acme", userId: "me", apiKey: "fw_x" }),
  // @ts-expect-error: milliseconds are a number.
  () => createApiKey({ ...at, timeoutMs: "30s" }),
  // @ts-expect-error: an option of a list.
  () => createApiKey({ ...at, pageSize: 1 }),
  // @ts-expect-error: which key?
  () => deleteApiKey(at),
  // @ts-expect-error: stored where?
  () => rotateApiKey({ ...at, keyId: "k" }),
  // @ts-expect-error: which key, in a client's defaults?
  () => new FireworksKeys({ ...at, keyId: "k", persist: () => {} }),
  // @ts-expect-error: no such way.
  () => rotateApiKey({ ...at, keyId: "k", persist: () => {}, onUnfinished: "ignore" }),
  // @ts-expect-error: a name is handed on.
  () => rotateApiKey({ ...at, keyId: "k", persist: () => {}, displayName: "x" }),
  // @ts-expect-error: a misspelt option of a list.
  () => listApiKeys({ ...at, pagesize: 1 }),
  // @ts-expect-error: a misspelt default.
  () => new FireworksKeys({ ...at, acountId: "acme" }),
  // @ts-expect-error: a token that may not be there.
  () => createApiKey({ ...at, token: maybe }),
  // @ts-expect-error: nor in a client's defaults.
  () => new FireworksKeys({ ...at, token: maybe }).create(),
  // @ts-expect-error: one tag for every create.
  () => new FireworksKeys({ ...at, attemptTag: "mine" }),
  // @ts-expect-error: two ends by default.
  () => new FireworksKeys({ ...at, expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: no user, here or there.
  () => new FireworksKeys({ token: "fw_x", accountId: "acme" }).create(),
  // @ts-expect-error: still no account.
  () => new FireworksKeys({ token: "fw_x" }).create({ userId: "me" }),
  // @ts-expect-error: a misspelt option of a client's call.
  () => new FireworksKeys(at).create({ expireTme: time }),
  // @ts-expect-error: two ends in a client's call.
  () => new FireworksKeys(at).create({ expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: which key?
  () => new FireworksKeys(at).delete(),
  // @ts-expect-error: the answer is a promise.
  () => createApiKey(at).key,
  // @ts-expect-error: a listed key has no secret that is a text.
  async () => (await listApiKeys(at)).apiKeys?.[0]?.key?.length,
];
