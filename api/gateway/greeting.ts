import type { WebSocket } from "ws";
import type { GridError } from "../../protocol/errors.ts";
import { newId } from "../../protocol/ids.ts";
import { inlineBytesMax, protocolVersion } from "../../protocol/limits.ts";
import type { RunnerToGateway } from "../../protocol/runner-to-gateway.ts";
import { type RunnerOwner, RunnerSession } from "./session.ts";

export interface Welcome {
  nowMs: number;
  leaseMs: number;
  heartbeatMs: number;
  refuses: (runner: string) => GridError | undefined;
}

/** Answers a runner's first message. Undefined when it was turned away. */
export function greet(
  socket: WebSocket,
  owner: RunnerOwner,
  message: RunnerToGateway,
  { nowMs, leaseMs, heartbeatMs, refuses }: Welcome,
): RunnerSession | undefined {
  if (message.type !== "hello") {
    socket.close(4002, "hello comes first");
    return undefined;
  }
  const session = new RunnerSession(newId("session", nowMs), message, owner, socket, nowMs);
  if (message.protocol !== protocolVersion) {
    const text = `This server speaks protocol ${protocolVersion}, the runner ${message.protocol}. Update the older one: sparegrid-runner update, for a runner that was installed from here.`;
    session.send({ type: "refused", code: "protocol-version", message: text });
    session.close(4001, "protocol version");
    return undefined;
  }
  const { id } = session;
  const { runner } = message;
  const refusal = refuses(runner);
  if (refusal) {
    session.send({ type: "refused", code: refusal.code, message: refusal.message });
    session.close(4004, "too many runners");
    return undefined;
  }
  const understands = ["offer"] as const;
  session.send({
    type: "welcome",
    session: id,
    runner,
    leaseMs,
    heartbeatMs,
    inlineBytesMax,
    understands,
  });
  return session;
}
