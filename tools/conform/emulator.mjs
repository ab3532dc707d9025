// The emulator that is asked if no other service is named. It ends with this process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts the emulator that FIREWORKS_EMULATOR names, and resolves when it is ready. */
export async function startEmulator() {
  const program = process.env.FIREWORKS_EMULATOR;
  if (!program) throw new Error("FIREWORKS_EMULATOR must name the built emulator");
  // In a group of its own, as Ctrl-C would end it before the keys are deleted.
  const child = spawn(program, ["--port", "0"], { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const stop = () => child.kill();
  process.on("exit", stop);
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "close").then(() => {
      throw new Error("the emulator has ended");
    }),
  ]);
  return { url: line.replace("fireworks-emulator listening on ", ""), stop };
}
