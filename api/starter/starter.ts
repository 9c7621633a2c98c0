import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import {
  type StarterDataset,
  type StarterFunction,
  starterDatasets,
  starterFunctions,
} from "./contents.ts";

const folder = path.resolve(import.meta.dirname, "../../functions");
const doneFile = "starter.json";

export interface StarterOptions {
  url: string;
  /** The operator's: what is published is the operator's, and public. */
  key: string;
  dataDir: string;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Puts the functions of this project and two datasets on a new installation's market, so that there is something to
 * run. By the HTTP API, as anyone publishes; once, noted in the data folder, so that what the operator removes stays
 * away. A start that is cut off goes on at the next one: publishing what is there changes nothing.
 * @throws the signal's reason, or what the API refused
 */
export async function publishStarter(options: StarterOptions): Promise<"published" | "there"> {
  const done = path.join(options.dataDir, doneFile);
  if (await readFile(done).catch(() => undefined)) return "there";
  for (const dataset of starterDatasets) await upload(options, dataset);
  for (const one of starterFunctions) await publish(options, one);
  const published = [...starterFunctions, ...starterDatasets].map(({ name }) => name);
  await writeFile(done, `${JSON.stringify({ published })}\n`);
  options.log.info({ published: published.length }, "the market has something to begin with");
  return "published";
}

async function publish(options: StarterOptions, { name, tags, files = [] }: StarterFunction) {
  const read = (file: string) => readFile(path.join(folder, file), "utf8");
  const body = {
    name,
    source: await read(`${name}.ts`),
    files: Object.fromEntries(
      await Promise.all(files.map(async (file) => [file, await read(file)] as const)),
    ),
    readme: await read(`readmes/${name}.md`),
    visibility: "public",
    tags,
  };
  await ask(options, "/v1/functions", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function upload(options: StarterOptions, { name, format, file, ...more }: StarterDataset) {
  const query = new URLSearchParams({ name, format, visibility: "public", ...more.options });
  const gzip = file.endsWith(".gz");
  await ask(options, `/v1/datasets?${query}`, {
    headers: {
      // The same upload again is answered with the dataset of the first.
      "idempotency-key": `starter-${name}`,
      ...(gzip ? { "content-encoding": "gzip" } : {}),
    },
    body: await readFile(path.join(folder, "data", file)),
  });
}

async function ask({ url, key, signal }: StarterOptions, to: string, init: RequestInit) {
  const headers = { authorization: `Bearer ${key}`, ...init.headers };
  const response = await fetch(url + to, { ...init, method: "POST", headers, signal });
  if (!response.ok) throw new Error(`${to}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}
