// A Fireworks API-keys service in memory, for a product's own tests: a `fetch` that answers as the local
// emulator does. It must never send a request.

import { createAccount } from "./account.js";
import { exchange } from "./exchange.js";
import { type ActiveFaultRule, createFaults, type FaultRule } from "./fault.js";
import { demand, FLAG, type Kind, misuse, oneOf, type Shape, TEXT } from "./shape.js";
import type { FakeRequest, FakeUser, StoredKey } from "./types.js";

export type { ActiveFaultRule, Fault, FaultRule, Operation, When } from "./fault.js";
export type { FakeRequest, FakeUser, Key, Role, StoredKey } from "./types.js";

/** Options of `fakeFireworks`. */
export interface FakeFireworksOptions {
  /** The id of its one account. @default "local" */
  accountId?: string | undefined;
  /** The users. @default the administrator `me` and the service account `ci-bot` */
  users?: readonly FakeUser[] | undefined;
  /** A token with the rights of an administrator. It is not a key and is never listed. */
  token?: string | undefined;
  /** Its clock: milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
}

/** A service in memory. */
export interface FakeFireworks {
  /** The id of its account. */
  readonly accountId: string;
  /** Answers a request for any host, as the global `fetch` would. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The keys that exist, the expired ones too, without their secrets. */
  keys(): StoredKey[];
  /** The requests that have arrived, oldest first, without tokens and bodies. */
  requests(): FakeRequest[];
  /** Makes requests go wrong. Throws a `TypeError` if the rule makes no sense. */
  addFault(rule: FaultRule): void;
  /** The fault rules, oldest first. */
  faults(): ActiveFaultRule[];
  /** Removes every fault rule. */
  clearFaults(): void;
  /** Removes a user. Their keys stay, and are refused. Throws a `TypeError` if there is no such user. */
  removeUser(userId: string): void;
  /** Removes every key and every fault rule, brings removed users back, and forgets the requests. */
  reset(): void;
}

const ID: Kind = ["a bare id", (value) => TEXT[1](value) && /^(?!\.{1,2}$|-$)[^/]+$/.test(value as string)];

const OPTIONS: Shape = {
  accountId: ID,
  users: ["an array", Array.isArray],
  token: TEXT,
  now: ["a function", (value) => typeof value === "function"],
};

const USER: Shape = {
  userId: ID,
  role: oneOf("admin", "user", "contributor", "inference-user"),
  serviceAccount: FLAG,
};

const DEFAULT_USERS: readonly FakeUser[] = [
  { userId: "me", role: "admin" },
  { userId: "ci-bot", serviceAccount: true },
];

/** Makes a service in memory. Throws a `TypeError` that names what is wrong with the options. */
export function fakeFireworks(options: FakeFireworksOptions = {}): FakeFireworks {
  demand(options, "options", OPTIONS);
  const users = options.users ?? DEFAULT_USERS;
  for (const [at, user] of users.entries()) demand(user, `options.users[${at}]`, USER, ["userId"]);
  if (new Set(users.map(({ userId }) => userId)).size < users.length)
    throw misuse("options.users has a userId twice");
  const token = options.token ?? "fw_local_admin";
  const now = options.now ?? (() => Date.now());
  const accountId = options.accountId ?? "local";
  const account = createAccount(accountId, token, users, now);
  const faults = createFaults();
  const requests: FakeRequest[] = [];
  return {
    accountId,
    fetch: (input, init) =>
      fetched(input, init, (request) => exchange(account, faults, requests, request, now)),
    keys: account.stored,
    requests: () => structuredClone(requests),
    addFault: faults.add,
    faults: faults.list,
    clearFaults: faults.clear,
    removeUser: account.removeUser,
    reset() {
      account.reset();
      faults.clear();
      requests.length = 0;
    },
  };
}

/** Runs the exchange of a request, and rejects at once when the caller aborts: it is then done anyway. */
const fetched = (
  input: string | URL | Request,
  init: RequestInit | undefined,
  run: (request: Request) => Promise<Response>,
) =>
  new Promise<Response>((resolve, reject) => {
    const signal = init?.signal ?? (input as Partial<Request>).signal;
    signal?.throwIfAborted();
    // Without the signal, which may come from another realm, such as a simulated page.
    const request = new Request(input, { ...init, signal: null });
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    const left = () => signal?.removeEventListener("abort", abort);
    run(request).finally(left).then(resolve, reject);
  });
