import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

/** The package that this program is part of. */
export interface Installation {
  /** This very program. */
  program: string;
  /** The pinned Node, which runs it. */
  node: string;
  /** Where it came from: the server that made the package, and what it called it. Unknown to one from a release. */
  server?: { url: string; build: string };
  /** What npm was told as `--prefix`; undefined when npm did not put it there. */
  prefix: string | undefined;
}

/** @param program path of the program, which lies beside the package's package.json */
export function readInstallation(program: string): Installation {
  const folder = dirname(program);
  const server = readServer(join(folder, "server.json"));
  return {
    program,
    node: process.execPath,
    prefix: prefixOf(folder),
    ...(server !== undefined && { server }),
  };
}

function readServer(path: string): Installation["server"] {
  if (!existsSync(path)) return undefined;
  const { url, build } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  return typeof url === "string" && typeof build === "string" ? { url, build } : undefined;
}

/** npm keeps global packages in PREFIX/lib/node_modules, on Windows in PREFIX/node_modules. */
function prefixOf(folder: string): string | undefined {
  const above = dirname(folder);
  if (!above.endsWith(`${sep}node_modules`)) return undefined;
  return resolve(above, process.platform === "win32" ? ".." : "../..");
}
