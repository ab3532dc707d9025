// Code that must not compile. It is never run.

import { createApiKey, deleteApiKey, FireworksKeys, listApiKeys, rotateApiKey } from "fireworks-keys";

const at = { token: "fw_x", accountId: "acme", userId: "ci-bot" };
declare const maybe: string | undefined;
const time = "2099-01-01T00:00:00Z";

export const wrong = [
  // @ts-expect-error: a misspelt option.
  () => createApiKey({ ...at, expireTme: time }),
  // @ts-expect-error: two expiry options.
  () => createApiKey({ ...at, expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: no user.
  () => createApiKey({ token: "fw_x", accountId: "acme" }),
  // @ts-expect-error: no options.
  () => createApiKey(),
  // @ts-expect-error: annotations are strings.
  () => createApiKey({ ...at, annotations: { size: 1 } }),
  // @ts-expect-error: a name from another SDK.
  () => createApiKey({ accountId: "acme", userId: "me", apiKey: "fw_x" }),
  // @ts-expect-error: a timeout is a number of milliseconds.
  () => createApiKey({ ...at, timeoutMs: "30s" }),
  // @ts-expect-error: an option of a list.
  () => createApiKey({ ...at, pageSize: 1 }),
  // @ts-expect-error: no key id.
  () => deleteApiKey(at),
  // @ts-expect-error: no `persist`.
  () => rotateApiKey({ ...at, keyId: "k" }),
  // @ts-expect-error: a key id is not a client's default.
  () => new FireworksKeys({ ...at, keyId: "k", persist: () => {} }),
  // @ts-expect-error: an unknown value of `onUnfinished`.
  () => rotateApiKey({ ...at, keyId: "k", persist: () => {}, onUnfinished: "ignore" }),
  // @ts-expect-error: a rotation keeps the name.
  () => rotateApiKey({ ...at, keyId: "k", persist: () => {}, displayName: "x" }),
  // @ts-expect-error: a misspelt option of a list.
  () => listApiKeys({ ...at, pagesize: 1 }),
  // @ts-expect-error: a misspelt default.
  () => new FireworksKeys({ ...at, acountId: "acme" }),
  // @ts-expect-error: a token that may be undefined.
  () => createApiKey({ ...at, token: maybe }),
  // @ts-expect-error: such a token in a client's defaults.
  () => new FireworksKeys({ ...at, token: maybe }).create(),
  // @ts-expect-error: a tag is not a client's default, as each create needs its own.
  () => new FireworksKeys({ ...at, attemptTag: "mine" }),
  // @ts-expect-error: two expiry options in a client's defaults.
  () => new FireworksKeys({ ...at, expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: no user, neither in the defaults nor in the call.
  () => new FireworksKeys({ token: "fw_x", accountId: "acme" }).create(),
  // @ts-expect-error: still no account.
  () => new FireworksKeys({ token: "fw_x" }).create({ userId: "me" }),
  // @ts-expect-error: a misspelt option of a client's call.
  () => new FireworksKeys(at).create({ expireTme: time }),
  // @ts-expect-error: two expiry options in a client's call.
  () => new FireworksKeys(at).create({ expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: no key id.
  () => new FireworksKeys(at).delete(),
  // @ts-expect-error: the result is a promise.
  () => createApiKey(at).key,
  // @ts-expect-error: a listed key's secret is not a string.
  async () => (await listApiKeys(at)).apiKeys?.[0]?.key?.length,
];
