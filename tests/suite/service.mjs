// What the cases share: an emulator to talk to, and ways to say what must hold. Web standards only.

/** What the emulator is started with. */
export const emulatorArguments = [
  ...["--faults", "--account", "local", "--token", "fw_local_admin"],
  ...["--user", "me:admin", "--user", "ci-bot:user:service-account", "--user", "ü %2e?#"],
  ...["--user", "lister:user:service-account", "--user", "orphaned:user:service-account"],
  ...["--user", "rotated:user:service-account", "--user", "audited:user:service-account"],
];

/** Options that create a key at this emulator. */
export function connection(api, userId = "ci-bot") {
  return { token: "fw_local_admin", accountId: "local", userId, baseUrl: api };
}

/**
 * Sends the emulator an order, and resolves to its answer. Throws what the emulator says if it refuses:
 * a test that runs without the trouble it asked for proves nothing.
 */
export async function control(api, method, path, body) {
  const response = await fetch(`${api}/_emulator${path}`, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /_emulator${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Asks for trouble, with creates unless told otherwise. */
export function fault(api, fault, order = {}) {
  return control(api, "POST", "/faults", { operation: "create", ...order, fault });
}

/** Ends all trouble. */
export function calm(api) {
  return control(api, "DELETE", "/faults");
}

/** Starts afresh: no keys, no trouble. */
export function reset(api) {
  return control(api, "DELETE", "");
}

/** The keys that the emulator has, of everyone or of one user. */
export async function storedKeys(api, userId) {
  const { keys } = await control(api, "GET", "/keys");
  return userId === undefined ? keys : keys.filter(({ user }) => user === userId);
}

/**
 * A fetch that counts its requests. The emulator's own count includes those of other cases, whose late
 * sweeps may still be running.
 */
export function countingFetch() {
  const counting = (url, init) => {
    counting.count += 1;
    return fetch(url, init);
  };
  counting.count = 0;
  return counting;
}

/**
 * Whether the runtime repeats requests by itself, as the package is told: a create there ends with a
 * look at the user's keys.
 */
export const repeats = () => /^(Mozilla|Deno)\//.test(globalThis.navigator?.userAgent ?? "");

/** What a promise is rejected with. */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`should have been rejected, and resolved to ${JSON.stringify(value)}`);
}

/** What a promise is rejected with, which must be of this class. */
export async function rejectionOf(Class, promise) {
  const error = await rejection(promise);
  if (error instanceof Class) return error;
  throw new Error(`should be ${Class.name}: ${error?.stack ?? error}`, { cause: error });
}

/** Two values must be the same, or the same as JSON. */
export function equal(actual, expected, what) {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (actual !== expected && seen !== wanted) {
    throw new Error(`${what}: ${seen} should be ${wanted}`);
  }
}

/** Something must be true. */
export function holds(condition, what) {
  if (!condition) throw new Error(what);
}
