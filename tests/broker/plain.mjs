// A service that is a plain function, without an emulator, and a broker in front of it.

import { createKeyBroker } from "fireworks-keys/broker";
import { options } from "./brokers.mjs";

let made = 0;

/**
 * A service that stores the keys it creates. `change` modifies each new key, `page` is how many keys a page
 * of the list holds, `trouble` may answer in its place: it is given the operation and what was sent; and
 * `after` is done before the answer to an operation leaves.
 */
export function service(change = (key) => key, { page = 1_000, trouble = () => {}, after = () => {} } = {}) {
  const keys = new Map();
  const sent = { create: 0, delete: 0, list: 0 };
  const add = (apiKey) => {
    const keyId = `k${String((made += 1)).padStart(6, "0")}`;
    const key = change({ createTime: new Date().toISOString(), ...apiKey, keyId, key: `fw_${keyId}` });
    keys.set(keyId, key);
    return key;
  };
  const list = (url) => {
    const from = new URL(url).searchParams.get("pageToken") ?? "";
    const rest = [...keys.values()].filter(({ keyId }) => keyId > from);
    const apiKeys = rest.slice(0, page).map(({ key: _, ...shown }) => shown);
    return Response.json({ apiKeys, nextPageToken: rest.length > page ? apiKeys.at(-1).keyId : "" });
  };
  const fetch = async (url, init) => {
    const operation = init.method === "GET" ? "list" : url.endsWith(":delete") ? "delete" : "create";
    const response = await answer(operation, url, init);
    await after(operation);
    return response;
  };
  const answer = async (operation, url, { body }) => {
    sent[operation] += 1;
    const given = body && JSON.parse(body);
    const instead = await trouble(operation, given, add);
    if (instead) return instead;
    if (operation === "list") return list(url);
    if (operation === "create") return Response.json(add(given.apiKey));
    if (keys.delete(given.keyId)) return Response.json({});
    return Response.json({ code: 5, message: "no such key", details: [] }, { status: 404 });
  };
  return { keys, fetch, add, sent };
}

/** An answer in the API's own form that refuses. */
export const refusal = (status, code, headers = {}) =>
  Response.json({ code, message: "no", details: [] }, { status, headers });

/** A broker with this ledger, and functions that send it a member's request. */
export function brokerOf(ledger, change) {
  const authenticate = ({ headers }) => headers.get("x-member") ?? "ada";
  const broker = createKeyBroker(options(ledger, { authenticate, onError() {}, ...change }));
  const ask = (method, path, member = "ada", init = {}) =>
    broker.fetch(
      new Request(`https://keys.example${path}`, { method, headers: { "x-member": member }, ...init }),
    );
  /** Mints keys, and returns their ids. */
  const mint = async (count, member) => {
    const keyIds = [];
    for (let index = 0; index < count; index += 1) {
      const response = await ask("POST", "/keys", member);
      const { keyId } = await response.json();
      if (response.status !== 201) throw new Error(`a mint was answered with ${response.status}`);
      keyIds.push(keyId);
    }
    return keyIds;
  };
  return { broker, ask, mint };
}
