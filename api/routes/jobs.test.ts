import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorAccount } from "../../protocol/accounts.ts";
import { digestOf } from "../../protocol/digest.ts";
import type { Job } from "../../protocol/http-jobs.ts";
import { jobSchema } from "../../protocol/http-jobs.ts";
import { post, startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.seedFunction("double", { params: { factor: { type: "integer", default: 2 } } });
  api.seedFunction("predict", { uses: { model: {} } });
});
afterAll(() => api.end());

async function submit(body: object = {}, headers: Record<string, string> = {}) {
  return api.json<Job>("/v1/jobs", post({ function: "double", input: [1, 2], ...body }, headers));
}

/** Does by hand what runners do: takes every task and answers it, then ends the job. */
async function finish(id: string, lines: string): Promise<void> {
  const { jobs } = api.deps.store;
  const nowMs = Date.now();
  for (;;) {
    const request = { holder: "test", leases: 1, tasksMax: 1, leaseMs: 60_000, nowMs };
    const [lease] = await jobs.lease(id, request);
    if (!lease) break;
    const inline = Buffer.from(lines);
    const { byteLength: bytes } = inline;
    const hash = digestOf(inline);
    const output = { level: 0, index: lease.lo, hash, fuel: 7, bytes, hostClass: "test", inline };
    await jobs.complete(id, [
      {
        token: lease.token,
        lo: lease.lo,
        hi: lease.hi,
        outputs: [output],
        earner: "acc_lender run_1",
      },
    ]);
  }
  const state = await jobs.read(id);
  await jobs.setStatus(id, "running", { nowMs });
  const resultStage = state!.stage.number;
  await jobs.setStatus(id, "succeeded", { nowMs: nowMs + 1000, resultStage });
}

test("a submitted job is queued and says why it waits", async () => {
  const { status, headers, body } = await submit({ seed: 5, params: { factor: 3 } });
  expect(status).toBe(202);
  expect(headers.get("location")).toBe(`/v1/jobs/${body.id}`);
  expect(jobSchema.parse(body)).toMatchObject({
    function: "operator/double",
    status: "queued",
    records: 2,
    seed: 5,
    params: { factor: 3 },
    cost: 0,
  });
  expect(body.waitingFor).toContain("No runner");
});

test("a result that is asked for too early is not ready", async () => {
  const { body: job } = await submit();
  const { status, body } = await api.json(`/v1/jobs/${job.id}/result`);
  expect([status, body.code]).toEqual([409, "result-not-ready"]);
});

test("a cancelled job says so everywhere, and cancelling again changes nothing", async () => {
  const { body: job } = await submit();
  const cancelled = await api.json<Job>(`/v1/jobs/${job.id}/cancel`, post(""));
  expect(cancelled.body).toMatchObject({ status: "cancelled" });
  expect(cancelled.body.waitingFor).toBeUndefined();
  const again = await api.json<Job>(`/v1/jobs/${job.id}/cancel`, post(""));
  const { hold: _settledMeanwhile, ...unchanged } = cancelled.body;
  expect(again.body).toMatchObject(unchanged);
  expect((await api.json(`/v1/jobs/${job.id}/result`)).body).toMatchObject({
    code: "job-cancelled",
  });
  const events = await (await api.ask(`/v1/jobs/${job.id}/events`)).text();
  expect(events).toMatch(/"status":"queued"[\s\S]*"status":"cancelled"/);
  const listed = await api.json<{ items: Job[] }>("/v1/jobs?status=cancelled");
  expect(listed.body.items.map(({ id }) => id)).toContain(job.id);
});

test("events resume after Last-Event-ID", async () => {
  const { body: job } = await submit();
  await api.ask(`/v1/jobs/${job.id}/cancel`, post(""));
  const resumed = await api.ask(`/v1/jobs/${job.id}/events`, { headers: { "last-event-id": "1" } });
  expect(resumed.headers.get("content-type")).toContain("text/event-stream");
  const text = await resumed.text();
  expect(text).not.toContain('"queued"');
  expect(text).toContain('"cancelled"');
});

test("a result comes in the form that Accept asks for", async () => {
  const { body: job } = await submit({ recordsPerTask: 1 });
  await finish(job.id, '{"key":"a","value":1}\n');
  const { body: ended } = await api.json<Job>(`/v1/jobs/${job.id}`);
  expect(ended).toMatchObject({ status: "succeeded", progress: { done: 2, total: 2 } });
  const result = async (accept: string) =>
    (await api.ask(`/v1/jobs/${job.id}/result`, { headers: { accept } })).text();
  const record = { key: "a", value: 1 };
  expect(await result("*/*")).toBe('{"key":"a","value":1}\n'.repeat(2));
  expect(JSON.parse(await result("application/json"))).toEqual([record, record]);
  expect(await result("text/csv")).toBe("key,value\na,1\na,1\n");
  expect(await result("image/png")).toContain('"code":"not-acceptable"');
});

