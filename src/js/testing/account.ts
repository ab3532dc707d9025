// The account, its users and their keys, in memory, and what the operations of the API do with them. Secrets
// are in rows that nothing hands out. Deleted keys stay there, as something may lag behind their deletion.

import type { FaultMembers, Operation } from "./fault.js";
import {
  MASKED,
  maskOf,
  PAGED,
  type Row,
  readPage,
  SECRET,
  SORTED,
  type Table,
  type Tokens,
} from "./page.js";
import { letters } from "./random.js";
import { invalid, missing, refusal } from "./refusal.js";
import { demand, FLAG, misuse, OBJECT, type Shape, TEXT, TEXTS } from "./shape.js";
import { hasEnded, normalised, TIME, written } from "./time.js";
import type { FakeRequest, FakeUser, Key, Role, StoredKey } from "./types.js";

/** A request for an operation. */
export interface Call {
  readonly operation: Operation;
  readonly token: string;
  /** The ids in the path, or `""`. */
  readonly account: string;
  readonly user: string;
  readonly query: URLSearchParams;
  /** Reads the body; throws a refusal if it is not JSON. */
  readonly body: () => unknown;
  readonly fault: FaultMembers;
  /** When it is served, in milliseconds since 1970. */
  readonly now: number;
  readonly noted: FakeRequest;
}

/** The body of a create or a delete. */
type Asked = { apiKey?: Partial<Key>; keyId?: string };
type User = { name: string; email: string; role: Role; displayName: string; createTime: string };

interface KeyRow extends Row<Readonly<Record<string, unknown>> & Key> {
  readonly key: string;
  /** When it was created and deleted, in milliseconds, by the clock that no fault changes. */
  readonly since: number;
  /** NaN, which compares with nothing, until it is deleted. */
  until: number;
}

/** The largest page, which is also the usual one. */
const LARGEST_PAGE = 1_000;

const ACCOUNTS: Table = {
  name: "accounts",
  fields: { name: TEXT, displayName: TEXT, email: TEXT, state: TEXT, createTime: TIME },
};

const USERS: Table = { name: "users", fields: { ...ACCOUNTS.fields, role: TEXT, serviceAccount: FLAG } };

/** A create may name all of these. What only the service can say is checked and ignored. */
const KEYS: Table = {
  name: "apiKeys",
  fields: {
    keyId: TEXT,
    displayName: TEXT,
    email: TEXT,
    prefix: TEXT,
    createTime: TIME,
    secure: FLAG,
    expireTime: TIME,
    lastUsed: TIME,
    annotations: TEXTS,
    key: SECRET,
  },
};

/** What the query of an operation may hold; nothing if it is not here. */
const QUERIES: Partial<Record<Operation, Shape>> = {
  list: SORTED,
  users: SORTED,
  accounts: PAGED,
  account: MASKED,
};

/** An account with its users and keys. */
export type Account = ReturnType<typeof createAccount>;

