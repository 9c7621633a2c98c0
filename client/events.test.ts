import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterEach, expect, test } from "vitest";
import { ConnectionError } from "./index.ts";
import { abortAfter, problem, quickClient, TestServers } from "./testing.ts";

const servers = new TestServers();
afterEach(() => servers.stop());

test("events resume after the last one seen, across a dead server, without loss or repetition", async () => {
  const asked: (string | undefined)[] = [];
  const progress = (n: number) =>
    JSON.stringify({
      type: "progress",
      stage: 0,
      entry: "map",
      round: 0,
      done: n,
      total: 4,
      records: n,
      fuel: 0,
      runners: 1,
    });
  const appOf = (from: number, to: number, ends: boolean) =>
    new Hono<{ Bindings: { incoming: import("node:http").IncomingMessage } }>().get(
      "/v1/jobs/:id/events",
      (c) => {
        asked.push(c.req.header("last-event-id"));
        return streamSSE(c, async (stream) => {
          for (let n = from; n <= to; n++)
            await stream.writeSSE({ id: String(n), event: "progress", data: progress(n) });
          await stream.writeSSE({ id: String(to + 1), event: "from-the-future", data: "{}" });
          if (ends) {
            const data = JSON.stringify({ type: "status", status: "succeeded" });
            await stream.writeSSE({ id: String(to + 1), event: "status", data });
          } else {
            await stream.sleep(20);
            c.env.incoming.socket.destroy(); // as a killed process would
          }
        });
      },
    ) as unknown as Hono;
  const { client, port } = await servers.serve(appOf(1, 2, false));
  const seen: number[] = [];
  const reconnects: unknown[] = [];
  const done = (async () => {
    for await (const event of client.jobs.events("job_1", {
      onReconnect: (error) => {
        reconnects.push(error);
        if (reconnects.length > 1) return;
        servers.stop();
        // Nothing listens for a while; then another process serves, which repeats what was seen.
        setTimeout(() => void servers.serve(appOf(2, 4, true), port), 600);
      },
    }))
      seen.push(event.number);
  })();
  await done;
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(asked[0]).toBe("0");
  expect(asked.at(-1)).toBe("2");
  expect(reconnects.length).toBeGreaterThan(1);
});

test("an event stream whose job does not exist fails at once", async () => {
  const app = new Hono().get("/v1/jobs/:id/events", () =>
    problem(404, "not-found", { fault: "caller" }),
  );
  const { client } = await servers.serve(app);
  await expect(client.jobs.wait("job_0")).rejects.toMatchObject({ code: "not-found" });
});

test("an API that stays away ends the events after the given time", async () => {
  const { port } = await servers.serve(new Hono());
  servers.stop();
  const startedAtMs = performance.now();
  await expect(
    quickClient(port).jobs.wait("job_1", { unreachableMsMax: 700 }),
  ).rejects.toBeInstanceOf(ConnectionError);
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
});

test("an abort ends events that are quiet", async () => {
  const app = new Hono().get("/v1/jobs/:id/events", (c) =>
    streamSSE(c, async (stream) => void (await stream.sleep(5_000))),
  );
  const { client } = await servers.serve(app);
  const reason = new Error("left");
  await expect(client.jobs.wait("job_1", { signal: abortAfter(100, reason) })).rejects.toBe(reason);
});
