import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import type { Dataset } from "../../protocol/http-datasets.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import { manifestSchema } from "../../protocol/manifest.ts";
import { ScriptedRunner } from "../gateway/testing/scripted-runner.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

/** A runner sees what it needs for the work that it holds, whatever digests it knows. */
let api: TestApi;
let ada: TestMember;
let bob: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  [ada, bob] = [await api.member("ada"), await api.member("bob")];
  for (const who of [ada, bob]) await who.json("/v1/functions", post({ name: "lengths", source }));
});
afterAll(() => api.end());

const source = `import { constant, lines, map } from "sparegrid";
export default map({ title: "Lengths", input: lines(), uses: { model: constant() },
  map: (line) => line.length });`;

const connected: ScriptedRunner[] = [];
afterEach(() => {
  for (const runner of connected.splice(0)) runner.terminate();
});

async function connect(who: TestMember): Promise<ScriptedRunner> {
  const address = `${api.url.replace("http", "ws")}/v1/runner`;
  const runner = await ScriptedRunner.connect(address, who.handle, {
    key: who.key,
    works: false,
  });
  connected.push(runner);
  return runner;
}

interface Work {
  id: string;
  manifest: string;
  shard: string;
  constant: string;
}

/** A job of one's own, for one's own machines. */
async function submit(who: TestMember): Promise<Work> {
  const upload = await who.json<Dataset>(
    `/v1/datasets?format=lines&name=of-${who.handle}`,
    post(`what ${who.handle} wrote\n`),
  );
  const manifest = upload.body.digest;
  const listed = await api.deps.store.blobs.get(manifest);
  const shard = manifestSchema.parse(JSON.parse(String(listed))).shards[0]!.digest;
  const value = `secret of ${who.handle}`;
  const input = { function: "lengths", dataset: upload.body.id, pool: "own" };
  const request = { ...input, uses: { model: { value } } };
  const { body } = await who.json<Job>("/v1/jobs", post(request));
  return { id: body.id, manifest, shard, constant: digestOf(JSON.stringify(value)) };
}

async function tokenOf(runner: ScriptedRunner, job: string): Promise<string> {
  const told = await runner.until(() => runner.all("job").find((one) => one.job.id === job));
  await runner.until(() => runner.all("run").find((run) => run.job === job));
  return told.job.blobToken;
}

function asking(token: string) {
  const blob = (digest: string, init: RequestInit = {}) =>
    fetch(`${api.url}/v1/blobs/${digest}`, {
      ...init,
      headers: { authorization: `Bearer ${token}` },
    });
  return {
    read: async (digest: string) => (await blob(digest)).status,
    head: async (digest: string) => (await blob(digest, { method: "HEAD" })).status,
    put: async (body: string) =>
      (await blob(digestOf(body), { method: "PUT", body: Buffer.from(body) })).status,
  };
}

describe("a runner's token", () => {
  test("opens the blobs of the job that it works on, and of no other", async () => {
    const [mine, hers] = [await submit(bob), await submit(ada)];
    const runner = await connect(bob);
    const { read, head } = asking(await tokenOf(runner, mine.id));
    for (const digest of [mine.manifest, mine.shard, mine.constant])
      expect(await read(digest)).toBe(200);
    const { version } = (await ada.json<{ version: string }>("/v1/functions/lengths")).body;
    // Both published the same bytes.
    expect(await read(version)).toBe(200);
    for (const digest of [hers.manifest, hers.shard, hers.constant]) {
      expect(await api.deps.store.blobs.has(digest)).toBe(true);
      expect(await read(digest)).toBe(404);
      expect(await head(digest)).toBe(404);
    }
  });

  test("opens what an earlier stage has left for its lease", async () => {
    const counted = `import { lines, mapReduce } from "sparegrid";
export default mapReduce({ title: "Count", input: lines(),
  map: (line, { emit }) => emit(line, 1), reduce: (key, values) => values.length });`;
    await bob.json("/v1/functions", post({ name: "counted", source: counted }));
    const path = "/v1/datasets?format=lines&name=counted";
    const { id: dataset } = (await bob.json<Dataset>(path, post("a\n"))).body;
    const request = post({ function: "counted", dataset, pool: "own" });
    const { id } = (await bob.json<Job>("/v1/jobs", request)).body;
    const runner = await connect(bob);
    const { read, put } = asking(await tokenOf(runner, id));
    const { lease, lo, hi } = runner.all("run").find((run) => run.job === id)!;
    const body = `["a",1]${" ".repeat(300_000)}\n`;
    const hash = digestOf(body);
    // What it has put it may not read for that alone.
    expect([await put(body), await read(hash)]).toEqual([201, 404]);
    const output = { level: 0, index: lo, bytes: body.length, hash, fuel: 1, inline: false };
    runner.say({ type: "result", lease, lo, hi, outputs: [output], ms: 1 });
    const isReduce = (run: { job: string; entry: string }) =>
      run.job === id && run.entry === "reduce";
    const reduce = await runner.until(() => runner.all("run").find(isReduce));
    expect(reduce.partials).toMatchObject([{ hash, inline: false }]);
    expect(await read(hash)).toBe(200);
    await bob.ask(`/v1/jobs/${id}/cancel`, post(""));
  });

  test("opens nothing once the job has ended, and is none once the runner has gone", async () => {
    const mine = await submit(bob);
    const runner = await connect(bob);
    const { read, put } = asking(await tokenOf(runner, mine.id));
    expect(await put("an output")).toBe(201);
    expect((await bob.ask(`/v1/jobs/${mine.id}/cancel`, post(""))).status).toBe(200);
    await runner.until(() => runner.all("forget").some(({ job }) => job === mine.id));
    expect(await read(mine.shard)).toBe(404);
    expect(await put("another output")).toBe(403);
    runner.terminate();
    await expect.poll(() => read(mine.shard)).toBe(401);
  });

  test("does not make another's blob one's output, to be read with the result", async () => {
    const [mine, hers] = [await submit(bob), await submit(ada)];
    const runner = await connect(bob);
    await tokenOf(runner, mine.id);
    const { lease, lo, hi } = runner.all("run").find((run) => run.job === mine.id)!;
    const output = { level: 0, index: lo, bytes: 300_000, hash: hers.shard, fuel: 1 };
    const outputs = [{ ...output, inline: false }];
    runner.say({ type: "result", lease, lo, hi, outputs, ms: 1 });
    await runner.until(() => runner.closedWith === 4002);
  });
});

test("a member's key opens no blob, not even their own", async () => {
  const { shard } = await submit(ada);
  for (const who of [ada, bob]) expect((await who.ask(`/v1/blobs/${shard}`)).status).toBe(403);
  expect((await api.ask(`/v1/blobs/${shard}`)).status).toBe(200);
});
