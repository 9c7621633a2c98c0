import { CommandError, exitCodes } from "./command-error.ts";

/**
 * The server's address in the form that two of them can be compared in.
 * @throws CommandError when there is none, or it is no address
 */
export function serverAddress(given: string | undefined): string {
  if (given === undefined)
    throw new CommandError(
      "which server? This package does not say where it came from",
      "--url https://grid.example, or SPAREGRID_URL",
      exitCodes.usage,
    );
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new CommandError(
      `${given} is no http or https address`,
      "for instance --url https://grid.example",
      exitCodes.usage,
    );
  return url.href.replace(/\/+$/, "");
}
