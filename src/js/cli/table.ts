// Tables for people. What the service tells comes from strangers: it cannot move the cursor or turn the text.

import type { ApiKey, AuditedKey, User } from "fireworks-keys";
import { visible } from "./output.js";

/** A table's columns: the title and the text of each, of one row's item. */
export type Columns<Item> = Readonly<Record<string, (item: Item) => unknown>>;

/** An account as the service describes it. */
export interface Account {
  readonly [field: string]: unknown;
}

const KEY: Columns<ApiKey> = {
  "KEY ID": ({ keyId }) => keyId,
  "NAME": ({ displayName }) => displayName,
  "OWNER": ({ email }) => email,
  "PREFIX": ({ prefix }) => prefix,
};

/** Of keys. */
export const KEYS: Columns<ApiKey> = {
  ...KEY,
  "CREATED": ({ createTime }) => createTime,
  "EXPIRES": ({ expireTime }) => expireTime ?? "never",
  "LAST USED": ({ lastUsed }) => lastUsed ?? "never",
};

/** Of keys and what is risky about them. */
export const AUDITED: Columns<AuditedKey> = {
  ...Object.fromEntries(
    Object.entries(KEY).map(([title, of]) => [title, ({ key }: AuditedKey) => of(key)] as const),
  ),
  "FINDINGS": ({ findings }) => findings.map(({ type }) => type).join(", "),
};

/** Of users. */
export const USERS: Columns<User> = {
  "USER ID": ({ name }) => idIn(name),
  "NAME": ({ displayName }) => displayName,
  "E-MAIL": ({ email }) => email,
  "ROLE": ({ role }) => role,
  "SERVICE ACCOUNT": ({ serviceAccount }) => (serviceAccount ? "yes" : "no"),
  "STATE": ({ state }) => state,
};

/** Of accounts. */
export const ACCOUNTS: Columns<Account> = {
  "ACCOUNT ID": ({ name }) => idIn(name),
  "NAME": ({ displayName }) => displayName,
  "E-MAIL": ({ email }) => email,
  "STATE": ({ state }) => state,
};

/** The last part of a resource name. */
function idIn(name: unknown): unknown {
  return typeof name === "string" ? name.slice(name.lastIndexOf("/") + 1) : name;
}

/** The rows under their titles, in columns. */
export function table<Item>(columns: Columns<Item>, items: readonly Item[]): string {
  const rows = items.map((item) => Object.values(columns).map((of) => cell(of(item))));
  const titles = Object.keys(columns);
  const widths = titles.map((title, at) =>
    rows.reduce((width, row) => Math.max(width, lengthOf(row[at])), title.length),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((text, at) => text + " ".repeat((widths[at] ?? 0) - lengthOf(text))).join("  ");
  return [titles, ...rows].map((cells) => line(cells).trimEnd()).join("\n");
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === "") return "-";
  return visible(typeof value === "string" ? value : JSON.stringify(value));
}

function lengthOf(text: string | undefined): number {
  return Array.from(text ?? "").length;
}
