import { parseArgs } from "node:util";
import { ownersCommands } from "../commands/owners-command.ts";
import { CommandError, exitCodes } from "./command-error.ts";

/** The options that a command takes. `run` takes all of the runner's, which it reads by itself. */
const optionsOf = {
  run: ["url", "name", "data-dir", "token"],
  join: ["url", "name", "data-dir"],
  install: ["url", "name", "data-dir", "system"],
  uninstall: ["data-dir", "system", "purge", "yes"],
  update: ["url", "system", "check"],
  settings: ["data-dir", "system"],
  pause: ["data-dir", "system"],
  resume: ["data-dir", "system"],
  status: ["data-dir", "system"],
} as const;

const types = {
  url: { type: "string" },
  name: { type: "string" },
  "data-dir": { type: "string" },
  token: { type: "string" },
  system: { type: "boolean" },
  purge: { type: "boolean" },
  yes: { type: "boolean" },
  check: { type: "boolean" },
} as const;

export type Command = keyof typeof optionsOf;

export interface CommandLine {
  command: Command;
  url?: string;
  name?: string;
  dataDir?: string;
  token?: string;
  system: boolean;
  purge: boolean;
  yes: boolean;
  check: boolean;
  /** What stands behind the command. */
  args: readonly string[];
}

/** Without a command it is `run`. @throws CommandError */
export function readCommandLine(given: readonly string[]): CommandLine {
  const word = given[0];
  const named = word !== undefined && !word.startsWith("-");
  const command = named ? word : "run";
  if (!isCommand(command))
    throw new CommandError(
      `there is no command ${command}`,
      `${Object.keys(optionsOf).join(", ")}; try --help`,
      exitCodes.usage,
    );
  const args = named ? given.slice(1) : given;
  const values = parse(command, args);
  const text = (name: "url" | "name" | "data-dir" | "token") =>
    typeof values[name] === "string" && values[name] !== "" ? values[name] : undefined;
  const url = text("url");
  const name = text("name");
  const dataDir = text("data-dir");
  const token = text("token");
  return {
    command,
    ...(url !== undefined && { url }),
    ...(name !== undefined && { name }),
    ...(dataDir !== undefined && { dataDir }),
    ...(token !== undefined && { token }),
    system: values.system === true,
    purge: values.purge === true,
    yes: values.yes === true,
    check: values.check === true,
    args,
  };
}

function parse(command: Command, args: readonly string[]): Record<string, unknown> {
  const options = Object.fromEntries(optionsOf[command].map((name) => [name, types[name]]));
  try {
    const strict = command !== "run";
    const allowPositionals = !strict || ownersCommands.includes(command);
    return parseArgs({ args: [...args], options, strict, allowPositionals }).values;
  } catch (error) {
    throw new CommandError(
      `${command}: ${(error as Error).message}`,
      "try --help",
      exitCodes.usage,
    );
  }
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(optionsOf, word);
}
