import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Problem } from "../../protocol/http-common.ts";
import type { Dataset } from "../../protocol/http-datasets.ts";
import type { Tried } from "../../protocol/http-try.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

const imports =
  'import { constant, items, iterate, lines, map, mapReduce, matrix, range } from "sparegrid";\n';
const mapOf = (entry: string, input = "items<number>()", more = "") =>
  `${imports}export default map({ title: "t", input: ${input}, ${more}\n map: ${entry} });`;
const words = `${imports}export default mapReduce({
  title: "Words", input: lines(), params: { least: 1 },
  map(line, emit) { for (const word of line.split(" ")) emit(word, 1); },
  reduce: (_word, counts) => counts.reduce((sum, n) => sum + n, 0),
});`;
const centre = `${imports}export default iterate({
  title: "Centre", input: matrix(), params: { rounds: 3 }, roundsMax: 50,
  init: () => ({ at: 0, round: 0 }),
  map: (rows) => { let sum = 0; for (const value of rows) sum += value; return { sum }; },
  merge: (a, b) => ({ sum: a.sum + b.sum }),
  step({ at }, { sum }, { round, params }) {
    console.log("round", round);
    return { state: { at: at + sum, round }, done: round >= params.rounds, metrics: { sum, round } };
  },
  finish: ({ at }) => at,
});`;

let members = 0;
/** Someone new, whose tries nobody has used up. */
const someone = () => api.member(`tries-${++members}`);

async function tried(who: TestMember, body: object): Promise<Tried> {
  const { status, body: answer } = await who.json<Tried>("/v1/functions/try", post(body));
  if (status !== 200) throw new Error(JSON.stringify(answer));
  return answer;
}

async function refused(who: TestMember, body: object): Promise<Problem> {
  const { status, body: answer } = await who.json<Problem>("/v1/functions/try", post(body));
  expect(status).toBeGreaterThanOrEqual(400);
  return answer;
}

async function upload(who: TestMember, format: string, body: string): Promise<Dataset> {
  const path = `/v1/datasets?format=${format}&name=d`;
  return (await who.json<Dataset>(path, post(body))).body;
}

test("a function is run on what is given, and told what it is, wrote, took and would cost", async () => {
  const ada = await someone();
  const source = mapOf(
    "(n, { params }) => { console.log('saw', n); return n * params.by; }",
    undefined,
    "params: { by: 2 },",
  );
  const answer = await tried(ada, { source, input: [1, 2, 3], params: { by: 10 } });
  expect(answer).toMatchObject({
    description: { kind: "map", title: "t", params: { properties: { by: { default: 2 } } } },
    input: { from: "given" },
    sampleRecords: 3,
    output: { type: "json", value: [10, 20, 30] },
    logs: ["saw 1", "saw 2", "saw 3"],
  });
  expect(answer.fuel).toBeGreaterThan(0);
  expect(answer.fuelByEntry).toEqual({ map: answer.fuel });
  expect(answer.price.perMillionRecords).toBeGreaterThan(0);
  expect(answer.rounds).toBeUndefined();
});

test("nothing is stored: no function, no blob, no job; the version is that of publishing", async () => {
  const ada = await someone();
  const { version } = await tried(ada, { source: words, name: "words" });
  expect((await ada.json<{ items: [] }>("/v1/functions?owner=me")).body.items).toEqual([]);
  expect((await ada.json<{ items: [] }>("/v1/jobs")).body.items).toEqual([]);
  expect(await api.deps.store.blobs.get(version)).toBeUndefined();
  const published = await ada.json("/v1/functions", post({ source: words, name: "words" }));
  expect(published.body.version).toBe(version);
});

test("without an input the definition's example is run, else one that is made up", async () => {
  const ada = await someone();
  const example = mapOf("(n) => n + 1", undefined, "example: { input: [41] },");
  expect(await tried(ada, { source: example })).toMatchObject({
    input: { from: "example", value: [41] },
    output: { value: [42] },
  });
  const made = await tried(ada, { source: words });
  expect(made.input).toEqual({
    from: "synthesized",
    value: ["the cat sat", "3 1 2", "on the mat"],
  });
  expect(made.output).toMatchObject({ value: expect.arrayContaining([{ key: "the", value: 2 }]) });
  expect(Object.keys(made.fuelByEntry)).toEqual(["map", "reduce"]);
  const thrown = await refused(ada, { source: mapOf("() => { throw new Error('no'); }") });
  expect(thrown.details?.hint).toContain("made up");
});

