import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GridError } from "../../client/index.ts";
import { linesOf } from "../support/functions.ts";
import { System } from "../support/system.ts";

/** Bad input and faults as a consumer meets them: each ends in its typed error, and the next job runs. */
let system: System;

beforeAll(async () => {
  system = await System.start();
  await system.client.functions.publish({ name: "length", source: lengthOf });
});
afterAll(() => system?.stop());

const lengthOf = `
import { lines, map } from "sparegrid";
export default map({ title: "Length", input: lines(), params: { add: 0 }, map: (line, { params }) => line.length + params.add });
`;

const onLines = (body: string, extra = "") => `
import { lines, map } from "sparegrid";
export default map({
  title: "Fault", input: lines(), ${extra}
  map(line, ctx) {
${body}
  },
});`;

async function refusal(promise: Promise<unknown>): Promise<GridError> {
  try {
    await promise;
  } catch (error) {
    return error as GridError;
  }
  throw new Error("it was not refused");
}

let names = 0;
async function fails(source: string, input = "a\nb\nc", limits?: object) {
  const name = `fault-${names++}`;
  await system.client.functions.publish({ name, source });
  const { id } = await system.client.jobs.submit({
    function: name,
    input,
    ...(limits ? { limits } : {}),
  });
  const job = await system.client.jobs.wait(id);
  expect(job.status).toBe("failed");
  return job.error!;
}

async function nextJobRuns() {
  const { result } = await system.client.invoke("length", ["ab", "c"]);
  expect(result).toEqual([2, 1]);
}

describe("publishing", () => {
  const publish = (source: string) =>
    refusal(system.client.functions.publish({ name: "refused", source }));

  test("a syntax error names file, line and column", async () => {
    const error = await publish("export default map({\n  title: 'x',\n  map( => 1\n});");
    expect(error).toMatchObject({ code: "syntax-error", fault: "caller", status: 422 });
    expect(error.details.at).toMatchObject({ line: 3 });
  });

  test("a forbidden import names the line and what to do", async () => {
    const error = await publish('import fs from "node:fs";\nexport default fs;');
    expect(error.code).toBe("forbidden-import");
    expect(error.details.at).toMatchObject({ line: 1 });
    expect(error.details.hint).toBeTruthy();
  });

  test("a missing entry is refused", async () => {
    const error = await publish(
      'import { lines, map } from "sparegrid";\nexport default (map as any)({ title: "x", input: lines() });',
    );
    expect(error.code).toBe("missing-entry");
  });

  test("an impure function is refused", async () => {
    const error = await publish(
      'import { items, map } from "sparegrid";\nlet n = 0;\nexport default map({ title: "x", input: items<number>(), map: (v) => v + n++ });',
    );
    expect(error.code).toBe("impure-function");
  });

  test("the same source twice is the same version", async () => {
    const first = await system.client.functions.publish({ name: "same", source: lengthOf });
    const second = await system.client.functions.publish({ name: "same", source: lengthOf });
    expect(second.version).toBe(first.version);
  });
});

describe("a function's own faults", () => {
  test("an error in one record tells record, shard and the author's line", async () => {
    const source = onLines(
      '    if (line.startsWith("7 ")) throw new TypeError("seven is bad");\n    return 1;',
    );
    const dataset = await system.client.datasets.upload(linesOf(5000), {
      name: "l",
      format: "lines",
    });
    await system.client.functions.publish({ name: "thrower", source });
    const { id } = await system.client.jobs.submit({ function: "thrower", dataset: dataset.id });
    const job = await system.client.jobs.wait(id);
    expect(job.error).toMatchObject({
      code: "function-threw",
      details: { record: 7, shard: 0, at: { file: "thrower.ts", line: 6 } },
    });
    expect(job.error!.message).toContain("seven is bad");
    await nextJobRuns();
  });

  test("out of fuel", async () => {
    const error = await fails(onLines("    for (;;) {}"), "a", { fuelPerTask: 1_000_000 });
    expect(error.code).toBe("out-of-fuel");
    await nextJobRuns();
  });

  test("out of fuel cannot be caught", async () => {
    const source = onLines("    for (;;) { try { for (;;) {} } catch {} finally { continue; } }");
    expect((await fails(source, "a", { fuelPerTask: 1_000_000 })).code).toBe("out-of-fuel");
    await nextJobRuns();
  });

  test("out of memory", async () => {
    const source = onLines(
      "    const all: number[][] = [];\n    for (;;) all.push(new Array(1000).fill(1.5));",
    );
    expect((await fails(source, "a", { memoryMb: 64 })).code).toBe("out-of-memory");
    await nextJobRuns();
  });

  test("an endless regular expression ends at the timeout", async () => {
    const source = onLines('    return /^(a+)+$/.test("a".repeat(60) + "b");');
    expect((await fails(source, "a", { timeoutMs: 500 })).code).toBe("timeout");
    await nextJobRuns();
  });

  test("an output that is too large", async () => {
    const source = onLines('    return "x".repeat(50_000_000);');
    expect((await fails(source, "a")).code).toBe("output-too-large");
    await nextJobRuns();
  });

  test("endless recursion", async () => {
    const source = onLines("    const f = (n: number): number => f(n + 1) + 1;\n    return f(0);");
    expect((await fails(source, "a")).code).toBe("stack-exhausted");
    await nextJobRuns();
  });
});

