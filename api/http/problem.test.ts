import { Writable } from "node:stream";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { createApp } from "../app.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

/** Asks the readiness of a server whose store answers so; returns the status and what was logged. */
async function failing(
  error: unknown,
): Promise<{ status: number; lines: Record<string, unknown>[] }> {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const { deps } = api;
  const gateway = {
    ...deps.gateway,
    runners: () => {
      throw error;
    },
  };
  const app = createApp({ ...deps, gateway, log: pino({ level: "info" }, stream) });
  const headers = { authorization: `Bearer ${api.key}` };
  const { status } = await app.request("/v1/runners", { headers });
  return { status, lines };
}

test.each([
  ["no-runner", 503, 30],
  ["queue-full", 429, 30],
  ["shutting-down", 503, 30],
  ["store-unavailable", 503, 40],
] as const)("%s is expected: logged in one line without a stack", async (code, status, level) => {
  const answered = await failing(new GridError(code, "not now"));
  expect(answered.status).toBe(status);
  expect(answered.lines).toMatchObject([{ level, code, reason: "not now" }]);
  expect(JSON.stringify(answered.lines)).not.toContain("stack");
});

test("what breaks is logged as an error with its stack", async () => {
  const answered = await failing(new TypeError("x is not a function"));
  expect(answered.status).toBe(500);
  expect(answered.lines).toMatchObject([{ level: 50, err: { stack: expect.any(String) } }]);
});

test("what the caller did wrong is not logged", async () => {
  expect(await failing(new GridError("not-found", "no"))).toEqual({ status: 404, lines: [] });
});
