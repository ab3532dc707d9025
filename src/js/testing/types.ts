// The types of what a test gives the service in memory, and of what it can see of it.

import type { Operation } from "./fault.js";

/** What a user may do: an administrator manages the keys of all users, everybody else their own. */
export type Role = "admin" | "user" | "contributor" | "inference-user";

/** A user or service account. */
export interface FakeUser {
  /** The id, such as `ci-bot`. */
  userId: string;
  /** @default "user" */
  role?: Role | undefined;
  /** @default false */
  serviceAccount?: boolean | undefined;
}

/** A key as the API shows it. */
export interface Key {
  keyId: string;
  displayName: string;
  createTime: string;
  secure: boolean;
  email: string;
  /** Its first characters, to recognise it by. */
  prefix: string;
  expireTime?: string;
  annotations?: Record<string, string>;
  lastUsed?: string;
}

/** A key as the service stores it: without its secret. */
export interface StoredKey extends Key {
  /** The id of the key's owner. */
  user: string;
  /** Whether it has expired. */
  expired: boolean;
}

/** A request that has arrived. It holds no token, no path and no body, as they may hold secrets. */
export interface FakeRequest {
  method: string;
  /** What it asks for; absent if the API has no such operation. */
  operation?: Operation;
  /** The id of the user in its path. */
  user?: string;
  /** The id of the user whose key it came with; absent for the administrator's token, or no valid key. */
  caller?: string;
  /** The status of its answer; absent if none was sent. */
  status?: number;
}
