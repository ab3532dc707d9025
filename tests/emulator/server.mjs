// Starts an emulator for a test, and makes sure that it ends with it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY =
  process.env.FIREWORKS_EMULATOR ?? join(import.meta.dirname, "../../target/debug/fireworks-emulator");

const running = new Set();
const endAll = () => {
  for (const child of running) child.kill("SIGKILL");
};
process.on("exit", endAll);
// A signal ends the process without an exit event: a test run that is stopped leaves nothing behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    endAll();
    process.kill(process.pid, signal);
  });
}

/** Starts one on a free port, and resolves when it is ready. Without `--db` it keeps nothing. */
export async function startEmulator({ args = [], readLog = true } = {}) {
  const child = run(["--port", "0", ...args], readLog);
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    child.closed.then(([code]) => {
      throw new Error(`the emulator ended with ${code}: ${child.log()}`);
    }),
  ]);
  const url = line.replace("fireworks-emulator listening on ", "");
  return {
    url,
    firstLine: line,
    log: child.log,
    stop: (signal = "SIGTERM") => end(child, signal),
    kill9: () => end(child, "SIGKILL"),
  };
}

/** Starts one that will not run, and resolves to how it ended. */
export async function failToStart(args) {
  const child = run(args);
  const ready = once(child.stdout, "data").then(([line]) => {
    child.kill("SIGKILL");
    throw new Error(`it runs: ${line}`);
  });
  const [code] = await Promise.race([child.closed, ready]);
  return { code, log: child.log() };
}

function run(args, readLog = true) {
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => {
    running.delete(child);
    // What nobody has read would keep it from closing.
    child.stderr.resume();
  });
  let log = "";
  if (readLog) child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  child.log = () => log;
  // Not "exit": what it wrote last may come after that.
  child.closed = once(child, "close");
  return child;
}

async function end(child, signal) {
  child.kill(signal);
  const [code] = await child.closed;
  return code;
}
