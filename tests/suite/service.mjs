// What the cases share: functions for the emulator, and assertions. Uses only web standards.

/** The arguments to start the emulator with. */
export const emulatorArguments = [
  ...["--faults", "--account", "local", "--token", "fw_local_admin"],
  ...["--user", "me:admin", "--user", "ci-bot:user:service-account", "--user", "ü %2e?#"],
  ...["--user", "lister:user:service-account", "--user", "orphaned:user:service-account"],
  // Those whose lists and deletions meet faults: a look that another case has left would meet them as well.
  ...["--user", "looked-at:user:service-account", "--user", "given-up:user:service-account"],
  ...["--user", "aborted:user:service-account", "--user", "counted:user:service-account"],
  ...["--user", "rotated:user:service-account", "--user", "audited:user:service-account"],
  ...["--user", "redirected:user:service-account", "--user", "slowed:user:service-account"],
  ...["--user", "delayed:user:service-account"],
];

/** Options that create a key at this emulator. */
export function connection(api, userId = "ci-bot") {
  return { token: "fw_local_admin", accountId: "local", userId, baseUrl: api };
}

/**
 * Sends the emulator a control request, and resolves to its answer. Throws if the emulator refuses it,
 * because a test without its fault would prove nothing. The emulator refuses pages of other origins, so a
 * page asks its own server, which passes the request on.
 */
export async function control(api, method, path, body) {
  const at = globalThis.document ? "" : api;
  const response = await fetch(`${at}/_emulator${path}`, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /_emulator${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Adds a fault rule, for creates unless `order` names another operation. */
export function fault(api, fault, order = {}) {
  return control(api, "POST", "/faults", { operation: "create", ...order, fault });
}

/** Removes all fault rules. */
export function calm(api) {
  return control(api, "DELETE", "/faults");
}

/** Resets the emulator: no keys, no fault rules. */
export function reset(api) {
  return control(api, "DELETE", "");
}

/** The keys that the emulator stores, of all users or of one. */
export async function storedKeys(api, userId) {
  const { keys } = await control(api, "GET", "/keys");
  return userId === undefined ? keys : keys.filter(({ user }) => user === userId);
}

/**
 * A fetch that counts its requests. The emulator's own count also includes late sweeps of other cases.
 */
export function countingFetch() {
  const counting = (url, init) => {
    counting.count += 1;
    return fetch(url, init);
  };
  counting.count = 0;
  return counting;
}

/** Whether the runtime's own fetch repeats requests: then a create ends with a look at the user's keys. */
export const repeats = () => /^(Mozilla|Deno)\//.test(globalThis.navigator?.userAgent ?? "");

/** Whether the runtime lives on after an answer. The package has the same rule for the looks that follow. */
export const livesOn = () => !("WebSocketPair" in globalThis || "EdgeRuntime" in globalThis);

/** What a create says of its orphans when it has found as many as it lost answers. */
export const accounted = () => (repeats() ? "unaccounted" : "swept");

/** Returns the error of a promise that must reject. */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`should have been rejected, and resolved to ${JSON.stringify(value)}`);
}

/** Returns the error of a promise that must reject with this class. */
export async function rejectionOf(Class, promise) {
  const error = await rejection(promise);
  if (error instanceof Class) return error;
  throw new Error(`should be ${Class.name}: ${error?.stack ?? error}`, { cause: error });
}

/** Throws unless the two values are identical, or equal as JSON. */
export function equal(actual, expected, what) {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (actual !== expected && seen !== wanted) {
    throw new Error(`${what}: ${seen} should be ${wanted}`);
  }
}

/** Throws unless the condition is true. */
export function holds(condition, what) {
  if (!condition) throw new Error(what);
}
