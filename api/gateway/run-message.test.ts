import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import type { Kind, Output, Stage } from "../../protocol/job.ts";
import { inlineBytesMax } from "../../protocol/limits.ts";
import { type JobView, JobViews } from "../jobs/job-view.ts";
import { openStore } from "../store/open-store.ts";
import type { Lease, Store } from "../store/port.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { runMessage } from "./run-message.ts";

/** Messages for leases of real stages: an earlier stage is answered in a real store first. */
let dataDir: string;
let store: Store;
const nowMs = 1_790_000_000_000;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-run-message-"));
  store = await openStore({ dataDir });
});
afterEach(async () => {
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

type Made = { level: number; index: number; body: string | Buffer; blob?: boolean };

/** A job whose stages were answered with these outputs, one after the other, and which is now at `last`. */
async function jobAt(kind: Kind, answered: [Stage, Made[]][], last: Stage): Promise<JobView> {
  const spec = jobSpecOf({
    id: "job_1",
    kind,
    input: { type: "range", count: 100 },
    reducers: 2,
    roundsMax: 5,
    createdAtMs: nowMs,
  });
  const stages = [...answered.map(([stage]) => stage), last];
  await store.jobs.create(spec, stages[0]!);
  for (const [i, [stage, made]] of answered.entries()) {
    const [lease] = await store.jobs.lease(spec.id, {
      holder: "s",
      leases: 1,
      tasksMax: stage.tasks,
      leaseMs: 1000,
      nowMs,
    });
    const { token, lo, hi } = lease!;
    const outputs: Output[] = [];
    for (const { level, index, body, blob } of made) {
      const inline = Buffer.from(body);
      const common = { level, index, hash: digestOf(inline), bytes: inline.byteLength };
      if (blob) await store.blobs.put(common.hash, inline);
      outputs.push({ ...common, fuel: 1, hostClass: "v8", ...(blob ? {} : { inline }) });
    }
    await store.jobs.complete(spec.id, [{ token, lo, hi, outputs, earner: "acc_lender run_1" }]);
    expect(await store.jobs.advance(spec.id, stage.number, stages[i + 1]!, { drop: [] })).toBe(
      "advanced",
    );
  }
  return (await new JobViews(store, () => nowMs).get(spec.id))!;
}

function lease(view: JobView, lo: number, hi: number): Lease {
  const { number: stage } = view.stage;
  const common = { attempt: 1, deadlineMs: nowMs, backup: false };
  return { job: view.spec.id, stage, lo, hi, token: "token", ...common };
}

const texts = (payloads: Uint8Array[]) => payloads.map((one) => Buffer.from(one).toString());
const tasking = { type: "range", count: 100, perTask: 25 } as const;

describe("map", () => {
  test("says which tasks of what cut, and carries nothing", async () => {
    const view = await jobAt("map", [], { number: 0, round: 0, entry: "map", tasks: 4, tasking });
    const { message, payloads } = await runMessage(store, view, lease(view, 1, 3));
    expect(message).toEqual({
      type: "run",
      lease: "token",
      job: "job_1",
      stage: 0,
      round: 0,
      entry: "map",
      lo: 1,
      hi: 3,
      tasking,
    });
    expect(payloads).toEqual([]);
  });
});

describe("reduce", () => {
  const mapped: Stage = { number: 0, round: 0, entry: "map", tasks: 3, tasking };
  const reduce: Stage = { number: 1, round: 0, entry: "reduce", tasks: 2, from: 0 };

  test("brings its partition's parts in the order of the tasks, but no empty ones and no large blobs", async () => {
    const large = Buffer.alloc(inlineBytesMax + 1, "x");
    const view = await jobAt(
      "mapReduce",
      [
        [
          mapped,
          [
            { level: 0, index: 0, body: '["a",[1]]' },
            { level: 1, index: 0, body: "[]" },
            { level: 0, index: 1, body: "[]" },
            { level: 1, index: 1, body: '["b",[2]]' },
            { level: 0, index: 2, body: large, blob: true },
            { level: 0, index: 3, body: '["a",[3]]', blob: true },
            { level: 1, index: 2, body: '["c",[4]]' },
          ],
        ],
      ],
      reduce,
    );
    const whole = await runMessage(store, view, lease(view, 0, 2));
    expect(whole.message.partials!.map(({ task, index, inline }) => [task, index, inline])).toEqual(
      [
        [0, 0, true],
        [0, 2, false],
        [0, 3, true],
        [1, 1, true],
        [1, 2, true],
      ],
    );
    expect(texts(whole.payloads)).toEqual(['["a",[1]]', '["a",[3]]', '["b",[2]]', '["c",[4]]']);
    const second = await runMessage(store, view, lease(view, 1, 2));
    expect(texts(second.payloads)).toEqual(['["b",[2]]', '["c",[4]]']);
  });
});

describe("rounds", () => {
  const init: Stage = { number: 0, round: 0, entry: "init", tasks: 1 };
  const round: Stage = {
    number: 1,
    round: 1,
    entry: "map",
    tasks: 5,
    leaves: 5,
    state: 0,
    tasking: { type: "range", count: 100, perTask: 20 },
  };

  test("a map gets the state inline, or by digest when it is large", async () => {
    const small = await jobAt("iterate", [[init, [{ level: 0, index: 0, body: "state" }]]], round);
    const { message, payloads } = await runMessage(store, small, lease(small, 0, 5));
    expect(message).toMatchObject({ hasState: true, leaves: 5 });
    expect(texts(payloads)).toEqual(["state"]);
  });

  test("a large state can be fetched by its digest", async () => {
    const body = Buffer.alloc(inlineBytesMax + 1, "s");
    const view = await jobAt("iterate", [[init, [{ level: 0, index: 0, body }]]], round);
    const { message, payloads } = await runMessage(store, view, lease(view, 0, 5));
    expect(message.hasState).toBeUndefined();
    expect(message.stateDigest).toBe(digestOf(body));
    expect(payloads).toEqual([]);
    expect(await store.blobs.get(digestOf(body))).toEqual(body);
  });

  /** Five leaves as runs of tasks may leave them: [0,2), 2, 3 and [4,5). Ordered by level, they are out of order. */
  const partials: Made[] = [
    { level: 0, index: 2, body: "2" },
    { level: 0, index: 3, body: "3" },
    { level: 0, index: 4, body: "4" },
    { level: 1, index: 0, body: "0-1" },
  ];

  test("a step gets the state, then the partials from left to right", async () => {
    const step: Stage = {
      number: 2,
      round: 1,
      entry: "step",
      tasks: 1,
      from: 1,
      state: 0,
      leaves: 5,
    };
    const answered: [Stage, Made[]][] = [
      [init, [{ level: 0, index: 0, body: "state" }]],
      [round, partials],
    ];
    const view = await jobAt("iterate", answered, step);
    const { payloads } = await runMessage(store, view, lease(view, 0, 1));
    expect(texts(payloads)).toEqual(["state", "0-1", "2", "3", "4"]);
  });

  test("a merge gets no state, and each task the partials under its node", async () => {
    const merge: Stage = { ...round, number: 2, entry: "merge", tasks: 3, from: 1, level: 1 };
    delete merge.tasking;
    const answered: [Stage, Made[]][] = [
      [init, [{ level: 0, index: 0, body: "state" }]],
      [round, partials],
    ];
    const view = await jobAt("iterate", answered, merge);
    const { message, payloads } = await runMessage(store, view, lease(view, 1, 3));
    expect(message.hasState).toBeUndefined();
    expect(message.partials!.map(({ task, index }) => [task, index])).toEqual([
      [1, 2],
      [1, 3],
      [2, 4],
    ]);
    expect(texts(payloads)).toEqual(["2", "3", "4"]);
  });

  test("a state that is lost is an error", async () => {
    const view = await jobAt("iterate", [[init, []]], round);
    await expect(runMessage(store, view, lease(view, 0, 1))).rejects.toMatchObject({
      code: "blob-missing",
    });
  });
});