/** Makes an account with these users. */
export function createAccount(id: string, token: string, given: readonly FakeUser[], clock: () => number) {
  let seq = 0;
  /** All keys, oldest first, the deleted ones too. */
  let keys: KeyRow[] = [];
  const tokens: Tokens = new Map();
  const known = { state: "READY", createTime: written(clock()) };
  const resource = { name: `accounts/${id}`, displayName: id, email: `${id}@example.com`, ...known };
  const everybody = given.map(({ userId, role, serviceAccount }): Row<User> => {
    const item = {
      name: `accounts/${id}/users/${userId}`,
      email: `${userId}@${serviceAccount ? `${id}.sa.fireworks.ai` : "example.com"}`,
      role: role ?? "user",
      displayName: userId,
      serviceAccount: serviceAccount ?? false,
      ...known,
    };
    return { seq: ++seq, user: userId, item };
  });
  let users = everybody;

  /** The keys that are there, or were there so many milliseconds ago. */
  const present = (ms?: number) => {
    const at = ms ? clock() - ms : Infinity;
    return keys.filter(({ since, until }) => since <= at && !(until <= at));
  };

  return {
    /** Every key that is stored, the expired ones too. */
    stored: (): StoredKey[] =>
      present().map(({ user, item }) =>
        structuredClone({ ...item, user, expired: hasEnded(item.expireTime, written(clock())) }),
      ),

    /** Removes every key, and brings removed users back. */
    reset(): void {
      keys = [];
      tokens.clear();
      users = everybody;
    },

    /** Removes a user. Their keys stay, and are of no use. Throws a `TypeError` if there is no such user. */
    removeUser(userId: string): void {
      const others = users.filter(({ user }) => user !== userId);
      if (others.length === users.length) throw misuse("no such user");
      users = others;
    },

    /**
     * Does what a call asks for, and notes who asked. Throws a refusal if they may not, or if the call is
     * wrong.
     */
    serve({ operation, account, user, fault, noted, ...call }: Call): object {
      const { kind, ms, characters = Infinity } = fault;
      const now = written(call.now);
      // The administrator's token belongs to no user.
      const row = present(kind === "key-lag" ? ms : 0).find(({ key }) => key === call.token);
      const caller = users.find((each) => each.user === row?.user);
      if (row && caller && !hasEnded(row.item.expireTime, now)) {
        row.item = { ...row.item, lastUsed: now };
        noted.caller = caller.user;
      } else if (call.token !== token) throw refusal(401, 16, "no valid API key");

      const query: Record<string, string> = Object.fromEntries(call.query);
      if (Object.keys(query).length < [...call.query].length) throw invalid("query has a member twice");
      const isWhole = kind === "no-paging";
      if (isWhole) query.pageSize = query.pageToken = "";
      demand(query, "query", QUERIES[operation] ?? {}, [], invalid);
      const page = (table: Table, rows: readonly Row<object>[]) =>
        readPage(table, user, rows as readonly Row[], query, tokens, isWhole ? Infinity : LARGEST_PAGE);
      if (operation === "accounts") return page(ACCOUNTS, [{ seq: 0, user, item: resource }]);
      if (account !== id) throw missing("account");
      if (operation === "account") return maskOf(ACCOUNTS, query.readMask)(resource);
      if (operation === "users") return page(USERS, users);

      const isDash = user === "-";
      const isList = operation === "list";
      if (isDash && !isList) throw invalid('"-" is only for lists');
      if (caller && caller.user !== user && caller.item.role !== "admin") {
        throw refusal(403, 7, "user is no admin");
      }
      const asked: Asked = isList ? {} : (call.body() as Asked);
      const shape: Shape = operation === "create" ? { apiKey: OBJECT } : { keyId: TEXT };
      if (!isList) demand(asked, "body", shape, Object.keys(shape), invalid);
      const { apiKey = {}, keyId } = asked;
      demand(apiKey, "apiKey", KEYS.fields, [], invalid);
      const { displayName, annotations } = apiKey;
      const expireTime = normalised(apiKey.expireTime ?? "");
      // What is as of now has expired.
      if (hasEnded(expireTime, now)) throw invalid("apiKey.expireTime is over");
      if (Object.values(annotations ?? {}).some((text) => [...text].length > characters)) {
        throw invalid("apiKey.annotations is too large");
      }
      const owner = users.find((each) => each.user === user);
      if (!owner && !isDash) throw missing("user");
      if (owner && operation === "create") {
        const key = `fw_${letters(24)}`;
        const item = {
          keyId: letters(16),
          displayName: displayName || "default",
          createTime: now,
          secure: true,
          email: owner.item.email,
          prefix: key.slice(0, 7),
          ...(expireTime && { expireTime }),
          ...(kind !== "strip-annotations" && annotations && { annotations }),
        };
        keys.push({ seq: ++seq, user, item, key, since: clock(), until: NaN });
        return { ...item, key };
      }
      const own = present(kind === "list-lag" ? ms : 0).filter((each) => isDash || each.user === user);
      if (isList) return page(KEYS, own);
      const deleted = own.find(({ item }) => item.keyId === keyId);
      if (!deleted) throw missing("key");
      deleted.until = clock();
      return {};
    },
  };
}
