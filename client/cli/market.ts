import { InvalidArgumentError, Option } from "commander";
import { visibilitySchema } from "../../protocol/http-common.ts";
import type { Terminal } from "./terminal.ts";

/** What the commands around functions and datasets have in common. */

export function visibilityOption(description: string): Option {
  return new Option("--visibility <visibility>", description).choices(visibilitySchema.options);
}

export function percent(text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text))
    throw new InvalidArgumentError("a number of percent is needed");
  return Number(text);
}

export function warnDeprecated(
  { colors, say }: Terminal,
  { deprecated }: { deprecated?: string | undefined },
): void {
  if (deprecated !== undefined)
    say(`${colors.yellow("▲")} this version is deprecated: ${deprecated}`);
}
