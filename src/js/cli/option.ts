// The options of the command line. Each is an option of the package's function in kebab-case, or belongs to
// the command itself.

/** What an option's value is. */
export type Kind = "text" | "flag" | "number" | "lifetime" | "pairs" | "findings";

/** An option: what its value is, and what it means. */
export interface Option {
  readonly kind: Kind;
  /** Its value in the help. */
  readonly value?: string;
  readonly help: string;
  /** The environment variable that it comes from if it is not given. */
  readonly variable?: string;
}

/** Options by their names in the package. */
export type Options = Readonly<Record<string, Option>>;

/** How to reach the service. */
const CONNECTION: Options = {
  baseUrl: { kind: "text", value: "URL", help: "the API's address" },
  allowHttp: { kind: "flag", help: "allow http: to another machine" },
  timeoutMs: { kind: "number", value: "MS", help: "limit of one attempt (30000)" },
  totalTimeoutMs: { kind: "number", value: "MS", help: "limit of the whole operation (120000)" },
  maxRetries: { kind: "number", value: "N", help: "retries of a failed request (2)" },
};

const JSON_OUTPUT: Options = { json: { kind: "flag", help: "print JSON instead of a table" } };

const ACCOUNT: Options = {
  accountId: { kind: "text", value: "ID", help: "the account", variable: "FIREWORKS_ACCOUNT_ID" },
};

const OF_USER: Options = {
  ...ACCOUNT,
  userId: { kind: "text", value: "ID", help: "the keys' user", variable: "FIREWORKS_USER_ID" },
};

const EXPIRY: Options = {
  expiresIn: { kind: "lifetime", value: "TIME", help: "how long the key lives: 30d, 12h, 90 (s), never" },
  expireTime: { kind: "text", value: "TIME", help: "when the key ends, RFC 3339" },
};

const EXEC: Options = {
  exec: { kind: "text", value: "COMMAND", help: "give the key to a command on standard input" },
};

const PAGES: Options = {
  pageSize: { kind: "number", value: "N", help: "items per request" },
  filter: { kind: "text", value: "FILTER", help: "which to list, as an AIP-160 filter" },
};

const LIST: Options = {
  ...PAGES,
  orderBy: { kind: "text", value: "FIELDS", help: "the order: fields, each with an optional desc" },
};

const KEY: Options = { keyId: { kind: "text", value: "ID", help: "the key" } };

/** A command's options, and whether the key's id may stand without `--key-id`. */
export interface Command {
  readonly help: string;
  readonly options: Options;
  readonly takesKey?: true;
}

/** The commands. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  create: {
    help: "create a key",
    options: {
      ...OF_USER,
      ...EXPIRY,
      displayName: { kind: "text", value: "NAME", help: "the key's name" },
      annotation: { kind: "pairs", value: "NAME=TEXT", help: "a label; may be repeated" },
      attemptTag: { kind: "text", value: "TAG", help: "marks what this create makes" },
      print: { kind: "flag", help: "print the key" },
      output: { kind: "text", value: "FILE", help: "write the key into a new file that only you may read" },
      ...EXEC,
      ...JSON_OUTPUT,
      ...CONNECTION,
    },
  },
  list: { help: "list keys", options: { ...OF_USER, ...LIST, ...JSON_OUTPUT, ...CONNECTION } },
  audit: {
    help: "say which keys are a risk",
    options: {
      ...OF_USER,
      ...PAGES,
      staleAfter: { kind: "lifetime", value: "TIME", help: "unused for so long is stale (90d)" },
      expiringWithin: { kind: "lifetime", value: "TIME", help: "ending within this is soon (14d)" },
      failOn: { kind: "findings", value: "FINDINGS", help: "exit with 1 if there is one of these, a,b" },
      ...JSON_OUTPUT,
      ...CONNECTION,
    },
  },
  rotate: {
    help: "replace a key: the command of --exec stores the new one",
    takesKey: true,
    options: {
      ...OF_USER,
      ...KEY,
      ...EXEC,
      ...EXPIRY,
      keep: { kind: "number", value: "N", help: "earlier generations that stay alive (1)" },
      noVerify: { kind: "flag", help: "do not try the new key before it is stored" },
      onUnfinished: { kind: "text", value: "WHAT", help: "error or delete" },
      ...JSON_OUTPUT,
      ...CONNECTION,
    },
  },
  delete: {
    help: "delete a key, or what a create has left behind",
    takesKey: true,
    options: {
      ...OF_USER,
      ...KEY,
      missingOk: { kind: "flag", help: "succeed if the user has no such key" },
      attemptTag: { kind: "text", value: "TAG", help: "delete the keys with this create's tag instead" },
      keepKeyId: { kind: "text", value: "ID", help: "with --attempt-tag: the key that is held" },
      ...JSON_OUTPUT,
      ...CONNECTION,
    },
  },
  accounts: { help: "list the accounts of the token", options: { ...LIST, ...JSON_OUTPUT, ...CONNECTION } },
  users: {
    help: "list users and service accounts",
    options: { ...ACCOUNT, ...LIST, ...JSON_OUTPUT, ...CONNECTION },
  },
};

/** An option's name on the command line. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