test("an iterate tells the metrics of each round, and its console", async () => {
  const ada = await someone();
  const answer = await tried(ada, { source: centre, input: [[1], [2]] });
  expect(answer.output).toMatchObject({ value: 9 });
  expect(answer.rounds).toEqual([1, 2, 3].map((round) => ({ sum: 3, round })));
  expect(answer.roundCount).toBe(3);
  expect(answer.logs).toEqual(["round 1", "round 2", "round 3"]);
  const spent = Object.values(answer.fuelByEntry).reduce((sum, fuel) => sum + fuel, 0);
  expect(spent).toBe(answer.fuel);
});

test("a dataset's first records are read as a job reads them, and all of it is priced", async () => {
  const ada = await someone();
  const { id } = await upload(ada, "lines", "a b\nb\nc\nd\n");
  const answer = await tried(ada, { source: words, input: { dataset: id, records: 2 } });
  expect(answer).toMatchObject({
    input: { from: "dataset" },
    sampleRecords: 2,
    output: {
      value: [
        { key: "a", value: 1 },
        { key: "b", value: 2 },
      ],
    },
    price: { dataset: { records: 4 } },
  });
  const { low, expected, high } = answer.price.dataset!.cost;
  expect(low).toBeLessThanOrEqual(expected);
  expect(expected).toBeLessThanOrEqual(high);
  const table = await upload(ada, "matrix", "x\n1\n2\n");
  const sum = await tried(ada, { source: centre, input: { dataset: table.id } });
  expect(sum.output).toMatchObject({ value: 9 });
});

test("what does not fit is refused with what would", async () => {
  const ada = await someone();
  const bob = await someone();
  const { id } = await upload(ada, "csv", "a\n1\n");
  const wrong = await refused(ada, { source: words, input: { dataset: id } });
  expect(wrong).toMatchObject({
    code: "wrong-input",
    details: { hint: expect.stringContaining("lines") },
  });
  expect((await refused(bob, { source: words, input: { dataset: id } })).code).toBe("not-found");
  const param = await refused(ada, { source: words, params: { lest: 1 } });
  expect(param).toMatchObject({
    code: "unknown-param",
    details: { hint: 'Did you mean "least"?' },
  });
  expect((await refused(ada, { source: words, fuelMax: 1e12 })).code).toBe("bad-request");
  expect((await refused(ada, { source: "export default 1 +" })).details?.at).toMatchObject({
    line: 1,
  });
});

test("constants are bound as a job's are, and values of them are not stored", async () => {
  const ada = await someone();
  const source = mapOf(
    "(n, { uses }) => n * uses.by",
    undefined,
    "uses: { by: constant<number>() },",
  );
  expect((await refused(ada, { source, input: [1] })).code).toBe("missing-use");
  const answer = await tried(ada, { source, input: [2], uses: { by: { value: 21 } } });
  expect(answer.output).toMatchObject({ value: [42] });
  const { id } = await upload(ada, "lines", "a\nb\nc\n");
  const list = mapOf(
    "(n, { uses }) => uses.all[n]",
    undefined,
    "uses: { all: constant<string[]>() },",
  );
  const bound = await tried(ada, { source: list, input: [2], uses: { all: `dataset:${id}` } });
  expect(bound.output).toMatchObject({ value: ["c"] });
});

test("an error stands at the author's line, with what was written until then", async () => {
  const ada = await someone();
  const source = `${imports}import { check } from "./lib/check.ts";
export default map({ title: "t", input: items<number>(), map: (n) => { console.log("at", n); return check(n); } });`;
  const files = {
    "lib/check.ts":
      "\nexport function check(n: number) {\n  if (n > 1) throw new RangeError('bad');\n  return n;\n}",
  };
  const problem = await refused(ada, { source, files, input: [1, 2, 3] });
  expect(problem).toMatchObject({
    status: 422,
    code: "function-threw",
    details: { at: { file: "lib/check.ts", line: 3 }, record: 1, logs: ["at 1", "at 2"] },
  });
  expect(problem.details?.frames?.[0]).toContain("lib/check.ts:3");
});

