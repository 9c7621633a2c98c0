import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CompiledVersion } from "../../api/ports.ts";
import { GridError } from "../../protocol/errors.ts";
import { startExecutor } from "../../sandbox/index.ts";
import { handGuest } from "../../sandbox/testing/hand-guest.ts";
import { collect, mapRequest, testJob, text } from "../../sandbox/testing/requests.ts";
import { Harness, invoke } from "./harness.ts";

/** Leaves what it can when told to, and says what it finds otherwise. */
const leaverSource = `// @ts-nocheck
import { items, map } from "sparegrid";
const kept = [];
export default map({
  title: "Leaver",
  input: items(),
  map(record) {
    if (record === "leave") {
      globalThis.left = "behind"; kept.push("behind"); Math.abs = () => 42; Array.prototype.at = () => "behind";
      return "left";
    }
    if (record === "find") return [typeof globalThis.left, kept.length, Math.abs(-1), ["own"].at(0)];
    return record;
  },
});`;

let harness: Harness;
let leaver: CompiledVersion;

beforeAll(async () => {
  harness = new Harness();
  await harness.open();
  leaver = await harness.compiler.compile({ name: "leaver", source: leaverSource });
});

afterAll(async () => {
  await harness.close();
});

describe("what a function leaves behind", () => {
  it("is not there for the next owner of the same version", async () => {
    expect(await harness.call(leaver, { owner: "ada", input: ["leave"] })).toMatchObject({
      gives: ["left"],
    });
    expect(await harness.call(leaver, { owner: "bob", input: ["find"] })).toMatchObject({
      gives: [["undefined", 0, 1, "own"]],
    });
  });

  it("is not there for another version of the same owner, in the same process", async () => {
    const other = await harness.compiler.compile({
      name: "leaver",
      source: `${leaverSource}\n// another version`.replace("Leaver", "Other"),
    });
    expect(other.digest).not.toBe(leaver.digest);
    const loan = await harness.pool.acquire("ada");
    try {
      loan.executor.open(leaver.digest, leaver.bundle, { memoryMb: 64 });
      loan.executor.open(other.digest, other.bundle, { memoryMb: 64 });
      await invoke(loan.executor, leaver.digest, { input: ["leave"] });
      expect(await invoke(loan.executor, other.digest, { input: ["find"] })).toMatchObject({
        gives: [["undefined", 0, 1, "own"]],
      });
    } finally {
      loan.release();
    }
  });

  it("does not change what the same owner's next job computes with the runtime", async () => {
    const loan = await harness.pool.acquire("carol");
    try {
      loan.executor.open(leaver.digest, leaver.bundle, { memoryMb: 64 });
      await invoke(loan.executor, leaver.digest, { input: ["leave"], jobId: "one" });
      const next = await invoke(loan.executor, leaver.digest, {
        input: [[1, 2], "x"],
        jobId: "two",
      });
      expect(next).toMatchObject({ gives: [[1, 2], "x"] });
    } finally {
      loan.release();
    }
  });
});

describe("resident blobs", () => {
  it("of one bundle cannot be named by another's requests", async () => {
    const executor = await startExecutor();
    try {
      const reader = handGuest({
        run: "const found = resident.get(request.slice.key); return [{}, found ? found.data : 'nothing']",
      });
      executor.open("mine", reader, { memoryMb: 64 });
      executor.open("theirs", reader, { memoryMb: 64 });
      const meta = { type: "shard" as const, format: "lines" as const, records: 1 };
      executor.load("theirs", "shard", meta, Buffer.from("a secret"));
      expect(text((await collect(executor, "theirs", [mapRequest(0)]))[0])).toBe("a secret");
      expect(text((await collect(executor, "mine", [mapRequest(0)]))[0])).toBe("nothing");
    } finally {
      executor.kill(new GridError("shutting-down", "the test is over"));
      await executor.exited;
    }
  });

  it("cannot be had by a key that was forged into a job", async () => {
    const loan = await harness.pool.acquire("ada");
    try {
      const { executor } = loan;
      executor.open(leaver.digest, leaver.bundle, { memoryMb: 64 });
      for (const key of ["not-resident", "__proto__", "constructor", "", "leaver"]) {
        const slice = { task: 0, key, shard: 0, from: 0, to: 1, record: 0 };
        const [reply] = await collect(executor, leaver.digest, [
          { request: { job: testJob, fuelMax: 1e6, entry: "map", slice } },
        ]);
        expect(reply?.header.error?.code).toBe("runner-fault");
        expect(reply?.body.byteLength).toBe(0);
      }
    } finally {
      loan.release();
    }
  });
});
