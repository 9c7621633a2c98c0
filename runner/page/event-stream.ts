import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { GridError } from "../../protocol/errors.ts";
import type { RunnerPageState } from "../../protocol/http-runner-page.ts";
import type { RunnerHost } from "../host.ts";
import type { LogRing } from "../log-ring.ts";

export interface EventSources {
  host: RunnerHost;
  ring: LogRing;
  state: () => RunnerPageState;
  /** Aborts when the page closes: a tab that is open does not keep the runner from ending. */
  closing: AbortSignal;
}

/** Tabs that may be open at a time. */
const streamsMax = 16;
/** A tab that does not read is cut off; it begins anew by itself. */
const waitingMax = 1_000;
const everyMs = 500;
const heartbeatMs = 15_000;

let streams = 0;

/** `state` when it changed, `sample` every second, `log` with each line. */
export function eventStream(c: Context, { host, ring, state, closing }: EventSources): Response {
  if (streams >= streamsMax)
    throw new GridError("queue-full", `${streamsMax} tabs are open already.`);
  streams++;
  return streamSSE(c, async (stream) => {
    const waiting: { event: string; data: string }[] = [];
    let told = "";
    let saidAtMs = performance.now();
    const unwatchLog = ring.watch((line) =>
      waiting.push({ event: "log", data: JSON.stringify(line) }),
    );
    let watched: typeof host.runner;
    let unwatchSamples = () => {};
    try {
      while (!stream.aborted && !closing.aborted && waiting.length < waitingMax) {
        if (host.runner !== watched) {
          unwatchSamples();
          watched = host.runner;
          unwatchSamples =
            watched?.samples.watch((sample) =>
              waiting.push({ event: "sample", data: JSON.stringify(sample) }),
            ) ?? (() => {});
        }
        const text = JSON.stringify(state());
        if (text !== told) waiting.push({ event: "state", data: text });
        told = text;
        const nowMs = performance.now();
        if (waiting.length > 0) saidAtMs = nowMs;
        for (const event of waiting.splice(0)) await stream.writeSSE(event);
        if (nowMs - saidAtMs > heartbeatMs) {
          saidAtMs = nowMs;
          await stream.write(": still here\n\n");
        }
        await stream.sleep(everyMs);
      }
    } finally {
      streams--;
      unwatchLog();
      unwatchSamples();
    }
  });
}
