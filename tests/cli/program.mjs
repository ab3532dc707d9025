// Runs the built program for the terminal against an emulator, as a shell or a CI job would.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientOf } from "../emulator/client.mjs";
import { startEmulator } from "../emulator/server.mjs";

/** The program. */
export const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** The emulator's administrator. */
export const TOKEN = "fw_local_admin";

/** Starts an emulator, and returns functions to run commands against it. */
export async function startService() {
  const emulator = await startEmulator({ args: ["--faults"], readLog: false });
  const folder = await mkdtemp(join(tmpdir(), "fireworks-keys-"));
  const environment = {
    ...process.env,
    FIREWORKS_API_KEY: TOKEN,
    FIREWORKS_ACCOUNT_ID: "local",
    FIREWORKS_USER_ID: "ci-bot",
  };
  const client = clientOf(emulator.url);
  /** Starts a command. Its standard input is left open if `input` is null. */
  const start = (args, { env = {}, stdout = "pipe", input, shell } = {}) => {
    const [name, ...others] = args;
    const given = ["--base-url", emulator.url, "--timeout-ms", "60000", ...others];
    const words = [PROGRAM, ...(name === undefined ? [] : [name, ...given])];
    const [command, rest] = shell
      ? ["sh", ["-c", shell, process.execPath, ...words]]
      : [process.execPath, words];
    const child = spawn(command, rest, {
      cwd: folder,
      env: { ...environment, ...env },
      stdio: ["pipe", stdout, "pipe"],
    });
    if (input !== null) child.stdin.end(input);
    const said = { out: "", err: "" };
    child.stdout?.setEncoding("utf8").on("data", (text) => (said.out += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (said.err += text));
    const ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, ...said }));
    });
    return { child, said, ended };
  };
  return {
    url: emulator.url,
    folder,
    client,
    path: (name) => join(folder, name),
    start,
    run: (...given) => start(...given).ended,
    /** The keys that are stored now, but for the administrator's token. */
    stored: async () => (await client.stored()).filter(({ user }) => user === "ci-bot"),
    /** Resolves when this many keys are stored. */
    until: async (count) => {
      while ((await client.stored()).filter(({ user }) => user === "ci-bot").length !== count);
    },
    stop: async () => {
      await emulator.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when the program has said this on standard error. */
export async function heard({ child, said }, words) {
  while (!said.err.includes(words)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said.err}`);
    await new Promise((resolve) => child.stderr.once("data", resolve));
  }
}
