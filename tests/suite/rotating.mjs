// What the rotation cases share: a key and its store, and a service without a server.

import { connection, storedKeys } from "./service.mjs";

// Faults apply to this user only, because late sweeps of other cases may still be running.
export const USER = "rotated";
export const MINUTE = 60_000;

/** The ids of the user's live keys. */
export const live = async (api) => (await storedKeys(api, USER)).map(({ keyId }) => keyId);

/** Creates a key of this user, and a store that holds it. */
export async function start({ createApiKey }, api, options = {}) {
  const at = connection(api, USER);
  const first = await createApiKey({ ...at, ...options });
  const store = { held: first, writes: 0 };
  const persist = async (created) => {
    store.held = created;
    store.writes += 1;
  };
  return { at, first, store, persist };
}

/** A service with these keys. It answers creates, lists and deletes, and records the requests. */
export function service(keys, at = Date.now()) {
  const list = [...keys];
  const asked = [];
  const fetch = async (url, { method, body, headers }) => {
    const path = new URL(url).pathname.replace("/v1/accounts/acme", "");
    asked.push([method, path, headers.authorization, body && JSON.parse(body)]);
    if (method === "GET") return Response.json(path === "" ? { name: "accounts/acme" } : { apiKeys: list });
    const request = JSON.parse(body);
    if (path.endsWith(":delete")) {
      list.splice(
        list.findIndex(({ keyId }) => keyId === request.keyId),
        1,
      );
      return Response.json({});
    }
    const made = { keyId: `new${list.length}`, createTime: new Date(at).toISOString(), ...request.apiKey };
    list.push(made);
    return Response.json({ ...made, key: "fw_the_new_secret" });
  };
  return { fetch, asked, list };
}

export const acme = { token: "fw_x", accountId: "acme", userId: "u" };
export const after = (keyId, rotates, minutes = 60, at = Date.now()) => ({
  keyId,
  createTime: new Date(at - minutes * MINUTE).toISOString(),
  annotations: { "fireworks-keys-rotates": rotates },
});
