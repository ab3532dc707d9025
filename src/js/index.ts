// The public surface. Each function hands its options to the module as they are.

import { load } from "./loader.js";
import type { CreateApiKeyOptions, CreatedApiKey } from "./types.js";

export type * from "./types.js";
export type { GrpcCode, Operation } from "./errors.js";
export {
  ApiError,
  ConnectionError,
  FireworksKeysError,
  InvalidResponseError,
  ModuleLoadError,
  TimeoutError,
  ValidationError,
} from "./errors.js";

/**
 * Creates an API key and resolves to it as the service describes it. Its secret, `key`, is in this
 * answer and nowhere else.
 *
 * Rejects with a {@link ValidationError} before anything is sent, with an {@link ApiError} where
 * the service refuses, and with another {@link FireworksKeysError} otherwise; never throws.
 */
export async function createApiKey(options: CreateApiKeyOptions): Promise<CreatedApiKey> {
  return (await load("createApiKey")).createApiKey(options);
}
