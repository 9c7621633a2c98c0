import type { SubmitRequest } from "../../../protocol/http-jobs.ts";
import type { Json } from "../../../protocol/job.ts";

const lineCharsMax = 90;

/** The request as a command for curl; the key comes from the environment. Pure. */
export function curlOf(origin: string, path: string, body: unknown): string {
  return [
    `curl ${origin}${path}`,
    '-H "authorization: Bearer $SPAREGRID_KEY"',
    '-H "content-type: application/json"',
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(" \\\n  ");
}

/** The same with the typed client. Pure. */
export function typescriptOf(origin: string, request: SubmitRequest): string {
  const { function: name, ...rest } = request;
  return `import { createClient } from "sparegrid/client";

const client = createClient({ url: ${JSON.stringify(origin)}, key: process.env.SPAREGRID_KEY });
const { result } = await client.run(${JSON.stringify(name)}, ${literalOf(rest)});`;
}

/** The same with the command, for a POSIX shell. Pure. */
export function commandOf(request: SubmitRequest): string {
  const { dataset, input, params = {}, uses = {}, seed, budget, pool, version } = request;
  const parts = [`sparegrid run ${request.function}`];
  const files: string[] = [];
  if (version !== undefined) parts.push(`--fn-version ${version}`);
  if (dataset !== undefined) parts.push(`--dataset ${dataset}`);
  if (input !== undefined) parts.push(`--input ${quoted(JSON.stringify(input))}`);
  for (const [name, value] of Object.entries(params))
    parts.push(
      `-p ${quoted(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)}`,
    );
  for (const [name, use] of Object.entries(uses)) {
    if (typeof use === "string") parts.push(`--use ${name}=${use}`);
    else if ("value" in use) {
      // The command takes values from files.
      files.push(`printf %s ${quoted(JSON.stringify(use.value))} > ${name}.json`);
      parts.push(`--use ${name}=@${name}.json`);
    }
  }
  if (seed !== undefined) parts.push(`--seed ${seed}`);
  if (budget !== undefined) parts.push(`--budget ${budget}`);
  if (pool !== undefined) parts.push(`--pool ${pool}`);
  return [...files, parts.join(" \\\n  ")].join("\n");
}

/** A word of a POSIX shell. Pure. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function literalOf(value: Record<string, unknown>): string {
  const flat = literal(value as Json);
  if (flat.length <= lineCharsMax) return flat;
  const fields = Object.entries(value).map(
    ([name, field]) => `  ${keyOf(name)}: ${literal(field as Json)},`,
  );
  return `{\n${fields.join("\n")}\n}`;
}

function literal(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return "{}";
  return `{ ${fields.map(([name, field]) => `${keyOf(name)}: ${literal(field as Json)}`).join(", ")} }`;
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
