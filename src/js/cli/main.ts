// The program `fireworks-keys`: runs one command, and ends with a code that says what is known of it.

import { readFileSync } from "node:fs";
import { read } from "./arguments.js";
import { CODE, type Code, codeOf } from "./code.js";
import { create } from "./create.js";
import { help } from "./help.js";
import { print, say } from "./output.js";
import { audit, listAccounts, listKeys, listUsers } from "./reading.js";
import { remove } from "./removal.js";
import { rotate } from "./rotate.js";
import { Session } from "./session.js";

const RUN: Readonly<Record<string, (session: Session) => Promise<Code>>> = {
  create,
  list: listKeys,
  audit,
  rotate,
  delete: remove,
  accounts: listAccounts,
  users: listUsers,
};

async function main([...given]: string[]): Promise<Code> {
  if (given.length === 0 || given.includes("--help")) {
    print(help(given[0]));
    return given.length === 0 ? CODE.usage : CODE.done;
  }
  if (given[0] === "--version") {
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    print(String((JSON.parse(manifest) as { version: unknown }).version));
    return CODE.done;
  }
  const asked = read(given, process.env);
  const session = new Session(asked.values);
  const code = (await RUN[asked.name]?.(session)) ?? CODE.usage;
  return code === CODE.done && !session.isPrinted ? CODE.unknown : code;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(codeOf(error, "reads"));
}
