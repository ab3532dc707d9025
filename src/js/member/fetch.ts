// A fetch that carries the member's key to the inference host, and to nothing else: the same host manages
// keys.

import { KeyringError } from "./error.js";
import type { Settings } from "./options.js";
import type { Ring } from "./ring.js";

/** The headers that are passed on: the provider's answer to a preflight allows no others. */
const PASSED_ON = ["content-type", "accept", "accept-language", "content-language"];

/** The values that need no preflight. */
const SAFE = /^[\w *,.;=+/-]{1,128}$/;

/** Makes the fetch of a ring. */
export function createFetch({ inference, fetch }: Settings, { carry }: Ring): typeof globalThis.fetch {
  return async (input, init?: RequestInit & { duplex?: unknown }) => {
    // Without the signal, on which a platform would leave a listener.
    const request = new Request(input, { ...init, signal: null });
    const { url, method } = request;
    // What an encoded character in a path means is up to the server: it might be a slash.
    if (!url.startsWith(inference) || /^[^?#]*[%;]/.test(url)) {
      throw new KeyringError("ADDRESS", "not the inference host");
    }
    const headers = new Headers();
    for (const name of PASSED_ON) {
      const value = request.headers.get(name) ?? "";
      if (name === "content-type" ? value : SAFE.test(value)) headers.set(name, value);
    }
    // Only a stream needs it, and cannot be sent twice.
    const duplex = init?.duplex;
    const given = duplex ? request.body : await request.blob();
    const body = (given as Blob | null)?.size === 0 ? undefined : given;
    const signal = init?.signal ?? (input as Request).signal;
    return carry(signal, !!duplex, (key) => {
      headers.set("authorization", `Bearer ${key}`);
      return fetch(url, { method, headers, redirect: "manual", signal, body, duplex } as RequestInit);
    });
  };
}
