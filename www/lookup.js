// What is looked up to connect: the accounts and users that a token sees, and what a 404 is about.

import { listAccounts, listUsers } from "./fireworks-keys/default.js";
import { idOf } from "./records.js";
import { urlOf } from "./service.js";

/** Nothing here is worth waiting for. */
const QUICK = { maxRetries: 0, timeoutMs: 10_000 };

/** The ids of the accounts that a token sees. */
export function accountsOf({ token, baseUrl }) {
  return idsOf(listAccounts({ token, baseUrl }));
}

/** The ids of the users and service accounts of an account. */
export function usersOf({ token, baseUrl, accountId }) {
  return idsOf(listUsers({ token, baseUrl, accountId, ...QUICK }));
}

async function idsOf(list) {
  const ids = [];
  for await (const resource of list) ids.push(idOf(resource));
  return ids.filter(Boolean);
}

/**
 * What the service does not know, after a 404: the field `userId`, `accountId` or `baseUrl`; undefined if
 * that is not known. The account is right if its users can be listed, and the address if an account can be.
 */
export async function missing({ token, baseUrl, accountId, userId }) {
  try {
    const ids = await usersOf({ token, baseUrl, accountId });
    return userId === "-" || ids.includes(userId) ? undefined : "userId";
  } catch (error) {
    if (error?.status !== 404) return undefined;
    // A sign-in page or a gateway has no code of the API's.
    if (typeof error.body?.code !== "number") return "baseUrl";
  }
  // Another path of the same host would not know the account, either.
  return urlOf(baseUrl)?.pathname === "/" ? "accountId" : undefined;
}
