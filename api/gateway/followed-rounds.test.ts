import { afterEach, describe, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import type { Store } from "../store/port.ts";
import { GatewayRig } from "./testing/gateway-rig.ts";
import { type Run, roundOf } from "./testing/scripted-runner.ts";

let rig: GatewayRig;
afterEach(() => rig.close());

interface Situation {
  spec?: Parameters<GatewayRig["submit"]>[0];
  /** What a task takes, ms. */
  taskMs?: number;
  between?: Parameters<typeof GatewayRig.start>[0];
}

/** A job whose first round was done in parts, and a runner that was then given the second as a whole. */
async function following({ spec, taskMs = 1, between }: Situation = {}) {
  rig = await GatewayRig.start(between);
  const runner = await rig.runner("first", { taskMs });
  const id = await rig.submit(spec);
  return { runner, id, run: await runner.follows() };
}

const whole = { lo: 0, hi: 8, leaves: 8, entry: "map", hasState: true };
const stateIs = (id: string, stage: number) =>
  rig.store.jobs.outputs(id, stage).then(([output]) => output?.inline?.toString());

const atRound = (id: string, round: number) =>
  rig.until(async () => {
    const state = await rig.state(id);
    return state.stage.round === round && state;
  });
const ended = (id: string) =>
  rig.until(async () => {
    const state = await rig.state(id);
    return state.endedAtMs !== undefined && state;
  });

describe("a runner that follows", () => {
  test("is given a whole round with its state, once the first was measured", async () => {
    const { runner, run } = await following({ spec: { roundsMax: 50 } });
    expect(run).toMatchObject({ ...whole, stage: 3, round: 2, follow: { roundsMax: 50 } });
    expect(Buffer.from(runner.payloadsOf(run)[0]!).toString()).toBe("step of round 1: 0/0");
  });

  test("moves the job's stage, view and events with each round", async () => {
    const { runner, id, run } = await following();
    const before = await rig.state(id);
    const { recordsDone } = rig.views.peek(id)!;
    const log = { task: 3, line: "hello" };
    runner.sayAll([roundOf(run, 2, "second", { logs: [log] })]);
    const state = await atRound(id, 3);
    expect(state).toMatchObject({
      stage: { number: 5, entry: "map", tasks: 8, state: 4 },
      done: 0,
      tasksDone: before.tasksDone + 8 + 1,
      fuel: before.fuel + 30 + 3,
      metrics: { round: 2 },
    });
    expect(await stateIs(id, 4)).toBe("second");
    expect(await stateIs(id, run.stage - 1)).toBeUndefined();
    const { stage, tasksDone, fuel } = state;
    const seen = { stage, done: 0, tasksDone, fuel, recordsDone: recordsDone + 16 };
    expect(rig.views.peek(id)).toMatchObject(seen);
    expect(rig.gateway.tasksDone).toBe(tasksDone);
    expect(rig.gateway.runners()[0]).toMatchObject({ tasksDone, busy: 1 });
    expect((await rig.events(id, "round")).map(({ ms: _, ...event }) => event)).toEqual([
      { type: "round", round: 1, metrics: { round: 1 }, done: false },
      { type: "round", round: 2, metrics: { round: 2 }, done: false },
    ]);
    expect((await rig.events(id, "round"))[1]!.ms).toBe(12.5);
    expect(await rig.events(id, "log")).toEqual([{ type: "log", ...log }]);
    // It was not told to go on: that it does by itself.
    expect(runner.followed).toEqual([run]);
  });

  test("says several rounds at once, of which the last state is kept", async () => {
    const { runner, id, run } = await following();
    const before = await rig.state(id);
    runner.sayAll([2, 3, 4].map((round) => roundOf(run, round, `state ${round}`)));
    const state = await atRound(id, 5);
    expect(state).toMatchObject({
      stage: { number: 9, state: 8 },
      tasksDone: before.tasksDone + 3 * 9,
      fuel: before.fuel + 3 * 33,
      metrics: { round: 4 },
    });
    expect(await stateIs(id, 8)).toBe("state 4");
    for (const stage of [4, 6]) expect(await stateIs(id, stage)).toBeUndefined();
    const events = await rig.events(id, "round");
    expect(events.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
    runner.sayAll([roundOf(run, 5, "state 5")]);
    await atRound(id, 6);
  });

  test.each([
    ["the function is done", { control: { done: true, metrics: {} } }, {}],
    ["there may be no more rounds", {}, { roundsMax: 4 }],
  ])("hands over to the finish when %s", async (_, more, spec) => {
    const { runner, id, run } = await following({ spec });
    runner.sayAll([roundOf(run, 2, "state 2"), roundOf(run, 3, "state 3")]);
    runner.sayAll([roundOf(run, 4, "last", more)]);
    const finish = await runner.until(() =>
      runner.all("run").find(({ entry }) => entry === "finish"),
    );
    expect(Buffer.from(runner.payloadsOf(finish)[0]!).toString()).toBe("last");
    expect(await ended(id)).toMatchObject({ status: "succeeded", resultStage: 9 });
    expect((await rig.events(id, "round")).map(({ round }) => round)).toEqual([1, 2, 3, 4]);
    expect((await rig.events(id, "round")).at(-1)!.done).toBe("control" in more);
    await runner.until(() => runner.all("forget").length > 0);
    // The lease ended with the round: there was nothing to cancel.
    expect(runner.all("cancel")).toEqual([]);
    expect(rig.warnings).toEqual([]);
  });

  test("gives the state as a blob when it is large", async () => {
    const { runner, id, run } = await following();
    const { message } = roundOf(run, 2, "large");
    const { output } = message as Extract<typeof message, { type: "round" }>;
    const large = { ...output, bytes: 1e6, inline: false };
    const token = runner.all("job")[0]!.job.blobToken;
    rig.gateway.blobGrant(token)!.stored(large.hash);
    runner.sayAll([roundOf(run, 2, "large", { output: large })]);
    await atRound(id, 3);
    const { inline: _, ...kept } = large;
    expect(await rig.store.jobs.outputs(id, 4)).toEqual([{ ...kept, hostClass: "v8" }]);
  });
});

describe("what does not fit the lease ends the connection, and the job goes on elsewhere", () => {
  const round = (number: number, state = "state") => {
    return (run: Run) => [roundOf(run, number, state)];
  };
  const wrongly = (change: object) => (run: Run) => {
    const said = roundOf(run, 2, "state");
    const message = said.message as Extract<typeof said.message, { type: "round" }>;
    return [{ ...said, message: { ...message, output: { ...message.output, ...change } } }];
  };
  const digestOfOther = `${"0".repeat(63)}1`;

  test.each<[string, (run: Run) => ReturnType<typeof roundOf>[], goesOnWith: number]>([
    ["a round that was answered", round(1), 2],
    ["a round that is not the next", round(3), 2],
    ["a round twice", (run) => [...round(2)(run), ...round(2)(run)], 3],
    ["another state than its digest says", wrongly({ hash: digestOfOther }), 2],
    ["another state than its size says", wrongly({ bytes: 4 }), 2],
    ["more fuel than the job's limits allow", wrongly({ fuel: 1e9 }), 2],
    ["a part of a unit of fuel", wrongly({ fuel: 0.5 }), 2],
    ["no state", (run) => [{ ...round(2)(run)[0]!, payloads: [] }], 2],
  ])("%s", async (_, said, goesOnWith) => {
    const { runner, id, run } = await following();
    runner.sayAll(said(run));
    await runner.until(() => runner.closedWith === 4002);
    const second = await rig.runner("second");
    const again = await second.follows();
    expect(again).toMatchObject({ ...whole, round: goesOnWith });
    second.sayAll([roundOf(again, goesOnWith, "well")]);
    await atRound(id, goesOnWith + 1);
    expect((await rig.events(id, "task")).map(({ state }) => state)).toEqual(["retried"]);
  });

  test("a round after the last", async () => {
    const { runner, id, run } = await following();
    const done = { control: { done: true, metrics: {} } };
    runner.sayAll([roundOf(run, 2, "last", done), roundOf(run, 3, "too many")]);
    await runner.until(() => runner.closedWith === 4002);
    await rig.runner("second");
    // The last one counts.
    expect(await ended(id)).toMatchObject({ status: "succeeded", resultStage: 5 });
  });

  test("a round of a lease that follows nothing", async () => {
    rig = await GatewayRig.start();
    const idle = await rig.runner("idle", { works: false });
    const id = await rig.submit();
    const init = await idle.until(() => idle.all("run")[0]);
    idle.sayAll([roundOf(init, init.round, "state")]);
    await idle.until(() => idle.closedWith === 4002);
    await rig.runner("second");
    await atRound(id, 2);
  });
});

describe("a lease that is lost", () => {
  test("by its age is cancelled, and its round is given anew", async () => {
    const { runner, id, run } = await following();
    await rig.store.jobs.expire(id, Number.MAX_SAFE_INTEGER, 9);
    const again = await runner.follows(2);
    expect(again).toMatchObject({ ...whole, stage: 3, round: 2 });
    runner.sayAll([roundOf(run, 2, "stale")]);
    await runner.until(() => runner.all("cancel").length > 0);
    expect(runner.all("cancel")).toEqual([{ type: "cancel", leases: [run.lease] }]);
    runner.sayAll([roundOf(again, 2, "fresh")]);
    await atRound(id, 3);
    expect(await stateIs(id, 4)).toBe("fresh");
    expect(runner.closedWith).toBeUndefined();
  });

  test("of a job that was ended is cancelled, and its rounds change nothing", async () => {
    const { runner, id, run } = await following();
    await rig.gateway.progress.end(id, "cancelled");
    await runner.until(() => runner.all("forget").length > 0);
    expect(runner.all("cancel")).toEqual([{ type: "cancel", leases: [run.lease] }]);
    runner.sayAll([roundOf(run, 2, "too late")]);
    const next = await rig.submit();
    await runner.follows(2);
    expect(await rig.state(id)).toMatchObject({ status: "cancelled", stage: { number: 3 } });
    expect((await rig.state(next)).stage.round).toBe(2);
    expect(rig.warnings).toEqual([]);
  });

  test("because the store fails is cancelled: no later round is taken for the one that it did not store", async () => {
    let failures = 1;
    const between = (store: Store) =>
      withFollow(store, (follow) => {
        if (failures-- > 0) throw new GridError("store-unavailable", "the disk is full");
        return follow();
      });
    const { runner, id, run } = await following({ between });
    runner.sayAll([roundOf(run, 2, "not stored")]);
    await runner.until(() => runner.all("cancel").length > 0);
    runner.sayAll([roundOf(run, 3, "after it")]);
    const again = await runner.follows(2);
    expect(again).toMatchObject({ ...whole, stage: 3, round: 2 });
    expect(Buffer.from(runner.payloadsOf(again)[0]!).toString()).toBe("step of round 1: 0/0");
    runner.sayAll([roundOf(again, 2, "stored")]);
    await atRound(id, 3);
    expect(await stateIs(id, 4)).toBe("stored");
    expect(rig.warnings).toEqual([expect.stringContaining("the disk is full")]);
  });
});

describe("what was reported counts", () => {
  test("when the lease is handed back in the same breath", async () => {
    const { runner, id, run } = await following();
    runner.sayAll([
      roundOf(run, 2, "counts"),
      { message: { type: "released", leases: [run.lease] }, payloads: [] },
    ]);
    const again = await runner.follows(2);
    expect(again).toMatchObject({ ...whole, stage: 5, round: 3 });
    expect(await stateIs(id, 4)).toBe("counts");
    expect(runner.all("cancel")).toEqual([]);
  });

  test("when the next round fails in the same breath", async () => {
    const { runner, id, run } = await following();
    const error = { code: "task-lost", message: "the executor died" } as const;
    runner.sayAll([
      roundOf(run, 2, "counts"),
      { message: { type: "failed", lease: run.lease, at: 0, error }, payloads: [] },
    ]);
    const again = await runner.follows(2);
    expect(again).toMatchObject({ ...whole, stage: 5, round: 3 });
    expect(await stateIs(id, 4)).toBe("counts");
    expect(await rig.events(id, "task")).toMatchObject([{ stage: 5, state: "retried" }]);
  });

  test("when its runner goes", async () => {
    const { runner, id, run } = await following();
    runner.sayAll([roundOf(run, 2, "counts")]);
    await atRound(id, 3);
    runner.terminate();
    const second = await rig.runner("second");
    expect(await second.follows()).toMatchObject({ ...whole, stage: 5, round: 3 });
  });
});

describe("a second runner that comes", () => {
  test("shares long rounds: whoever follows is asked to end with its round", async () => {
    const { runner, id, run } = await following({ taskMs: 100 });
    const second = await rig.runner("second", { taskMs: 100 });
    const [yielding] = await runner.until(
      () => runner.all("yield").length > 0 && runner.all("yield"),
    );
    expect(yielding).toEqual({ type: "yield", leases: [run.lease] });
    runner.sayAll([
      roundOf(run, 2, "together", { ms: 800 }),
      { message: { type: "released", leases: [run.lease] }, payloads: [] },
    ]);
    // From here on both answer whatever they get, round by round.
    await rig.until(async () => (await rig.state(id)).stage.round > 6);
    for (const { heard } of [runner, second]) {
      const maps = heard.filter(({ message }) => message.type === "run" && message.round > 2);
      expect(maps.length).toBeGreaterThan(0);
    }
    expect(runner.followed).toHaveLength(1);
    expect(second.followed).toEqual([]);
    // What was reported is not done again.
    const again = [...runner.all("run"), ...second.all("run")].filter(
      (one) => one.entry === "map" && one.round === 2,
    );
    expect(again).toEqual([run]);
  });

  test("leaves short rounds to whom they are with", async () => {
    const { runner, id, run } = await following({ taskMs: 0.1 });
    const second = await rig.runner("second");
    runner.sayAll([roundOf(run, 2, "alone", { ms: 0.8 })]);
    await atRound(id, 3);
    expect(runner.all("yield")).toEqual([]);
    expect(second.all("run")).toEqual([]);
  });
});

function withFollow(
  store: Store,
  around: (
    follow: () => ReturnType<Store["jobs"]["follow"]>,
  ) => ReturnType<Store["jobs"]["follow"]>,
): Store {
  const { jobs } = store;
  const proxied = new Proxy(jobs, {
    get(target, key: keyof typeof jobs) {
      if (key !== "follow") return (target[key] as () => unknown).bind(target);
      return async (...args: Parameters<typeof jobs.follow>) =>
        around(() => target.follow(...args));
    },
  });
  return { ...store, jobs: proxied };
}
