import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../../api/testing/test-api.ts";
import { runCommand } from "./testing/in-process.ts";

const scale = `import { items, map } from "sparegrid";
export default map({ title: "Scale", input: items<number>(), params: { factor: 2 },
  example: { input: [1, 2] },
  map: (value, { params }) => {
    console.log("saw", value);
    if (value < 0) throw new RangeError("below zero");
    return value * params.factor;
  } });`;
const rounds = `import { iterate, range } from "sparegrid";
export default iterate({ title: "Halves", input: range(), init: () => 1, map: () => 0, merge: () => 0,
  step: (state, _total, { round }) => ({ state: state / 2, done: round === 5, metrics: { left: state / 2 } }) });`;
const dot = `import { map, range } from "sparegrid";
export default map({ title: "Dot", input: range(), output: "image/png", map: () => new Uint8Array([7, 8]) });`;

let api: TestApi;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sparegrid-try-"));
  const files = { "scale.ts": scale, "rounds.ts": rounds, "dot.ts": dot };
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
  api = await startTestApi();
});
afterAll(async () => {
  await api.end();
  await rm(folder, { recursive: true });
});

function sparegrid(args: readonly string[], input = "") {
  const env = { SPAREGRID_URL: api.url, SPAREGRID_KEY: api.key };
  return runCommand(args, { folder, env, input });
}

test("a try prints the output, and beside it the console, what it took and what it would cost", async () => {
  const { code, out, err } = await sparegrid(["try", "scale.ts"]);
  expect([code, out]).toEqual([0, "[2,4]\n"]);
  expect(err).toMatch(/^│ saw 1\n│ saw 2\n✔ Scale \(map\) on its own example, 2 records\n/);
  expect(err).toMatch(/fuel · .* of compute\n .* credits? for a million records\n$/);
  const given = await sparegrid(["try", "scale.ts", "--input", "-", "-p", "factor=10"], "[3]");
  expect(given.out).toBe("[30]\n");
});

test("an error is shown in the author's file, after what was written before it", async () => {
  const { code, out, err } = await sparegrid(["try", "scale.ts", "--input", "[1,-1]"]);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toMatch(
    /^│ saw 1\n│ saw -1\nerror: below zero \(function-threw\)\n {2}at scale.ts:6:/,
  );
  expect(err).toContain("> 6 │");
});

test("a dataset's first records, and what all of it costs", async () => {
  const pushed = ["dataset", "push", "-", "--format", "ndjson", "--name", "numbers"];
  await sparegrid(pushed, "1\n2\n3\n");
  const { out, err } = await sparegrid([
    "try",
    "scale.ts",
    "--dataset",
    "numbers",
    "--records",
    "2",
  ]);
  expect(out).toBe("[2,4]\n");
  expect(err).toContain("for all 3 records of the dataset");
  const whole = await sparegrid(["try", "scale.ts", "--dataset", "numbers", "--json"]);
  expect(JSON.parse(whole.out)).toMatchObject({ sampleRecords: 3, input: { from: "dataset" } });
});

test("rounds are drawn, bytes are saved", async () => {
  const { out, err } = await sparegrid(["try", "rounds.ts"]);
  expect(out).toBe("0.03125\n");
  expect(err).toMatch(/5 rounds\n {2}left \S+ 0.0313\n/);
  expect((await sparegrid(["try", "dot.ts", "--input", "1", "--output", "dot.png"])).code).toBe(0);
  expect([...(await readFile(join(folder, "dot.png")))]).toEqual([7, 8]);
});
