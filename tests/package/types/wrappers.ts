// The functions that people write around the package's. The first must compile, the second must not. None is
// ever run.

import {
  type ClientOptions,
  type CreateApiKeyOptions,
  type CreatedApiKey,
  createApiKey,
  type DeleteApiKeyOptions,
  deleteApiKey,
  type Expiry,
  FireworksKeys,
  type ListApiKeysOptions,
  listApiKeys,
  type RotateApiKeyOptions,
  rotateApiKey,
} from "fireworks-keys";

const token = "fw_x";
const accountId = "acme";
const at = { token, accountId, userId: "ci-bot" };
const client = new FireworksKeys(at);
const time = "2099-01-01T00:00:00Z";
declare const maybe: string | undefined;
declare const persist: (created: CreatedApiKey) => Promise<boolean>;

interface Ours extends Omit<CreateApiKeyOptions, "token" | "accountId"> {
  team?: string;
}

export const wrappers = [
  (options: CreateApiKeyOptions) => createApiKey(options),
  (options: Omit<CreateApiKeyOptions, "token" | "accountId">) =>
    createApiKey({ token, accountId, ...options }),
  ({ team = "infra", ...options }: Ours) => createApiKey({ ...at, ...options, annotations: { team } }),
  (options: CreateApiKeyOptions, expiresIn: string) => createApiKey({ ...options, expiresIn }),
  (options: CreateApiKeyOptions, expireTime?: Date) => createApiKey({ ...options, expireTime }),
  (options: Partial<CreateApiKeyOptions>) => createApiKey({ ...at, ...options, token }),
  (options: Pick<CreateApiKeyOptions, "displayName" | "expiresIn" | "expireTime">) =>
    createApiKey({ ...at, ...options }),
  (expiry: Expiry) => createApiKey({ ...at, ...expiry }),
  (expiresIn: string | undefined, expireTime: string | undefined) =>
    createApiKey({ ...at, expiresIn, expireTime }),
  (...options: Parameters<typeof createApiKey>) => createApiKey(...options),
  (options: Omit<CreateApiKeyOptions, keyof typeof at>) => client.create(options),
  (options: Partial<CreateApiKeyOptions>) => client.create(options),
  (options: CreateApiKeyOptions, expiresIn: string) => client.create({ ...options, expiresIn }),
  (options: Omit<RotateApiKeyOptions, "token" | "accountId">) =>
    rotateApiKey({ token, accountId, ...options }),
  (options: RotateApiKeyOptions, expiresIn: string) => rotateApiKey({ ...options, expiresIn }),
  (options: Omit<RotateApiKeyOptions, keyof typeof at>) => client.rotate(options),
  (options: ClientOptions, expiresIn: string) => new FireworksKeys({ ...options, expiresIn }),
  (options: Omit<ClientOptions, "token">) => new FireworksKeys({ token, ...options }),
  (options: Omit<ListApiKeysOptions, "token">) => listApiKeys({ token, ...options }),
  (options: Omit<DeleteApiKeyOptions, "token">) => deleteApiKey({ token, ...options }),
  // A listener's and a fetch's arguments are known without their types being written.
  () =>
    createApiKey({
      ...at,
      expiresIn: "1d",
      onEvent: (event) => event.type,
      fetch: (url, init) => fetch(url.slice(1), init),
    }),
  () => rotateApiKey({ ...at, keyId: "k", persist: ({ key }) => key.length > 0, expireTime: time }),
];

export const wrong = [
  (options: Omit<CreateApiKeyOptions, "token">) =>
    // @ts-expect-error: a misspelt option.
    createApiKey({ token, ...options, expireTme: time }),
  // @ts-expect-error: a misspelt option.
  (options: CreateApiKeyOptions) => createApiKey({ ...options, expiresin: "1d" }),
  // @ts-expect-error: a misspelt option.
  (options: Omit<CreateApiKeyOptions, "token">) => client.create({ ...options, displayname: "x" }),
  // @ts-expect-error: a misspelt option.
  (options: RotateApiKeyOptions) => rotateApiKey({ ...options, onUnfinishd: "delete" }),
  // @ts-expect-error: a misspelt default.
  (options: ClientOptions) => new FireworksKeys({ ...options, acountId: "acme" }),
  (options: Omit<CreateApiKeyOptions, "token">) =>
    // @ts-expect-error: two expiry options.
    createApiKey({ token, ...options, expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: two expiry options.
  (options: RotateApiKeyOptions) => rotateApiKey({ ...options, expireTime: time, expiresIn: "1d" }),
  // @ts-expect-error: no user.
  (options: Omit<CreateApiKeyOptions, "userId">) => createApiKey(options),
  // @ts-expect-error: perhaps no user.
  (options: Partial<CreateApiKeyOptions>) => createApiKey(options),
  // @ts-expect-error: a lifetime is text or a number.
  (options: Omit<CreateApiKeyOptions, "token">) => createApiKey({ token, ...options, expiresIn: new Date() }),
  // @ts-expect-error: no `persist`.
  (options: Omit<RotateApiKeyOptions, "persist">) => rotateApiKey(options),
  // @ts-expect-error: a token that may be undefined.
  (options: Omit<CreateApiKeyOptions, "token">) => createApiKey({ token: maybe, ...options }),
];

export const rotation = (keyId: string) => rotateApiKey({ ...at, keyId, persist });
