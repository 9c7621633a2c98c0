import path from "node:path";
import { readLines } from "../../functions/test-support/data.ts";
import buildConsole from "../../tests/browser/build-console.ts";
import { Stage } from "../../tests/browser/stage.ts";
import { chromiumInstalled } from "../../tests/support/chromium.ts";
import { root, type SystemOptions, until } from "../../tests/support/system.ts";
import type { BenchOptions, Row } from "./report.ts";

/**
 * Runs something with the console as it is in this tree, a real API and runner, and Chromium. Where there is no Chromium
 * it says so, here and in the row that stands for the others.
 */
export async function withStage(
  name: string,
  { log }: BenchOptions,
  options: SystemOptions,
  work: (stage: Stage) => Promise<Row[]>,
): Promise<Row[]> {
  if (!chromiumInstalled()) {
    log("chromium is not on the PATH: nothing is measured");
    return [{ measure: name, ours: "–", peer: "chromium is not installed", ratio: "–", reach: "" }];
  }
  await buildConsole();
  await using stage = await Stage.start(options);
  return await work(stage);
}

/** What the lab works with, as a new installation has it; the dataset's id. */
export async function withDigits({ system }: Stage): Promise<string> {
  const { functions, datasets } = system.client;
  for (const name of ["mlp-digits", "digits-predict"])
    await functions.publishFile(path.join(root, "functions", `${name}.ts`));
  const rows = readLines("digits.csv.gz").join("\n");
  return (await datasets.upload(Buffer.from(rows), { name: "digits", format: "matrix" })).id;
}

/** The functions and datasets that a new installation has, once they are there. */
export const withStarter: SystemOptions = { env: { STARTER: "1" } };

export async function starterThere({ system }: Stage): Promise<void> {
  const there = async () => (await system.client.functions.get("digits-predict")).name !== "";
  await until(there, "the functions to begin with", 120_000);
}
