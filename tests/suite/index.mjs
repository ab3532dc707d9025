// The tests that every runtime must pass. They use only web standards, so that they can be bundled for
// every runtime; each runtime's own test file runs them there.

import { audits } from "./audits.mjs";
import { calls } from "./calls.mjs";
import { errors } from "./errors.mjs";
import { evidence } from "./evidence.mjs";
import { first } from "./first.mjs";
import { interrupted } from "./interrupted.mjs";
import { lifetimes } from "./lifetimes.mjs";
import { lists } from "./lists.mjs";
import { looks } from "./looks.mjs";
import { options } from "./options.mjs";
import { orphans } from "./orphans.mjs";
import { rotations } from "./rotations.mjs";
import { time } from "./time.mjs";

export { emulatorArguments } from "./service.mjs";

/**
 * The cases by name. Each takes the package and `api`, the address of an emulator started with
 * `emulatorArguments`. The first of them has to run first.
 */
export const cases = {
  ...first,
  ...calls,
  ...options,
  ...errors,
  ...evidence,
  ...lists,
  ...orphans,
  ...looks,
  ...lifetimes,
  ...time,
  ...audits,
  ...rotations,
  ...interrupted,
};
