import { keysOf, quote } from "./primordials.ts";
import type { Run } from "./run.ts";

export type TracedEntry = "init" | "map" | "merge" | "reduce" | "step" | "finish";

/** How an invoke goes: fuel by entry, and the metrics of its rounds. */
export interface Trace {
  records: number;
  readonly fuel: Record<TracedEntry, number>;
  entry: TracedEntry;
  /** The meter's count when the present entry began. */
  enteredAt: number;
  rounds: number;
  /** JSON of the metrics, joined by commas; further rounds are counted only. */
  metrics: string;
}

/** With every character escaped this is still well within what a reply's header may have. */
const metricsCharsMax = 30_000;

export function createTrace(entry: TracedEntry): Trace {
  const fuel = { init: 0, map: 0, merge: 0, reduce: 0, step: 0, finish: 0 };
  return { records: 0, fuel, entry, enteredAt: 0, rounds: 0, metrics: "" };
}

/** The work from here on is this entry's. */
export function enter(run: Run, entry: TracedEntry): void {
  run.place.entry = entry;
  const { trace } = run;
  if (trace === undefined) return;
  const used = run.machine.used();
  trace.fuel[trace.entry] += used - trace.enteredAt;
  trace.enteredAt = used;
  trace.entry = entry;
}

export function noteRound(
  { trace }: Run,
  metrics: Readonly<Record<string, number | null>> | undefined,
): void {
  if (trace === undefined) return;
  trace.rounds++;
  if (metrics === undefined) return;
  const json = metricsJson(metrics);
  if (trace.metrics.length + json.length > metricsCharsMax) return;
  trace.metrics += trace.metrics === "" ? json : `,${json}`;
}

export function metricsJson(metrics: Readonly<Record<string, number | null>>): string {
  let text = "";
  const names = keysOf(metrics);
  for (let i = 0; i < names.length; i++) {
    text += `${i === 0 ? "" : ","}${quote(names[i]!)}:${metrics[names[i]!]}`;
  }
  return `{${text}}`;
}

/** @param fuel of the whole run: what no entry has noted yet is the present one's */
export function traceJson(trace: Trace, fuel: number): string {
  trace.fuel[trace.entry] += fuel - trace.enteredAt;
  trace.enteredAt = fuel;
  let text = "";
  const names = keysOf(trace.fuel);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]! as TracedEntry;
    const spent = trace.fuel[name];
    if (spent > 0) text += `${text === "" ? "" : ","}${quote(name)}:${spent}`;
  }
  return `{"records":${trace.records},"fuel":{${text}},"rounds":${trace.rounds},"metrics":[${trace.metrics}]}`;
}
