// Runs the check as `cargo xtask conform` does, and reads what it prints.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ACCOUNT, TOKEN, USER } from "./service.mjs";

const ROOT = join(import.meta.dirname, "../..");

export const EMULATOR = process.env.FIREWORKS_EMULATOR ?? join(ROOT, "target/debug/fireworks-emulator");

/** The environment of somebody with an account. */
export const ENVIRONMENT = {
  FIREWORKS_API_KEY: TOKEN,
  FIREWORKS_ACCOUNT_ID: ACCOUNT,
  FIREWORKS_USER_ID: USER,
};

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts it. `ended` resolves to its exit code, and all that it printed. */
export function start(args, environment = ENVIRONMENT) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("FIREWORKS_"));
  const child = spawn(process.execPath, [join(ROOT, "tools/conform/main.mjs"), ...args], {
    env: { ...Object.fromEntries(clean), FIREWORKS_EMULATOR: EMULATOR, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => (printed[name] += text));
  }
  const ended = once(child, "close").then(([code]) => ({
    code,
    ...printed,
    all: printed.stdout + printed.stderr,
  }));
  return { child, ended };
}

/** Runs it to its end with --json, and adds what was found by the belief's id. */
export async function conform(args, environment) {
  const { code, stdout, all } = await start([...args, "--json"], environment).ended;
  const { rows, left, requests } = JSON.parse(stdout || "{}");
  const found = Object.fromEntries((rows ?? []).map((row) => [row.id, row]));
  const of = (verdict) => (rows ?? []).filter((row) => row.verdict === verdict).map(({ id }) => id);
  return { code, all, found, left, requests, otherwise: of("otherwise"), unknown: of("not known") };
}
