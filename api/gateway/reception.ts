import type { RawData, WebSocket } from "ws";
import { decodeFrame } from "../../protocol/frames.ts";
import { type RunnerToGateway, runnerToGatewaySchema } from "../../protocol/runner-to-gateway.ts";
import type { RunnerSession } from "./session.ts";

/** A runner must say hello within this. */
const helloMs = 10_000;

export interface ReceptionHandlers {
  /** The first message. Undefined when the runner was turned away. */
  greet(message: RunnerToGateway): RunnerSession | undefined;
  message(session: RunnerSession, message: RunnerToGateway, payloads: Uint8Array[]): void;
  /** What it said is not what the protocol or its lease asks for. It is cut off. */
  broke(session: RunnerSession): void;
  /** It said something, if only a ping. */
  heard(session: RunnerSession | undefined): void;
  closed(session: RunnerSession): void;
  warn(error: unknown, text: string): void;
}

/** Takes in what a runner's socket brings, from hello to its end. Who breaks the protocol is cut off. */
export function receive(socket: WebSocket, handlers: ReceptionHandlers): void {
  let session: RunnerSession | undefined;
  const greet = setTimeout(() => socket.close(4000, "no hello"), helloMs);
  const onMessage = (data: RawData) => {
    try {
      handlers.heard(session);
      for (const { message, payloads } of decodeFrame(toBytes(data))) {
        const parsed = runnerToGatewaySchema.parse(message);
        if (session) handlers.message(session, parsed, payloads);
        else {
          clearTimeout(greet);
          session = handlers.greet(parsed);
          if (!session) return;
        }
      }
    } catch (error) {
      handlers.warn(error, "a runner broke the protocol");
      if (session) handlers.broke(session);
      socket.close(4002, "protocol error");
    }
  };
  socket.on("message", onMessage);
  socket.on("ping", () => handlers.heard(session));
  socket.on("error", (error) => handlers.warn(error, "runner socket"));
  socket.on("close", () => {
    clearTimeout(greet);
    if (session) handlers.closed(session);
  });
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
