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

/** Starts the emulator. */
export async function emulatorWorld() {
  const users = USERS.map(({ userId, role = "user", serviceAccount }) =>
    [userId, role, ...(serviceAccount ? ["service-account"] : [])].join(":"),
  );
  const emulator = await startEmulator({ args: ["--faults", ...users.flatMap((user) => ["--user", user])] });
  const admin = clientOf(emulator.url);
  return {
    admin,
    fault: ({ fault, ...where }) => admin.fault(fault, where),
    stored: () => admin.stored(),
    calm: () => admin.calm(),
    reset: () => admin.reset(),
    stop: () => emulator.stop(),
  };
}

/** Makes the service in memory. */
export async function fakeWorld() {
  const service = fakeFireworks({ users: USERS });
  return {
    admin: clientOf("https://api.fireworks.ai", "fw_local_admin", service.fetch),
    fault: async (rule) => service.addFault(rule),
    stored: async () => service.keys(),
    calm: async () => service.clearFaults(),
    reset: async () => service.reset(),
    stop: async () => {},
  };
}
