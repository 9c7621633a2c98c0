import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi, type TestMember } from "../../api/testing/test-api.ts";
import { runCommand } from "./testing/in-process.ts";

const descent = `import { iterate, range } from "sparegrid";
export default iterate({ title: "Descent", input: range(), params: { rate: 0.1, name: "plain" },
  init: () => ({ w: 1 }), map: ({ from }) => ({ from }), merge: (a) => a,
  step: (state) => ({ state, done: true }) });`;

let api: TestApi;
let ada: TestMember;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sparegrid-steering-"));
  await writeFile(join(folder, "descent.ts"), descent);
  api = await startTestApi();
  ada = await api.member("ada");
});
afterAll(async () => {
  await api.end();
  await rm(folder, { recursive: true });
});

/** Runs the real command against the real API, which has no runner. */
function sparegrid(...args: string[]) {
  const env = { SPAREGRID_URL: api.url, SPAREGRID_KEY: ada.key };
  return runCommand(args, { folder, env });
}

test("a job is paused, changed, stepped and let go on", async () => {
  await sparegrid("publish", "descent.ts");
  const run = ["run", "descent", "--input", "8", "--pool", "own", "--detach"];
  const id = (await sparegrid(...run)).out.trim();
  expect((await sparegrid("jobs", "step", id)).err).toContain("is not paused");
  expect((await sparegrid("jobs", "pause", id)).err).toContain(`${id} paused`);
  const changed = await sparegrid("jobs", "params", id, "rate=0.5", "name=7");
  expect(changed).toMatchObject({ code: 0, out: "" });
  expect(changed.err).toContain("uses rate, name from its next round on");
  expect((await sparegrid("jobs", "show", id)).out).toMatch(/next +{"rate":0.5,"name":"7"}/);
  const wrong = await sparegrid("jobs", "params", id, "raet=1");
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('Did you mean "rate"?') });
  expect((await sparegrid("jobs", "params", id, "rate")).code).toBe(2);
  expect((await sparegrid("jobs", "step", id, "--rounds", "3")).err).toContain("does 3 rounds");
  expect((await sparegrid("jobs", "resume", id)).err).toContain(`${id} running`);
});
