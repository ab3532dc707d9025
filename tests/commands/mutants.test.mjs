// Tests that `cargo xtask mutants` makes a named mutation and sees the package's tests notice it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

// Its test packs and installs the package, so that everything this takes has to be in the copy.
const MUTANT = "a-mint-settles-sooner";

test("a mutation is caught by a test of the packed package", () => {
  const { status, stdout, stderr } = spawnSync("cargo", ["xtask", "mutants", "--named", MUTANT], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`^${MUTANT}: (caught by tests/broker/failure|was caught before)`, "m"));
});
