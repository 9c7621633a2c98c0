import { fork } from "node:child_process";
import { once } from "node:events";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { type WebSocket, WebSocketServer } from "ws";

/**
 * The hand-written floor: Hono → one WebSocket → one isolate in another process → back. No keys, no limits, no digests,
 * no queue, no ledger. Prints its port.
 */
const waiting = new Map<number, (answer: unknown) => void>();
let next = 0;
let runner: WebSocket | undefined;

const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
sockets.on("connection", (socket) => {
  runner = socket;
  socket.on("message", (data) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
});

const app = new Hono();
app.post("/invoke", async (c) => {
  const { input } = await c.req.json();
  const id = next++;
  const result = await new Promise((resolve) => {
    waiting.set(id, resolve);
    runner!.send(JSON.stringify({ id, input }));
  });
  return c.json({ result });
});

await once(sockets, "listening");
const { port } = sockets.address() as { port: number };
const child = fork(new URL("./invoke-direct-runner.ts", import.meta.url), [String(port)], {
  execArgv: ["--no-node-snapshot"],
});
await new Promise((resolve) => sockets.once("connection", resolve));
const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) => {
  process.send!({ port: info.port });
});
process.on("disconnect", () => {
  child.kill();
  server.close();
  process.exit(0);
});