describe("requests", () => {
  test("an unknown function, job or dataset", async () => {
    for (const promise of [
      system.client.jobs.submit({ function: "nobody", input: "x" }),
      system.client.jobs.get("job_nobody"),
      system.client.datasets.get("ds_nobody"),
    ]) {
      expect(await refusal(promise)).toMatchObject({ code: "not-found", status: 404 });
    }
  });

  test("a dataset of the wrong kind, an unknown parameter, a wrong type", async () => {
    const { client } = system;
    const rows = await client.datasets.upload(Buffer.from("1,2\n3,4\n"), {
      name: "m",
      format: "matrix",
    });
    const wrong = await refusal(client.jobs.submit({ function: "length", dataset: rows.id }));
    expect(wrong.code).toBe("wrong-input");
    expect(wrong.details.hint ?? wrong.message).toContain("lines");
    const unknown = await refusal(
      client.jobs.submit({ function: "length", input: "a", params: { ad: 1 } }),
    );
    expect(unknown).toMatchObject({ code: "unknown-param", details: { param: "ad" } });
    const typed = await refusal(
      client.jobs.submit({ function: "length", input: "a", params: { add: "1" } }),
    );
    expect(typed).toMatchObject({ code: "bad-param", details: { param: "add" } });
  });

  test("verification policies that are not there yet", async () => {
    const request = { function: "length", input: "a", verify: "quorum" as const };
    expect((await refusal(system.client.jobs.submit(request))).code).toBe("verify-unavailable");
  });

  test.each([
    ["csv", 'a,b\n1,2\n"3,4\n', 3],
    ["ndjson", '{"a":1}\n{"a":\n', 2],
    ["matrix", "1,2\n3,4\n5,x\n", 3],
  ] as const)("malformed %s names its line", async (format, text, line) => {
    const upload = (onBadRecord?: "skip") =>
      system.client.datasets.upload(Buffer.from(text), {
        name: "bad",
        format,
        ...(onBadRecord ? { onBadRecord } : {}),
      });
    expect(await refusal(upload())).toMatchObject({ code: "malformed-record", details: { line } });
    const accepted = await upload("skip");
    expect(accepted.skipped).toBe(1);
  });

  test("an upload that is cut off half-way leaves nothing", async () => {
    const names = async () => {
      const found: string[] = [];
      for await (const dataset of system.client.datasets.list()) found.push(dataset.name);
      return found;
    };
    const request = http.request(`${system.url}/v1/datasets?name=cut&format=lines`, {
      method: "POST",
      headers: { authorization: `Bearer ${system.key}`, "content-length": 10_000_000 },
    });
    request.on("error", () => {});
    request.write("a line\n".repeat(100_000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await names()).not.toContain("cut");
  });

  test("a result asked too early", async () => {
    const source = onLines(
      "    let x = 0;\n    for (let i = 0; i < 3e8; i++) x += i % 7;\n    return x;",
    );
    await system.client.functions.publish({ name: "slow", source });
    const { id } = await system.client.jobs.submit({ function: "slow", input: "a\nb\nc\nd" });
    expect((await refusal(system.client.jobs.result(id))).code).toBe("result-not-ready");
    expect((await system.client.jobs.cancel(id)).status).toBe("cancelled");
    expect((await refusal(system.client.jobs.result(id))).code).toBe("job-cancelled");
    await nextJobRuns();
  });

  test("two submits with one Idempotency-Key are one job", async () => {
    const submit = async () => {
      const response = await fetch(`${system.url}/v1/jobs`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${system.key}`,
          "content-type": "application/json",
          "idempotency-key": "the-same",
        },
        body: JSON.stringify({ function: "length", input: "a\nb" }),
      });
      return ((await response.json()) as { id: string }).id;
    };
    const ids = await Promise.all([submit(), submit(), submit()]);
    expect(new Set(ids).size).toBe(1);
  });

  test("an oversized body", async () => {
    const error = await refusal(
      system.client.jobs.submit({ function: "length", input: "x".repeat(20_000_000) }),
    );
    expect(error).toMatchObject({ code: "body-too-large", status: 413 });
  });
});

describe("without a runner", () => {
  test("a job waits and says so, and runs when one comes", async () => {
    await using lonely = await System.start({ runner: false });
    await lonely.client.functions.publish({ name: "length", source: lengthOf });
    const { id } = await lonely.client.jobs.submit({ function: "length", input: "abc" });
    const waiting = await lonely.client.jobs.get(id);
    expect(waiting.status).toBe("queued");
    expect(waiting.waitingFor).toContain("runner");
    expect((await refusal(lonely.client.invoke("length", ["a"]))).code).toBe("no-runner");
    await lonely.startRunner();
    expect((await lonely.client.jobs.wait(id)).status).toBe("succeeded");
  });
});
