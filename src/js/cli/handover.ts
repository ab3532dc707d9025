// Hands a secret to where the caller wants it, and says which of three it is: handed over, not handed
// over, or not known.

import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import type { CreatedApiKey } from "fireworks-keys";
import { UsageError } from "./code.js";
import { assertOutput, flush, print, say, toJson, writeAll } from "./output.js";
import { VARIABLE } from "./token.js";

/** What is known of a secret that was to be handed over, and why if it is not there. */
export type HandedOver =
  | { readonly outcome: "stored" }
  | { readonly outcome: "not-stored" | "unknown"; readonly why: string };

/** Where a secret goes. */
export interface Destination {
  /** Hands it over. Never rejects. */
  take(created: CreatedApiKey): Promise<HandedOver>;
  /** Undoes what was prepared, because there is no secret, or because it could not be handed over. */
  discard(): void;
}

/** What a command that is given a secret may know of it. */
export type Ids = Readonly<Record<`FIREWORKS_${string}`, string | undefined>>;

/** A command's exit code for a secret that it has not stored: EX_TEMPFAIL of sysexits. */
const NOT_STORED = 75;

const nothing = (): void => {};

/** The destination that the options name. Throws if they name none or several, or one that takes no key. */
export function destinationOf(
  { print: isPrinted, output, exec, json }: Readonly<Record<string, unknown>>,
  ids: Ids,
): Destination {
  if ([isPrinted, output, exec].filter((each) => each !== undefined).length !== 1)
    throw new UsageError("say where the key goes: one of --print, --output FILE and --exec COMMAND");
  if (typeof output === "string") return fileAt(output);
  if (typeof exec === "string") return commandOf(exec, ids);
  try {
    assertOutput();
  } catch (error) {
    throw new UsageError(`--print: standard output takes no key: ${messageOf(error)}`);
  }
  return { take: async (created) => printed(json ? toJson(created) : created.key), discard: nothing };
}

function printed(text: string): HandedOver {
  try {
    print(text);
    return { outcome: "stored" };
  } catch (error) {
    return { outcome: "not-stored", why: `standard output: ${messageOf(error)}` };
  }
}

/** A new file. It is made before the key is, so that a key is never made for a file that cannot be. */
function fileAt(path: string): Destination {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    throw new UsageError(
      `--output must name a file that can be made, and is not there yet: ${codeOf(error)}`,
    );
  }
  const discard = (): void => {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      say(`the file of --output could not be removed: ${messageOf(error)}`);
    }
  };
  const take = async ({ key }: CreatedApiKey): Promise<HandedOver> => {
    try {
      try {
        writeAll(file, key);
        flush(file);
      } finally {
        closeSync(file);
      }
      return { outcome: "stored" };
    } catch (error) {
      return { outcome: "not-stored", why: `--output: ${messageOf(error)}` };
    }
  };
  return { take, discard };
}

/** A command that reads the key from its standard input. Its own output goes to standard error. */
export function commandOf(command: string, ids: Ids): Destination {
  if (command.trim() === "") throw new UsageError("--exec needs a command");
  const take = ({ keyId, key }: CreatedApiKey): Promise<HandedOver> =>
    new Promise<HandedOver>((resolve, reject) => {
      const { [VARIABLE]: _, ...environment } = process.env;
      const child = spawn(command, {
        shell: true,
        stdio: ["pipe", 2, 2],
        env: { ...environment, ...ids, FIREWORKS_KEY_ID: keyId },
      });
      let isRead = true;
      child.once("error", reject);
      child.stdin?.once("error", () => (isRead = false));
      child.once("close", (code, signal) => resolve(endedWith(code, signal, isRead)));
      child.stdin?.end(key);
      // What throws or rejects here has not started the command.
    }).catch((error) => ({ outcome: "not-stored", why: `--exec: ${messageOf(error)}` }));
  return { take, discard: nothing };
}

function endedWith(code: number | null, signal: string | null, isRead: boolean): HandedOver {
  if (code === 0 && isRead) return { outcome: "stored" };
  const how = code === 0 ? "did not read the key" : `ended with ${signal ?? code}`;
  return { outcome: code === NOT_STORED ? "not-stored" : "unknown", why: `the command of --exec ${how}` };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
