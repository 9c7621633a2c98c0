import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { starterDatasets, starterFunctions } from "./contents.ts";
import { publishStarter } from "./starter.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const run = () => {
  const { url, key, dataDir, deps } = api;
  return publishStarter({ url, key, dataDir, log: deps.log, signal: deps.stopping });
};
const publicNames = async (path: string) => {
  const { body } = await api.json<{ items: { name: string }[] }>(path);
  return body.items.map(({ name }) => name).sort();
};

test("a new installation has every published function of this project and two datasets, once", async () => {
  expect(await run()).toBe("published");
  const folder = path.resolve(import.meta.dirname, "../../functions");
  const files = readdirSync(folder).filter((file) => /^[a-z-]+\.ts$/.test(file));
  expect(starterFunctions.map(({ name }) => `${name}.ts`).sort()).toEqual(files.sort());
  const functions = await publicNames("/v1/functions?limit=100");
  expect(functions).toEqual(starterFunctions.map(({ name }) => `operator/${name}`).sort());
  const datasets = await publicNames("/v1/datasets?visibility=public");
  expect(datasets).toEqual(starterDatasets.map(({ name }) => name).sort());

  expect(await run()).toBe("there");
  const other = await api.member("ada");
  const found = await other.json<{ readmeHtml: string }>("/v1/functions/operator%2Fk-means");
  expect(found.body.readmeHtml).toContain("centres");
}, 60_000);
