import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { ParamsJsonSchema, UseBinding } from "../../protocol/http.ts";
import type { Json } from "../../protocol/job.ts";
import { UsageError } from "./report.ts";

/** "a=b=c" as ["a", "b=c"]. */
function pairOf(text: string, flag: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`${flag} takes name=value, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/**
 * `-p name=value` as parameters. A value is JSON where it reads as such and the parameter is not declared a string;
 * else it is the text itself, so that quoting is rarely needed.
 * @throws UsageError
 */
export function paramsOf(
  pairs: readonly string[],
  schema?: Pick<ParamsJsonSchema, "properties">,
  flag = "-p",
): Record<string, Json> | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name, value] = pairOf(pair, flag);
      const type = schema?.properties[name]?.type;
      return [name, type === "string" ? value : (tryJson(value) ?? value)];
    }),
  );
}

/** `--use name=job:ID | dataset:ID | @file.json` as bindings. */
export async function usesOf(
  pairs: readonly string[],
): Promise<Record<string, UseBinding> | undefined> {
  if (pairs.length === 0) return undefined;
  const uses: Record<string, UseBinding> = {};
  for (const pair of pairs) {
    const [name, value] = pairOf(pair, "--use");
    if (/^(?:job|dataset):./.test(value)) uses[name] = value;
    else if (value.startsWith("@")) uses[name] = { value: await jsonFile(value.slice(1)) };
    else
      throw new UsageError(
        `--use ${name} is bound to "${value}"`,
        "write job:ID, dataset:ID or @file.json",
      );
  }
  return uses;
}

/** JSON given as such, as @file, or as - for stdin. */
export async function inputOf(given: string, stdin: NodeJS.ReadStream): Promise<Json> {
  if (given === "-") return parse(await text(stdin), "stdin");
  if (given.startsWith("@")) return jsonFile(given.slice(1));
  return parse(given, "the input");
}

async function jsonFile(path: string): Promise<Json> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
  return parse(content, path);
}

function parse(text: string, what: string): Json {
  const value = tryJson(text);
  if (value === undefined)
    throw new UsageError(`${what} is not JSON: ${text.slice(0, 60)}`, `quote strings: '"text"'`);
  return value;
}

function tryJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
