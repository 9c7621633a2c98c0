import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Job, SubmitRequest } from "../../protocol/http.ts";
import { creditsOf } from "../../protocol/money.ts";
import { linesOf, slowMap } from "../support/functions.ts";
import { type System, startSystem, until } from "../support/system.ts";

let system: System;
let dataset: string;
beforeAll(async () => {
  system = await startSystem({ slots: 2 });
  await system.client.functions.publish({ name: "slow-map", source: slowMap });
  const upload = Readable.from([linesOf(4000)]);
  dataset = (await system.client.datasets.upload(upload, { name: "lines", format: "lines" })).id;
});
afterAll(() => system.stop());

const request = (more: Partial<SubmitRequest> = {}): SubmitRequest => ({
  function: "slow-map",
  dataset,
  pool: "everyone",
  ...more,
});

async function settled(id: string): Promise<Job> {
  await system.client.jobs.wait(id);
  await until(async () => (await system.client.jobs.get(id)).hold?.settled === true, "settlement");
  return system.client.jobs.get(id);
}

test("a job holds its budget, pays for its fuel by the rate, and gives back the rest", async () => {
  const submitted = await system.client.jobs.submit(request({ budget: 7.5 }));
  expect(submitted.hold).toMatchObject({ held: 7.5, settled: false });
  const job = await settled(submitted.id);
  const hold = job.hold!;
  const work = Math.floor((job.fuel * hold.rate * 1e6) / 1e9);
  expect(job.status).toBe("succeeded");
  expect(hold.work).toBe(creditsOf(work));
  expect(hold.fee).toBe(creditsOf(Math.floor(work * 0.05)));
  expect(hold).toMatchObject({ royalty: 0, spent: job.cost, left: 0, owed: 0 });
  expect(job.cost).toBeGreaterThan(0);
});