test("a result whose blob is gone is a problem document, whatever the form", async () => {
  const { body: job } = await submit({ recordsPerTask: 2 });
  const { jobs, blobs } = api.deps.store;
  const bytes = Buffer.from(`${JSON.stringify("x".repeat(300_000))}\n`);
  const hash = digestOf(bytes);
  await blobs.put(hash, bytes);
  const nowMs = Date.now();
  const request = { holder: "test", leases: 1, tasksMax: 9, leaseMs: 60_000, nowMs };
  const [lease] = await jobs.lease(job.id, request);
  const large = { level: 0, index: 0, hash, fuel: 7, bytes: bytes.byteLength, hostClass: "test" };
  await jobs.complete(job.id, [
    { token: lease!.token, lo: 0, hi: lease!.hi, outputs: [large], earner: "acc_lender run_1" },
  ]);
  await jobs.setStatus(job.id, "succeeded", { nowMs, resultStage: lease!.stage });
  const ask = (accept: string, method = "GET") =>
    api.ask(`/v1/jobs/${job.id}/result`, { method, headers: { accept } });
  expect(Buffer.from(await (await ask("*/*")).arrayBuffer()).equals(bytes)).toBe(true);
  await blobs.remove([hash]);
  for (const accept of ["*/*", "application/json", "text/csv"]) {
    const gone = await ask(accept);
    expect([gone.status, await gone.json()], accept).toMatchObject([410, { code: "result-gone" }]);
  }
  expect((await ask("*/*", "HEAD")).status).toBe(410);
});

test("a job's result can be another's constant", async () => {
  const { body: model } = await submit({ recordsPerTask: 2 });
  const predict = { function: "predict", uses: { model: `job:${model.id}` } };
  expect((await submit(predict)).body).toMatchObject({ code: "result-not-ready" });
  await finish(model.id, "[1]\n[2]\n");
  const { status, body } = await submit(predict);
  expect(status).toBe(202);
  const { digest } = (await api.deps.jobs.read(body.id))!.spec.uses.model!;
  expect((await api.deps.store.blobs.get(digest))?.toString()).toBe("[[1],[2]]");
});

test("the same Idempotency-Key makes one job", async () => {
  const headers = { "idempotency-key": "once" };
  const first = await submit({}, headers);
  const second = await submit({}, headers);
  expect(second.status).toBe(202);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("location")).toBe(first.headers.get("location"));
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  const other = await submit({ seed: 9 }, headers);
  expect([other.status, other.body]).toMatchObject([422, { code: "idempotency-conflict" }]);
});

test("the same key at the same time makes one job", async () => {
  const headers = { "idempotency-key": "at once" };
  const answers = await Promise.all(Array.from({ length: 8 }, () => submit({}, headers)));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test("a refusal is repeated too, and a key of a dead attempt finds its job again", async () => {
  const refused = await submit({ params: { x: 1 } }, { "idempotency-key": "refused" });
  const again = await submit({ params: { x: 1 } }, { "idempotency-key": "refused" });
  expect(again.body).toEqual(refused.body);
  const headers = { "idempotency-key": "died" };
  const first = await submit({}, headers);
  // As if the process had died before it wrote its answer down.
  const key = `${operatorAccount} died`;
  const row = api.deps.catalog.idempotency.find(key)!;
  api.deps.catalog.idempotency.forget(key);
  api.deps.catalog.idempotency.begin(row);
  const second = await submit({}, headers);
  expect(second.body.id).toBe(first.body.id);
  expect(second.headers.get("idempotent-replayed")).toBeNull();
});

test("Prefer: respond-async makes an invocation a job", async () => {
  const init = post({ input: [1] }, { prefer: "respond-async" });
  const { status, headers, body } = await api.json("/v1/functions/double/invoke", init);
  expect(status).toBe(202);
  expect(headers.get("preference-applied")).toBe("respond-async");
  expect(headers.get("location")).toBe(`/v1/jobs/${body.jobId}`);
  expect((await api.json<Job>(`/v1/jobs/${body.jobId}`)).body.status).toBe("queued");
});

test("jobs are listed newest first, page by page", async () => {
  const one = (await submit()).body.id;
  const two = (await submit()).body.id;
  const page = await api.json<{ items: Job[]; next: string }>("/v1/jobs?limit=1");
  expect(page.body.items[0]!.id).toBe(two);
  const next = await api.json<{ items: Job[] }>(`/v1/jobs?limit=1&cursor=${page.body.next}`);
  expect(next.body.items[0]!.id).toBe(one);
});

test("a job may be submitted paused: it waits for its consumer", async () => {
  const { body } = await submit({ input: [1], paused: true });
  expect(body).toMatchObject({ status: "paused", pausedBy: ["consumer"] });
  expect(body.waitingFor).toContain("submitted paused");
  const resumed = await api.json<Job>(`/v1/jobs/${body.id}/resume`, { method: "POST" });
  expect(resumed.body.status).toBe("running");
  expect(resumed.body.pausedBy).toBeUndefined();
});
