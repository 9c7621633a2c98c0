import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { BullPeer } from "./bullmq.ts";

/** Hono → a BullMQ job → its result. Prints its port. */
const bull = await BullPeer.start(JSON.parse(process.argv[2]!), 1);
const app = new Hono();
app.post("/invoke", async (c) => {
  await c.req.json();
  return c.json({ result: await bull.runAll(1) });
});
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) =>
  process.send!({ port: info.port }),
);
process.on("disconnect", async () => {
  await bull.close();
  process.exit(0);
});
