// What must hold in every runtime. Uses nothing but web standards, so that it can be bundled for
// any of them; each runtime's test file says how it gets there.

import { audits } from "./audits.mjs";
import { calls } from "./calls.mjs";
import { errors } from "./errors.mjs";
import { interrupted } from "./interrupted.mjs";
import { lists } from "./lists.mjs";
import { options } from "./options.mjs";
import { orphans } from "./orphans.mjs";
import { rotations } from "./rotations.mjs";
import { time } from "./time.mjs";

export { emulatorArguments } from "./service.mjs";

/**
 * The cases by name. Each is called with the package and with `api`, the address of an emulator
 * that was started with `emulatorArguments`.
 */
export const cases = {
  ...calls,
  ...options,
  ...errors,
  ...lists,
  ...orphans,
  ...time,
  ...audits,
  ...rotations,
  ...interrupted,
};
