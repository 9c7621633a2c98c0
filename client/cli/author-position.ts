import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { GridError } from "../../protocol/errors.ts";
import { splitFunctionRef } from "../../protocol/http-functions.ts";
import { Exit, reportError } from "./report.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Says what is wrong with a function that was sent from a file, at the place in that file.
 * @throws Exit for an error of the API; any other as it is
 */
export async function reportAuthored(
  terminal: Terminal,
  error: unknown,
  file: string,
  name: string,
): Promise<never> {
  if (!(error instanceof GridError)) throw error;
  throw new Exit(
    await reportError(terminal, positioned(error, file, name), (path) =>
      readFile(path, "utf8").catch(() => undefined),
    ),
  );
}

/** The API knows the entry by the function's name, and other files by their path from it; people by what they typed. */
function positioned(error: GridError, file: string, name: string): GridError {
  const { at } = error.details;
  if (at === undefined) return error;
  const isEntry = at.file === `${splitFunctionRef(name).name}.ts` || at.file === basename(file);
  const path = isEntry ? file : join(dirname(file), at.file);
  return new GridError(error.code, error.message, { ...error.details, at: { ...at, file: path } });
}
