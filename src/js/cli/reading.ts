// `list`, `audit`, `users` and `accounts`: what changes nothing.

import type { AuditApiKeysOptions, ListApiKeysOptions, ListUsersOptions } from "fireworks-keys";
import * as fireworks from "fireworks-keys";
import { CODE, type Code, codeOf, UsageError } from "./code.js";
import { say, toJson } from "./output.js";
import type { Session } from "./session.js";
import { ACCOUNTS, type Account, AUDITED, type Columns, KEYS, table, USERS } from "./table.js";

/** The options as the package takes them, without the command's own. */
async function optionsOf<Options>(session: Session): Promise<Options> {
  const { json, failOn, ...asked } = session.values;
  const { onEvent } = session.progress();
  return { ...asked, ...(await session.connection()), onEvent } as Options;
}

/** Lists keys. */
export function listKeys(session: Session): Promise<Code> {
  return list(session, KEYS, (options: ListApiKeysOptions) => fireworks.listApiKeys(options));
}

/** Lists users. */
export function listUsers(session: Session): Promise<Code> {
  return list(session, USERS, (options: ListUsersOptions) => fireworks.listUsers(options));
}

/** Lists accounts. */
export function listAccounts(session: Session): Promise<Code> {
  const { listAccounts } = fireworks as { listAccounts?: (options: object) => AsyncIterable<Account> };
  if (!listAccounts) throw new UsageError("this version of fireworks-keys cannot list accounts");
  return list(session, ACCOUNTS, listAccounts);
}

async function list<Item>(
  session: Session,
  columns: Columns<Item>,
  ask: (options: never) => AsyncIterable<Item>,
): Promise<Code> {
  const items: Item[] = [];
  try {
    for await (const item of ask(await optionsOf<never>(session))) items.push(item);
  } catch (error) {
    return failed(session, error);
  }
  session.print(session.values.json ? toJson(items) : table(columns, items));
  return CODE.done;
}

function failed(session: Session, error: unknown): Code {
  if (session.isEnding(error)) return CODE.refused;
  session.sayError(error);
  return codeOf(error, "reads");
}

/** Audits keys, and fails where that was asked for. */
export async function audit(session: Session): Promise<Code> {
  const { json, failOn = [] } = session.values as { json?: true; failOn?: fireworks.Finding["type"][] };
  let audit: fireworks.Audit;
  try {
    audit = await fireworks.auditApiKeys(await optionsOf<AuditApiKeysOptions>(session));
  } catch (error) {
    return failed(session, error);
  }
  const risky = audit.keys.filter(({ findings }) => findings.length > 0);
  session.print(json ? toJson(audit) : table(AUDITED, risky));
  if (!json) say(`${audit.keys.length} keys, ${risky.length} of them with findings`);
  return failOn.some((type) => audit.counts[type] > 0) ? CODE.found : CODE.done;
}