test("pictures come as base64 with their type; long lists are cut, and say so", async () => {
  const ada = await someone();
  const bytes = await tried(ada, {
    source: mapOf("(n) => new Uint8Array([n, 2])", undefined, 'output: "image/png",'),
    input: [1],
  });
  expect(bytes.output).toEqual({
    type: "bytes",
    base64: "AQI=",
    contentType: "image/png",
    bytes: 2,
  });
  const long = await tried(ada, {
    source: mapOf('(n) => "x".repeat(1000)', "range()"),
    input: 1000,
  });
  expect(long.output).toMatchObject({ type: "json", cut: { unit: "items", of: 1000 } });
  const { value, cut } = long.output as Extract<Tried["output"], { type: "json" }>;
  expect((value as string[]).length).toBe(cut!.shown);
  const huge = await tried(ada, {
    source: mapOf('(n) => "x".repeat(1000000)', "range()"),
    input: 1,
  });
  expect(huge.output).toMatchObject({ type: "text", cut: { unit: "characters", of: 1_000_004 } });
});

test("an endless function ends by its fuel, a regular expression by time, a memory bomb by the watch", async () => {
  const ada = await someone();
  const endless = await refused(ada, {
    source: mapOf("() => { for (;;) console.log(1); }"),
    input: [1],
    fuelMax: 1e6,
  });
  expect(endless).toMatchObject({ code: "out-of-fuel", details: { record: 0 } });
  expect(endless.details?.logs?.length).toBeGreaterThan(1);
  const [regex, bomb] = await Promise.all([
    refused(ada, { source: mapOf('() => /^(a+)+$/.test("a".repeat(40) + "b")'), input: [1] }),
    refused(ada, {
      source: mapOf(
        "() => { const all: number[][] = []; for (;;) all.push(new Array(1e5).fill(1)); }",
      ),
      input: [1],
    }),
  ]);
  expect(regex.code).toBe("timeout");
  expect(bomb.code).toBe("out-of-memory");
  expect(await tried(ada, { source: words })).toMatchObject({ input: { from: "synthesized" } });
});

test("who goes away stops the run and frees its place", async () => {
  const ada = await someone();
  const controller = new AbortController();
  const source = mapOf('() => /^(a+)+$/.test("a".repeat(40) + "b")');
  const asked = [1, 2].map(() =>
    ada
      .ask("/v1/functions/try", { ...post({ source, input: [1] }), signal: controller.signal })
      .catch((error: Error) => error.name),
  );
  await sleep(1_500);
  expect(api.deps.trials.underWay).toBe(2);
  controller.abort();
  expect(await Promise.all(asked)).toEqual(["AbortError", "AbortError"]);
  const startedMs = performance.now();
  await tried(ada, { source: words });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  await expect.poll(() => api.deps.trials.underWay).toBe(0);
});

test("an account has few tries at once, and so many in a while; publishing does not wait for them", async () => {
  const ada = await someone();
  const source = mapOf('() => /^(a+)+$/.test("a".repeat(40) + "b")');
  const controller = new AbortController();
  const stuck = [1, 2].map(() =>
    ada
      .ask("/v1/functions/try", { ...post({ source, input: [1] }), signal: controller.signal })
      .catch(() => {}),
  );
  await expect.poll(() => api.deps.trials.underWay).toBe(2);
  const third = await ada.ask("/v1/functions/try", post({ source: words }));
  expect([third.status, third.headers.get("retry-after")]).toEqual([429, "1"]);
  const bob = await someone();
  const published = await bob.json("/v1/functions", post({ name: "words", source: words }));
  expect(published.status).toBe(201);
  controller.abort();
  await Promise.all(stuck);
  const statuses: number[] = [];
  for (let i = 0; i < 25; i++) {
    const answer = await ada.ask("/v1/functions/try", post({ source: "" }));
    statuses.push(answer.status);
  }
  expect(statuses.filter((status) => status === 400)).toHaveLength(25);
  for (let i = 0; i < 25; i++) {
    const answer = await ada.ask("/v1/functions/try", post({ source: "export default 1 +" }));
    statuses.push(answer.status);
  }
  expect(statuses.at(-1)).toBe(429);
});
