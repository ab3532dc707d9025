// Which service is asked, and with what. No token of the environment goes to another machine without --live.

/** The real service. */
const SERVICE = "https://api.fireworks.ai";

/** What the emulator has if nothing else is said. */
const LOCAL = {
  FIREWORKS_API_KEY: "fw_local_admin",
  FIREWORKS_ACCOUNT_ID: "local",
  FIREWORKS_USER_ID: "ci-bot",
};

/** What is wrong with the command line or the environment. */
export class Misuse extends Error {
  name = "Misuse";
}

/** Reads the options, and returns which service is asked and how; without a `baseUrl` an own emulator. */
export function readTarget({ live = false, baseUrl }, environment) {
  const url = baseUrl === undefined ? (live ? new URL(SERVICE) : undefined) : parsed(baseUrl);
  if (url && !isLoopback(url.hostname)) {
    if (!live) throw new Misuse("--base-url is on another machine: that needs --live, as your keys go there");
    if (url.protocol !== "https:") throw new Misuse("--base-url must be https: on another machine");
  }
  const own = url === undefined || (isLoopback(url.hostname) && !live);
  // An emulator that was started for this run has its own names, whatever the environment says.
  const values = url === undefined ? LOCAL : own ? { ...LOCAL, ...given(environment) } : given(environment);
  for (const name of Object.keys(LOCAL)) {
    if (values[name] === undefined) throw new Misuse(`--live needs the environment variable ${name}`);
  }
  const accountId = id("FIREWORKS_ACCOUNT_ID", values.FIREWORKS_ACCOUNT_ID);
  const userId = id("FIREWORKS_USER_ID", values.FIREWORKS_SERVICE_ACCOUNT_ID ?? values.FIREWORKS_USER_ID);
  return {
    baseUrl: url?.href.replace(/\/$/, ""),
    token: values.FIREWORKS_API_KEY,
    adminToken: values.FIREWORKS_ADMIN_API_KEY,
    accountId,
    userId,
    ...pathsOf(accountId, userId),
  };
}

function pathsOf(accountId, userId) {
  const usersPath = `/v1/accounts/${encodeURIComponent(accountId)}/users`;
  const keysPathOf = (user) => `${usersPath}/${encodeURIComponent(user)}/apiKeys`;
  return { usersPath, keysPathOf, keysPath: keysPathOf(userId) };
}

/** The variables that have a value. */
function given(environment) {
  const names = [...Object.keys(LOCAL), "FIREWORKS_SERVICE_ACCOUNT_ID", "FIREWORKS_ADMIN_API_KEY"];
  return Object.fromEntries(
    names.filter((name) => environment[name]).map((name) => [name, environment[name]]),
  );
}

function id(name, value) {
  if (/[/\s]/.test(value) || ["-", ".", ".."].includes(value)) {
    throw new Misuse(`${name} must be a bare id, such as acme, and not a resource name`);
  }
  return value;
}

function parsed(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol))
    throw new Misuse("--base-url must be an http(s) URL");
  if (url.username || url.password || url.search || url.hash) {
    throw new Misuse("--base-url must hold no user, password, query or fragment");
  }
  return url;
}

/** Whether a host of a parsed URL is this machine. A name that only resolves to it is not. */
export function isLoopback(hostname) {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
