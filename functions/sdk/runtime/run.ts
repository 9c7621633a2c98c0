import type { GuestJob } from "../../../protocol/guest.ts";
import type { Definition } from "./definition.ts";
import type { Logs } from "./logs.ts";
import type { Machine } from "./machine.ts";
import { defineProperty, freeze, isArray, keysOf } from "./primordials.ts";
import { createRandom, type Random } from "./random.ts";
import { Refusal } from "./refusal.ts";
import type { Residents } from "./resident.ts";
import type { Trace } from "./trace.ts";

/** Where in the work a run is, for errors. */
export interface Place {
  entry: string;
  task?: number;
  shard?: number;
  /** Index in the whole dataset. */
  record?: number;
}

/** One call of `run`: what every entry shares while it lasts. */
export interface Run {
  readonly machine: Machine;
  readonly definition: Definition;
  readonly residents: Residents;
  readonly logs: Logs;
  readonly job: GuestJob;
  readonly fuelMax: number;
  readonly outputBytesMax: number;
  readonly params: object;
  readonly uses: object;
  readonly random: Random;
  readonly place: Place;
  /** Set by what author code calls; it counts even when the author's catch swallows the exception. */
  refusal: Refusal | undefined;
  /** Whether author code has asked how many shards there are. */
  askedCount: boolean;
  /** Only of an invoke that is to tell how it went. */
  trace: Trace | undefined;
}

export function createRun(
  shared: Pick<Run, "machine" | "definition" | "residents" | "logs" | "outputBytesMax">,
  job: GuestJob,
  fuelMax: number,
  entry: string,
  inlineUses?: Readonly<Record<string, unknown>>,
): Run {
  const run: Run = {
    ...shared,
    job,
    fuelMax,
    params: readParams(shared.definition, job.params),
    uses: {},
    random: createRandom(job.seed),
    place: { entry },
    refusal: undefined,
    askedCount: false,
    trace: undefined,
  };
  const names = shared.definition.uses;
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    defineProperty(run.uses, name, {
      enumerable: true,
      get() {
        if (inlineUses !== undefined && name in inlineUses) return inlineUses[name];
        const key = job.uses[name];
        if (key !== undefined) return shared.residents.constant(key);
        run.refusal = new Refusal("wrong-input", `the constant ${name} is not bound`);
        throw new Error(run.refusal.message);
      },
    });
  }
  freeze(run.uses);
  return run;
}

/** Frozen to the bottom: what an entry writes to its parameters would reach the next task. */
function readParams(definition: Definition, given: Record<string, unknown>): object {
  const params: Record<string, unknown> = {};
  const names = keysOf(definition.defaults);
  for (let i = 0; i < names.length; i++) params[names[i]!] = definition.defaults[names[i]!];
  const givenNames = keysOf(given);
  for (let i = 0; i < givenNames.length; i++) params[givenNames[i]!] = given[givenNames[i]!];
  return freezeDeep(params) as object;
}

function freezeDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) freezeDeep(value[i]);
  } else {
    const keys = keysOf(value);
    for (let i = 0; i < keys.length; i++) freezeDeep((value as Record<string, unknown>)[keys[i]!]);
  }
  return freeze(value);
}
