// Reads the command line. No error repeats a value: it may be a secret that was put in the wrong place.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { unknownOption } from "../hint.js";
import { UsageError } from "./code.js";
import { COMMANDS, type Command, kebab, type Option } from "./option.js";

/** What was asked for. */
export interface Asked {
  readonly name: string;
  /** The values by the options' names; those of the environment where the command line has none. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The findings that `--fail-on` may name. */
const FINDINGS = [
  ...["never-expires", "expired", "expiring-soon", "never-used", "stale", "plaintext-known"],
  ...["unreadable-time", "shared-attempt"],
];

/** Reads the arguments after the program's name. */
export function read(given: readonly string[], environment: NodeJS.ProcessEnv): Asked {
  refuseKeys(given);
  const [name = "", ...rest] = given;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(`the first argument must be one of ${Object.keys(COMMANDS).join(", ")}`);
  return { name, values: valuesOf(command, rest, environment) };
}

function valuesOf(
  command: Command,
  given: readonly string[],
  environment: NodeJS.ProcessEnv,
): Record<string, unknown> {
  const { tokens, values, positionals } = parse(command, given);
  const seen = new Set<string>();
  for (const { name, isRepeatable } of tokens) {
    if (seen.has(name) && !isRepeatable) throw new UsageError(`--${name} is given twice`);
    seen.add(name);
  }
  const read: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(command.options)) {
    const value = values[kebab(name)] ?? (option.variable && (environment[option.variable] || undefined));
    if (value !== undefined) read[name] = valueOf(`--${kebab(name)}`, option, value);
  }
  const [keyId, ...others] = positionals;
  if (others.length > 0 || (keyId !== undefined && (!command.takesKey || read.keyId !== undefined)))
    throw new UsageError("there is an argument too many; values follow their options");
  if (keyId !== undefined) read.keyId = keyId;
  return read;
}

/** Refuses what looks like a secret, wherever it stands: others can read arguments. */
function refuseKeys(given: readonly string[]): void {
  if (!given.some((text) => /fw_[\w-]{8}/.test(text))) return;
  throw new UsageError(
    "an argument holds what looks like a key, and others can read arguments: if it is one, replace that key",
  );
}

interface Parsed {
  readonly tokens: readonly { name: string; isRepeatable: boolean }[];
  readonly values: Record<string, unknown>;
  readonly positionals: readonly string[];
}

function parse({ options }: Command, args: readonly string[]): Parsed {
  const entries = Object.entries(options).map(([name, option]) => [kebab(name), option] as const);
  const known = new Map(entries);
  const config = Object.fromEntries(
    entries.map(([name, { kind }]) => {
      const type = kind === "flag" ? ("boolean" as const) : ("string" as const);
      return [name, { type, multiple: kind === "pairs" }];
    }),
  );
  try {
    const parsed = parseArgs({
      args: [...args],
      options: config,
      allowPositionals: true,
      tokens: true,
    } satisfies ParseArgsConfig);
    const tokens = parsed.tokens.flatMap((token) =>
      token.kind === "option"
        ? [{ name: token.name, isRepeatable: known.get(token.name)?.kind === "pairs" }]
        : [],
    );
    return { tokens, values: parsed.values, positionals: parsed.positionals };
  } catch (error) {
    throw new UsageError(explain(error, [...known.keys()]));
  }
}

/** Says what Node refused, in words that hold an option's name only, and an unknown one if it is near. */
function explain(error: unknown, known: readonly string[]): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const [, option = ""] = /'(?:-\w, )?(--?[\w-]+)/.exec(message) ?? [];
  if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const isKnown = known.includes(option.replace(/^-+/, ""));
    return `${isKnown ? option : "an option"} needs a value, or takes none`;
  }
  if (/^--?(token|api-?key|key)$/.test(option)) {
    return `${option} is not an option: others can read arguments; the token comes from FIREWORKS_API_KEY`;
  }
  const hint = unknownOption(option.replace(/^-+/, ""), known);
  // What resembles no option may be a value, and so may be secret.
  const isNamed = hint.includes("did you mean") || /^-\w$/.test(option);
  return `${isNamed ? option : "an argument"} ${hint.replace("did you mean ", "did you mean --")}`;
}

function valueOf(name: string, { kind }: Option, value: unknown): unknown {
  switch (kind) {
    case "text":
    case "flag":
      return value;
    case "number":
      return numberOf(name, String(value));
    case "lifetime":
      return /^\d+$/.test(String(value)) ? Number(value) : value;
    case "pairs":
      return pairsOf(name, value as string[]);
    case "findings":
      return findingsOf(name, String(value));
  }
}

function numberOf(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${name} must be a whole number`);
  return Number(text);
}

function pairsOf(name: string, texts: readonly string[]): Record<string, string> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`${name} must be written NAME=TEXT`);
    if (pairs.has(text.slice(0, at))) throw new UsageError(`${name} gives one name twice`);
    pairs.set(text.slice(0, at), text.slice(at + 1));
  }
  return Object.fromEntries(pairs);
}

function findingsOf(name: string, text: string): string[] {
  const findings = text.split(",");
  if (findings.every((finding) => FINDINGS.includes(finding))) return findings;
  throw new UsageError(`${name} must be one or more of ${FINDINGS.join(",")}, with commas between them`);
}
