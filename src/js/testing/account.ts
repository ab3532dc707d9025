// The account, its users and their keys, in memory, and what the operations of the API do with them. Secrets
// are looked up in a map that nothing hands out, and forgotten with their key.

import type { Operation } from "./fault.js";
import { checkQuery, maskOf, type Row, readPage, type Table, type Tokens } from "./page.js";
import { letters } from "./random.js";
import { invalid, missing, refusal } from "./refusal.js";
import { demand, FLAG, type Kind, OBJECT, type Shape, TEXT, TEXTS } from "./shape.js";
import { isLater, normalised, written } from "./time.js";
import type { FakeUser, Key, Role, StoredKey } from "./types.js";

/** A request for an operation, once it is known who asks. */
export interface Call {
  readonly operation: Operation;
  /** The ids in the path, or `""`. */
  readonly account: string;
  readonly user: string;
  readonly query: URLSearchParams;
  /** Reads the body; throws a refusal if it is not JSON. */
  readonly body: () => unknown;
  /** Whether a new key loses its annotations. */
  readonly strips: boolean;
}

/** The body of a create or a delete. */
type Asked = { apiKey?: Partial<Key>; keyId?: string };
type KeyRow = Row<Readonly<Record<string, unknown>> & Key>;
type User = { name: string; email: string; role: Role; displayName: string; createTime: string };

/** How many characters of a key are shown. */
const PREFIX = 7;

const ACCOUNTS: Table = {
  name: "accounts",
  text: ["name", "displayName", "email", "state"],
  number: ["createTime"],
  record: [],
  secret: [],
};

const USERS: Table = {
  ...ACCOUNTS,
  name: "users",
  text: ["role", ...ACCOUNTS.text],
  number: ["serviceAccount", "createTime"],
};

const KEYS: Table = {
  name: "apiKeys",
  text: ["keyId", "displayName", "email", "prefix"],
  number: ["createTime", "secure", "expireTime", "lastUsed"],
  record: ["annotations"],
  secret: ["key"],
};

/** How many of the query's parameters an operation takes; none if it is not here. */
const QUERIES: Partial<Record<Operation, number>> = { list: 5, users: 5, accounts: 4, account: 1 };

const TIME: Kind = [
  "an RFC 3339 time",
  (value) => typeof value === "string" && normalised(value) !== undefined,
];

/** What the bodies of a create and a delete hold. */
const ASKED = { apiKey: OBJECT, keyId: TEXT };

/** What a create may say of its key. What only the service can say is checked and ignored. */
const NEW_KEY: Shape = {
  displayName: TEXT,
  expireTime: TIME,
  annotations: TEXTS,
  keyId: TEXT,
  key: TEXT,
  createTime: TIME,
  secure: FLAG,
  email: TEXT,
  prefix: TEXT,
  lastUsed: TIME,
};

/** An account with its users and keys. */
export type Account = ReturnType<typeof createAccount>;

/** Makes an account with these users. */
export function createAccount(id: string, token: string, given: readonly FakeUser[], ms: () => number) {
  let seq = 0;
  const now = () => written(ms());
  /** The keys that exist, by their secrets, oldest first. */
  const keys = new Map<string, KeyRow>();
  const tokens: Tokens = new Map();
  const known = { state: "READY", createTime: now() };
  const resource = { name: `accounts/${id}`, displayName: id, email: `${id}@example.com`, ...known };
  let users = given.map(({ userId, role, serviceAccount }): Row<User> => {
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
  const isExpired = ({ expireTime }: { expireTime?: string | undefined }) =>
    expireTime !== undefined && !isLater(expireTime, now());

  const create = ({ user, item: { email } }: Row<User>, apiKey: Partial<Key>, strips: boolean) => {
    const expireTime = normalised(apiKey.expireTime ?? "");
    const key = `fw_${letters(24)}`;
    const item = {
      keyId: letters(16),
      displayName: apiKey.displayName || "default",
      createTime: now(),
      secure: true,
      email,
      prefix: key.slice(0, PREFIX),
      ...(expireTime && { expireTime }),
      ...(!strips && apiKey.annotations && { annotations: apiKey.annotations }),
    };
    keys.set(key, { seq: ++seq, user, item });
    return { ...item, key };
  };

  return {
    /** Every key that is stored, the expired ones too. */
    stored(): StoredKey[] {
      const rows = [...keys.values()];
      return rows.map(({ user, item }) => structuredClone({ ...item, user, expired: isExpired(item) }));
    },

    /** Removes every key. */
    reset(): void {
      keys.clear();
      tokens.clear();
    },

    /** Removes a user. Their keys stay, and are of no use. */
    removeUser(userId: string): void {
      users = users.filter(({ user }) => user !== userId);
    },

    /**
     * Returns the user whose key this token is, and notes that it was used; undefined for the administrator's
     * token, which belongs to no user. Throws a refusal if it is neither.
     */
    caller(given: string): Row<User> | undefined {
      if (given === token) return undefined;
      const key = keys.get(given);
      const caller = key && !isExpired(key.item) && users.find(({ user }) => user === key.user);
      if (!caller) throw refusal(401, 16, "the API key is not valid");
      keys.set(given, { ...key, item: { ...key.item, lastUsed: now() } });
      return caller;
    },

    /** Does what a call asks for. Throws a refusal if the caller may not, or if the call is wrong. */
    serve(caller: Row<User> | undefined, call: Call): object {
      const { operation, account, user, query, body } = call;
      checkQuery(query, QUERIES[operation] ?? 0);
      const page = (table: Table, rows: readonly Row<object>[]) =>
        readPage(table, user, rows as readonly Row[], query, tokens);
      if (operation === "accounts") return page(ACCOUNTS, [{ seq: 0, user, item: resource }]);
      if (account !== id) throw missing("account");
      if (operation === "account") return maskOf(ACCOUNTS, query.get("readMask") ?? "")(resource);
      if (operation === "users") return page(USERS, users);
      const isDash = user === "-";
      const isList = operation === "list";
      if (isDash && !isList) throw invalid('"-" is for lists only');
      if (caller && caller.user !== user && caller.item.role !== "admin") {
        throw refusal(403, 7, "only an administrator may do this");
      }
      const asked: Asked = isList ? {} : (body() as Asked);
      const member = operation === "create" ? "apiKey" : "keyId";
      if (!isList) demand(asked, "body", { [member]: ASKED[member] }, [member], invalid);
      const { apiKey } = asked;
      if (apiKey) demand(apiKey, "apiKey", NEW_KEY, [], invalid);
      // What is as of now has expired.
      const expireTime = apiKey?.expireTime;
      if (expireTime && isExpired({ expireTime: normalised(expireTime) })) {
        throw invalid("apiKey.expireTime must be in the future");
      }
      const owner = users.find((each) => each.user === user);
      if (!owner && !isDash) throw missing("user");
      if (owner && apiKey) return create(owner, apiKey, call.strips);
      const own = [...keys].filter(([, key]) => isDash || key.user === user);
      if (isList)
        return page(
          KEYS,
          own.map(([, key]) => key),
        );
      const [secret = ""] = own.find(([, { item }]) => item.keyId === asked.keyId) ?? [];
      if (!keys.delete(secret)) throw missing("key");
      return {};
    },
  };
}
