import ivm from "isolated-vm";
import { WebSocket } from "ws";

const isolate = new ivm.Isolate({ memoryLimit: 128 });
const context = isolate.createContextSync();
const source = "(input) => JSON.stringify(JSON.parse(input).map((value) => value + 1))";
const run = context.evalSync(source, { reference: true });
const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}`);
socket.on("message", (data) => {
  const { id, input } = JSON.parse(String(data)) as { id: number; input: unknown };
  const result = run.applySync(undefined, [JSON.stringify(input)], { timeout: 1000 }) as string;
  socket.send(`{"id":${id},"result":${result}}`);
});
