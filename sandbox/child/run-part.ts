import type { RunMessage } from "../messages-in.ts";
import { type GuestFault, guestErrorOf } from "./faults.ts";
import type { GuestIsolate } from "./guest-isolate.ts";
import { Outbox } from "./outbox.ts";
import type { BlockingFrameWriter } from "./pipe.ts";
import { readReply } from "./reply.ts";

interface Job {
  /** The opening of a request's JSON, up to where its own fields follow. */
  prefix: string;
  reducers: number;
}

/**
 * Runs the requests of one part in order.
 * - "done": each has its reply
 * - "stopped": one of them, the last that has a reply, failed by its own fault
 * @throws GuestFault when the process can no longer be used; replies before it have been sent
 */
export function runPart(
  isolate: GuestIsolate | GuestFault,
  message: RunMessage,
  payloads: readonly Buffer<ArrayBuffer>[],
  writer: BlockingFrameWriter,
): "done" | "stopped" {
  const lines = (payloads[0]?.toString("utf8") ?? "").split("\n");
  const jobs = lines.slice(0, message.jobs).map(readJob);
  const data = dataOf(message, payloads[1]);
  let endMs = performance.now();
  const outbox = new Outbox(writer, message.seq, endMs);
  for (let index = 0; index < message.shapes.length; index += 1) {
    const startMs = endMs;
    outbox.flushIfDue(startMs);
    const job = jobs[message.of?.[index] ?? 0]!;
    const shape = message.shapes[index];
    try {
      if (isolate instanceof Error) throw isolate;
      const request = job.prefix + lines[message.jobs + index]!;
      const raw = isolate.run(request, data(index, shape === "t"), message.timeoutMs);
      const linesWanted =
        shape === "m" && isolate.kind(message.timeoutMs) === "mapReduce" ? job.reducers : undefined;
      const reply = readReply(raw, linesWanted);
      endMs = performance.now();
      outbox.add(reply, endMs - startMs);
      if (reply.header.error) {
        outbox.end();
        return "stopped";
      }
    } catch (error) {
      const fault = error as GuestFault;
      const guestError = guestErrorOf(fault);
      if (!guestError) {
        outbox.flush();
        throw fault;
      }
      const header = { fuel: 0, error: guestError };
      endMs = performance.now();
      outbox.add({ header, body: "", bodyBytes: 0, hashes: [], sizes: [] }, endMs - startMs);
      outbox.end();
      return "stopped";
    }
  }
  outbox.end();
  return "done";
}

function readJob(json: string): Job {
  const { reducers } = JSON.parse(json) as { reducers?: number };
  return { prefix: `{"job":${json},`, reducers: Math.max(1, reducers ?? 1) };
}

/** Cuts a part's data into that of its requests; one that is alone is handed on without copying. */
function dataOf(
  { data }: RunMessage,
  payload: Buffer<ArrayBuffer> | undefined,
): (index: number, text: boolean) => string | ArrayBuffer | undefined {
  if (!data || !payload) return () => undefined;
  let at = 0;
  return (index, text) => {
    const bytes = data[index] ?? -1;
    if (bytes < 0) return undefined;
    const from = at;
    at += bytes;
    if (text) return payload.toString("utf8", from, at);
    if (bytes === payload.byteLength) return payload.buffer;
    return payload.buffer.slice(from, at);
  };
}
