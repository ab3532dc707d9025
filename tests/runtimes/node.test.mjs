// The suite in Node, which imports the package by its name.

import * as fireworksKeys from "fireworks-keys";
import { after, test } from "node:test";
import { startEmulator } from "../emulator/server.mjs";
import { cases, emulatorArguments } from "../suite/index.mjs";

const emulator = await startEmulator({ args: emulatorArguments });
after(() => emulator.stop());

for (const [name, run] of Object.entries(cases)) {
  test(`Node: ${name}`, () => run(fireworksKeys, emulator.url));
}
