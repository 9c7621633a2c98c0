import { GridError } from "../../../protocol/errors.ts";
import type { JobEvent } from "../../../protocol/events.ts";
import type { Control, Output } from "../../../protocol/job.ts";
import { eventsKeptMax } from "../../../protocol/limits.ts";
import type { Completion } from "../port.ts";
import type { Argument } from "./connection.ts";
import { chunkOf, packOutput } from "./output-codec.ts";

export function pushCompletion(args: Argument[], completion: Completion): void {
  const { token, lo, hi, outputs, earner, control } = completion;
  const [bytes, fuel] = totalsOf(outputs, `tasks [${lo}, ${hi})`);
  args.push(token, lo, hi, bytes, fuel, earner, controlJson(control), outputs.length);
  for (const output of outputs) args.push(...outputArgs(output));
}

export function controlJson(control: Control | undefined): string {
  return control ? JSON.stringify(control) : "";
}

export function totalsOf(outputs: readonly Output[], what: string): [bytes: number, fuel: number] {
  let bytes = 0;
  let fuel = 0;
  for (const output of outputs) {
    bytes += output.bytes;
    fuel += output.fuel;
  }
  requireNumbers(bytes, fuel, what);
  return [bytes, fuel];
}

/** A number that the server cannot add would fail half-way through the transition. */
export function requireNumbers(count: number, fuel: number, what: string): void {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(fuel))
    throw new GridError("bad-request", `outputs of ${what} do not add up`);
}

export function outputArgs(output: Output): Argument[] {
  return [`${output.level}:${chunkOf(output.index)}`, output.index, packOutput(output)];
}

export function eventArgs(events: readonly JobEvent[] = []): Argument[] {
  return [eventsKeptMax, events.length, ...events.map((event) => JSON.stringify(event))];
}
