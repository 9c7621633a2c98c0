import { expect, test } from "vitest";
import type { Output } from "../../protocol/job.ts";
import { type Context, newJob } from "./context.ts";
import { earner, output, request, stageOf } from "./fixtures.ts";

export function outputBehaviour({ store }: Context): void {
  const places = (outputs: readonly Output[]) => outputs.map(({ level, index }) => [level, index]);
  const exact = (outputs: readonly Output[]) =>
    outputs.map(({ inline, ...rest }) => ({ ...rest, inline: inline && [...inline] }));

  test("outputs come back byte for byte, ordered by level and index", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 8);
    const leases = await jobs.lease(id, request({ leases: 2, tasksMax: 4 }));
    const empty = { inline: Buffer.alloc(0), bytes: 0 };
    const { inline: _inline, ...large } = output(0, { level: 2, bytes: 5_000_000, fuel: 5 });
    const right = [output(4, { level: 1 }), output(7, empty), output(6)];
    const left = [large, output(0, { level: 1 }), output(3, { hostClass: "" })];
    await jobs.complete(id, [
      { ...leases[1]!, outputs: right, earner },
      { ...leases[0]!, outputs: left, earner },
    ]);
    const [l0, r0] = [left, right];
    const expected = [l0[2]!, r0[2]!, r0[1]!, l0[1]!, r0[0]!, l0[0]!];
    expect(exact(await jobs.outputs(id, 0))).toEqual(exact(expected));
    // Once more when an embedded store has written them to its disk.
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(exact(await jobs.outputs(id, 0))).toEqual(exact(expected));
    expect(exact(await jobs.outputs(id, 0, { level: 1 }))).toEqual(exact(expected.slice(3, 5)));
    expect(await jobs.outputs(id, 0, { level: 3 })).toEqual([]);
    expect(await jobs.outputs(id, 1)).toEqual([]);
  });

  test("a slice of a level is [from, to), whatever its width", async () => {
    const { jobs } = store();
    const tasks = 3000;
    const id = await newJob(store(), tasks, stageOf(0, tasks));
    const levels = 3;
    for (;;) {
      const leases = await jobs.lease(id, request({ leases: 3, tasksMax: 70 }));
      if (leases.length === 0) break;
      await jobs.complete(
        id,
        leases.reverse().map((lease) => {
          const outputs: Output[] = [];
          for (let index = lease.lo; index < lease.hi; index++)
            for (let level = 0; level < levels; level++) outputs.push(output(index, { level }));
          return { ...lease, outputs, earner };
        }),
      );
    }
    const all = await jobs.outputs(id, 0);
    const expected: [number, number][] = [];
    for (let level = 0; level < levels; level++)
      for (let index = 0; index < tasks; index++) expected.push([level, index]);
    expect(places(all)).toEqual(expected);
    for (const [from, to] of [
      [0, 1],
      [63, 65],
      [100, 131],
      [250, 330],
      [10, 2990],
      [2990, 9999],
      [5, 5],
      [4000, 5000],
    ] as const) {
      const slice = expected.filter(([level, index]) => level === 1 && index >= from && index < to);
      expect(places(await jobs.outputs(id, 0, { level: 1, from, to })), `${from}-${to}`).toEqual(
        slice,
      );
    }
    expect(places(await jobs.outputs(id, 0, { from: 2998 }))).toEqual(
      expected.filter(([, index]) => index >= 2998),
    );
  });

  test("dropped stages are gone, the others stay", async () => {
    const { jobs } = store();
    const id = await newJob(store(), 6000, stageOf(0, 6000));
    const run = async () => {
      for (const lease of await jobs.lease(id, request({ leases: 10 }))) {
        const outputs = Array.from({ length: lease.hi - lease.lo }, (_, i) => output(lease.lo + i));
        await jobs.complete(id, [{ ...lease, outputs, earner }]);
      }
    };
    await run();
    expect(await jobs.advance(id, 0, stageOf(1, 3), { drop: [] })).toBe("advanced");
    await run();
    expect(await jobs.advance(id, 1, stageOf(2, 2), { drop: [0, 7] })).toBe("advanced");
    await run();
    expect(await jobs.outputs(id, 1)).toHaveLength(3);
    expect(await jobs.outputs(id, 2)).toHaveLength(2);
    // A large stage is deleted bit by bit.
    for (let tries = 0; tries < 200; tries++) {
      if ((await jobs.outputs(id, 0)).length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await jobs.outputs(id, 0)).toEqual([]);
    expect(await jobs.outputs(id, 1)).toHaveLength(3);
  });
}
