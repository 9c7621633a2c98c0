import { readFile } from "node:fs/promises";
import path from "node:path";
import type { SubmitRequest } from "../../protocol/http.ts";
import { root, type System } from "../../tests/support/system.ts";

/** Publishes one of bench/functions or functions by its path under the root. */
export async function publish(system: System, file: string): Promise<string> {
  const name = path.basename(file, ".ts");
  const source = await readFile(path.join(root, file), "utf8");
  await system.client.functions.publish({ name, source });
  return name;
}

export interface Finished {
  id: string;
  /** From submit to the last byte of the result read, ms. */
  ms: number;
  /** Time of each round of an iterate, ms. */
  roundMs: number[];
  result: Uint8Array;
}

/** Submits, watches, reads the result, as a consumer would. @throws Error when the job fails */
export async function runToEnd(system: System, request: SubmitRequest): Promise<Finished> {
  const start = performance.now();
  // What is measured is work, also when the same was done before.
  const job = await system.client.jobs.submit({ ...request, memo: false });
  const roundMs: number[] = [];
  for await (const event of system.client.jobs.events(job.id)) {
    if (event.type === "round") roundMs.push(event.ms);
    if (event.type === "status" && event.status === "failed") {
      throw new Error(`${job.id} failed: ${event.error?.message}`);
    }
  }
  const result = await (await system.client.jobs.result(job.id)).bytes();
  return { id: job.id, ms: performance.now() - start, roundMs, result };
}
