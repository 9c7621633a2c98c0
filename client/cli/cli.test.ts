import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandMain, runProcess, type Surroundings, startCommand } from "./testing/command.ts";

const launcher = fileURLToPath(new URL("../../bin/sparegrid.js", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sparegrid-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

function sparegrid(args: readonly string[], more: Partial<Surroundings> = {}) {
  return runProcess(args, { folder, ...more });
}

describe("without an API", () => {
  test("help names every command, with examples and exit codes, on stdout", async () => {
    const { code, out, err } = await sparegrid(["--help"]);
    expect(code).toBe(0);
    expect(err).toBe("");
    for (const name of ["publish", "functions", "dataset", "run", "invoke", "jobs", "watch"])
      expect(out).toContain(`\n  ${name}`);
    for (const name of ["result", "cancel", "runner", "pools", "payout", "campaigns", "doctor"])
      expect(out).toContain(`\n  ${name}`);
    expect(out).toContain("Exit codes:");
    expect(out).not.toContain("\u001b");
  });

  test("the launcher runs the same command and passes its exit code on", async () => {
    const version = await sparegrid(["--version"], { program: launcher });
    expect(version).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect((await sparegrid(["nonsense"], { program: launcher })).code).toBe(2);
  });

  test("wrong usage exits with 2, an error, a hint, and nothing on stdout", async () => {
    const wrong = await sparegrid(["rnu"]);
    expect(wrong).toEqual({
      code: 2,
      out: "",
      err: "error: unknown command 'rnu'\n  hint: Did you mean run?\n",
    });
    expect((await sparegrid(["run"])).code).toBe(2);
    expect((await sparegrid(["run", "f", "--sede", "1"])).err).toContain("Did you mean --seed?");
    expect(await sparegrid(["run", "f", "--seed", "x"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("whole number"),
    });
    expect(await sparegrid(["invoke", "f", "plain text"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("hint: quote strings"),
    });
    expect(await sparegrid(["functions", "--url", "ftp://x"])).toMatchObject({ code: 2 });
    await writeFile(join(folder, "data.unknown"), "x");
    expect(await sparegrid(["dataset", "push", "data.unknown"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--format lines|text"),
    });
  });

  test("an API that is not there is an error with a hint", async () => {
    const env = { SPAREGRID_URL: "http://127.0.0.1:9999" };
    expect(await sparegrid(["functions"], { env })).toEqual({
      code: 1,
      out: "",
      err: "error: nothing answers at http://127.0.0.1:9999\n  hint: is it running? `npm start` starts one; --url or SPAREGRID_URL says where it is\n",
    });
  });

  test("a syntax error shows the line with a caret under the place", async () => {
    await writeFile(join(folder, "broken.ts"), "const a = 1;\nexport default (;\n");
    expect(await sparegrid(["publish", "broken.ts"])).toEqual({
      code: 1,
      out: "",
      err: `error: Unexpected ";" (syntax-error)
  at broken.ts:2:17
    1 │ const a = 1;
  > 2 │ export default (;
      │                 ^
    3 │
`,
    });
  });

  test("doctor finds what is wrong, says what to do, and fails", async () => {
    const env = {
      SPAREGRID_URL: "http://127.0.0.1:9999",
      REDIS_URL: "redis://127.0.0.1:9998",
      DATA_DIR: join(folder, "data"),
    };
    await mkdir(env.DATA_DIR);
    const credentials = join(env.DATA_DIR, "credentials.json");
    await writeFile(credentials, JSON.stringify({ url: "http://127.0.0.1:1", key: "k" }));
    await chmod(credentials, 0o644);
    const { code, out } = await sparegrid(["doctor", "--json"], { env });
    expect(code).toBe(1);
    const findings = Object.fromEntries(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .map((finding) => [finding.name, finding]),
    );
    expect(findings).toMatchObject({
      Node: { state: "good" },
      Sandbox: { state: "good" },
      SQLite: { state: "good" },
      "Data folder": { state: "good" },
      Credentials: { state: "warn", remedy: `chmod 600 ${credentials}` },
      Redis: { state: "bad", remedy: "check REDIS_URL" },
      API: { state: "bad", remedy: expect.stringContaining("npm start") },
      Runners: { state: "skip" },
    });
  });
});

describe("with an API", () => {
  const created = "2026-01-01T00:00:00.000Z";
  const job = {
    id: "job_1",
    function: "f",
    version: "v".repeat(64),
    kind: "map",
    status: "running",
    createdAt: created,
    stage: 0,
    entry: "map",
    round: 0,
    progress: { done: 0, total: 2 },
    tasksDone: 0,
    records: 2,
    metrics: {},
    fuel: 0,
    cost: 0,
    seed: 0,
    params: {},
  };
  const ended = { ...job, status: "succeeded", startedAt: created, endedAt: created, fuel: 1234 };
  const failed = {
    ...ended,
    id: "job_bad",
    status: "failed",
    error: {
      code: "function-threw",
      message: "Error: bad record",
      details: { at: { file: "f.ts", line: 2, column: 3 }, record: 7 },
    },
  };
  const detail = {
    name: "f",
    owner: "operator",
    version: "v".repeat(64),
    kind: "map",
    title: "F",
    input: { type: "dataset", format: "lines" },
    params: { type: "object", properties: {}, additionalProperties: false },
    uses: {},
    output: { type: "json", contentType: "application/x-ndjson" },
    example: false,
    publishedAt: created,
    visibility: "public",
    royaltyPercent: 0,
    combine: false,
    tags: [],
    usage: { runs: 0, users: 0 },
    source: "",
    files: {},
    bundleBytes: 1,
    versions: [],
  };
  const dataset = {
    id: "ds_0123456789abcdefghjk",
    name: "text",
    owner: "operator",
    visibility: "private",
    format: "lines",
    bytes: 4,
    records: 2,
    shards: 1,
    digest: "d",
    skipped: 0,
    createdAt: created,
  };
  const asked: { authorization: string | undefined; body: unknown }[] = [];
  const watched = Promise.withResolvers<void>();
  let server: ServerType;
  let env: Record<string, string>;

  beforeAll(async () => {
    const status = (id: string) => (id === "job_bad" ? "failed" : "succeeded");
    const app = new Hono()
      .get("/v1/functions/:name", (c) => c.json(detail))
      .get("/v1/datasets", (c) => c.json({ items: [dataset], next: null }))
      .get("/v1/datasets/:id", (c) => c.json({ ...dataset, preview: ["a", "b"] }))
      .post("/v1/datasets", async (c) => {
        asked.push({ authorization: c.req.header("authorization"), body: await c.req.text() });
        return c.json(dataset, 201);
      })
      .post("/v1/jobs", async (c) => {
        asked.push({ authorization: c.req.header("authorization"), body: await c.req.json() });
        return c.json(job, 202);
      })
      .get("/v1/jobs/:id", (c) => {
        const known: Record<string, object> = {
          job_bad: failed,
          job_slow: { ...job, id: "job_slow" },
        };
        return c.json(known[c.req.param("id")] ?? ended);
      })
      .post("/v1/jobs/:id/cancel", (c) => c.json({ ...job, status: "cancelled" }))
      .get("/v1/jobs/:id/events", (c) =>
        streamSSE(c, async (stream) => {
          if (c.req.param("id") === "job_slow") {
            watched.resolve();
            return void (await stream.sleep(10_000));
          }
          await stream.writeSSE({ id: "1", event: "log", data: '{"task":0,"line":"hello"}' });
          const data = JSON.stringify({ status: status(c.req.param("id")) });
          await stream.writeSSE({ id: "2", event: "status", data });
        }),
      )
      .get("/v1/jobs/:id/result", (c) =>
        c.body("1\n2\n", 200, { "content-type": "application/x-ndjson" }),
      )
      .post("/v1/functions/:name/invoke", async (c) => {
        asked.push({ authorization: undefined, body: await c.req.json() });
        return c.json({ result: { answer: 42 }, jobId: "job_2", fuel: 5, ms: 0.1 });
      });
    server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    env = { DATA_DIR: join(folder, "with-api"), SPAREGRID_TEST_URL: url };
    await mkdir(env.DATA_DIR!);
    const credentials = JSON.stringify({ url, key: "sgk_from_the_file" });
    await writeFile(join(env.DATA_DIR!, "credentials.json"), credentials);
  });
  afterAll(() => {
    (server as Server).closeAllConnections();
    server.close();
  });

  test("url and key come from the credentials file, and stdout has the result alone", async () => {
    asked.length = 0;
    const args = [
      "run",
      "f",
      "--dataset",
      "text",
      "-p",
      "k=2",
      "--use",
      "m=job:job_0",
      "--seed",
      "7",
    ];
    const { code, out, err } = await sparegrid(args, { env });
    expect(code).toBe(0);
    expect(out).toBe("1\n2\n");
    expect(err).toContain("task 0: hello");
    expect(err).toContain("✔ f");
    expect(asked).toEqual([
      {
        authorization: "Bearer sgk_from_the_file",
        body: {
          function: "f",
          dataset: dataset.id,
          params: { k: 2 },
          uses: { m: "job:job_0" },
          seed: 7,
        },
      },
    ]);
  });

  test("the file's key is not sent to another host", async () => {
    const other = env.SPAREGRID_TEST_URL!.replace("127.0.0.1", "localhost");
    asked.length = 0;
    await sparegrid(["run", "f", "--dataset", dataset.id, "--url", other], { env });
    expect(asked[0]?.authorization).toBeUndefined();
  });

  test("--json prints one event a line and nothing else", async () => {
    const { code, out, err } = await sparegrid(["run", "f", "--dataset", "text", "--json"], {
      env,
    });
    expect(code).toBe(0);
    expect(err).toBe("");
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { job: "job_1", number: 1, type: "log", task: 0, line: "hello" },
      { job: "job_1", number: 2, type: "status", status: "succeeded" },
    ]);
  });

  test("--detach prints the id, --output writes the file", async () => {
    const detached = await sparegrid(["run", "f", "--dataset", "text", "--detach"], { env });
    expect(detached).toEqual({ code: 0, out: "job_1\n", err: "" });
    const saved = await sparegrid(["watch", "job_1", "--output", "out.ndjson"], { env });
    expect(saved).toMatchObject({ code: 0, out: "" });
    expect(await readFile(join(folder, "out.ndjson"), "utf8")).toBe("1\n2\n");
  });

  test("a failed job exits with 1 and says where it failed", async () => {
    const { code, out, err } = await sparegrid(["watch", "job_bad"], { env });
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("error: Error: bad record (function-threw)\n  at f.ts:2:3\n  record 7\n");
  });

  test("without a terminal, an interrupt leaves the job running and exits with 130", async () => {
    const child = startCommand(["watch", "job_slow"], { folder, env });
    const err = text(child.stderr);
    await watched.promise;
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
    expect(await err).toContain("f goes on: sparegrid watch job_slow");
  });

  test("an upload reads stdin, prints the id, and tells the rest on stderr", async () => {
    asked.length = 0;
    const args = ["dataset", "push", "-", "--format", "lines", "--name", "text"];
    const { code, out, err } = await sparegrid(args, { env, input: "a\nb\n" });
    expect([code, out]).toEqual([0, `${dataset.id}\n`]);
    expect(err).toContain("✔ text 2 records");
    expect(asked[0]?.body).toBe("a\nb\n");
  });

  test("invoke prints compact JSON into a pipe", async () => {
    asked.length = 0;
    const piped = await sparegrid(["invoke", "f", "-", "--seed", "3"], { env, input: '["x"]' });
    expect(piped).toEqual({ code: 0, out: '{"answer":42}\n', err: "" });
    expect(asked[0]?.body).toEqual({ input: ["x"], seed: 3 });
  });

  test("a reader that has seen enough ends the command without a complaint", async () => {
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>(
      (resolve, reject) => {
        execFile(
          "sh",
          ["-c", `"${process.execPath}" "${commandMain}" result job_1 | head -n 1`],
          { cwd: folder, env: { PATH: process.env.PATH, ...env } },
          (error, stdout, stderr) => (error ? reject(error) : resolve({ stdout, stderr })),
        );
      },
    );
    expect(stdout).toBe("1\n");
    expect(stderr).toBe("");
  });
});
