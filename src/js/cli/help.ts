// The help, from the table of commands.

import { COMMANDS, kebab } from "./option.js";

/** The help for one command, or for all. */
export function help(name: string | undefined): string {
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const commands = Object.entries(COMMANDS).map(([each, { help }]) => [each, help] as const);
    return [
      "Usage: fireworks-keys COMMAND [OPTIONS]",
      "",
      "Creates and looks after Fireworks AI API keys. The token comes from FIREWORKS_API_KEY, or else from",
      "standard input, and never from an argument.",
      "",
      ...columns(commands),
      "",
      "fireworks-keys COMMAND --help tells a command's options.",
      "",
      "Exit codes: 0 done, 1 the audit has found what --fail-on names, 2 wrong usage, nothing was sent,",
      "3 refused or ended, known not to be done, 4 not known: standard error says what to look at,",
      "130 ended by a signal before anything was sent.",
    ].join("\n");
  }
  const options = Object.entries(command.options).map(([option, { value, help, variable }]) => {
    const usage = `--${kebab(option)}${value === undefined ? "" : ` ${value}`}`;
    return [usage, variable === undefined ? help : `${help}; or ${variable}`] as const;
  });
  const key = command.takesKey ? " [KEY ID]" : "";
  return [`Usage: fireworks-keys ${name}${key} [OPTIONS]`, "", command.help, "", ...columns(options)].join(
    "\n",
  );
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, help]) => `  ${name.padEnd(width)}  ${help}`);
}
