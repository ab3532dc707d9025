// Where the token comes from: the environment or standard input, and never an argument.

import { InterruptedError, UsageError } from "./code.js";
import { say } from "./output.js";

/** The environment variable. */
export const VARIABLE = "FIREWORKS_API_KEY";

/** The longest token that is read. */
const LONGEST = 4_096;

/** The token. Standard input is read only if the environment has none. */
export async function tokenOf(
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadStream,
  signal: AbortSignal,
): Promise<string> {
  const given = environment[VARIABLE] || (input.isTTY ? "" : await all(input, signal));
  const token = given.replace(/\r?\n$/, "");
  if (token !== "") return token;
  throw new UsageError(`there is no token: set ${VARIABLE}, or write it to standard input`);
}

async function all(input: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  let text = "";
  say("reading the token from standard input");
  input.setEncoding("utf8");
  signal.addEventListener("abort", () => input.destroy());
  try {
    for await (const chunk of input) {
      text += chunk;
      if (text.length > LONGEST) throw new UsageError("standard input is too long for a token");
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) throw new InterruptedError();
  return text;
}
