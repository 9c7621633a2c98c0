import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** The file, or the folder on the way to it, that not everyone may read or pass; undefined when all may. */
export async function readableByAll(path: string): Promise<string | undefined> {
  let at = await realpath(path);
  if (((await stat(at)).mode & 0o004) === 0) return at;
  while (dirname(at) !== at) {
    at = dirname(at);
    if (((await stat(at)).mode & 0o001) === 0) return at;
  }
  return undefined;
}
