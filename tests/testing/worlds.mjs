// The local emulator and the service in memory, behind one interface: a client, faults, and what is stored.

import { fakeFireworks } from "fireworks-keys/testing";
import { clientOf } from "../emulator/client.mjs";
import { startEmulator } from "../emulator/server.mjs";

/** The users of both. */
const USERS = [
  { userId: "me", role: "admin" },
  { userId: "ci-bot", serviceAccount: true },
  { userId: "ann", role: "contributor" },
  { userId: "bob", role: "inference-user" },
  { userId: "a b%ü" },
];

/** A page's fetch, which shows no answer that the service does not let the page read. */
async function pageFetch(url, init) {
  const headers = { ...init.headers, origin: "https://page.example" };
  const response = await fetch(url, { ...init, headers });
  if (!response.headers.has("access-control-allow-origin")) throw new TypeError("Failed to fetch");
  return response;
}

/** Starts the emulator. */
export async function emulatorWorld() {
  const users = USERS.map(({ userId, role = "user", serviceAccount }) =>
    [userId, role, ...(serviceAccount ? ["service-account"] : [])].join(":"),
  );
  const emulator = await startEmulator({ args: ["--faults", ...users.flatMap((user) => ["--user", user])] });
  const admin = clientOf(emulator.url);
  return {
    admin,
    page: clientOf(emulator.url, undefined, pageFetch),
    fault: ({ fault, ...where }) => admin.fault(fault, where),
    remove: (user) => admin.remove(user),
    now: Date.now,
    stored: () => admin.stored(),
    calm: () => admin.calm(),
    reset: () => admin.reset(),
    stop: () => emulator.stop(),
  };
}

/** Makes the service in memory. */
export async function fakeWorld() {
  const service = fakeFireworks({ users: USERS });
  const admin = clientOf("https://api.fireworks.ai", "fw_local_admin", service.fetch);
  return {
    admin,
    page: admin,
    fault: async (rule) => service.addFault(rule),
    remove: async (user) => service.removeUser(user),
    now: Date.now,
    stored: async () => service.keys(),
    calm: async () => service.clearFaults(),
    reset: async () => service.reset(),
    stop: async () => {},
  };
}
