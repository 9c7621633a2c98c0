import type { Guest, GuestJob, GuestRequest } from "../../../protocol/guest.ts";
import { rememberedFuelMin } from "../../../protocol/limits.ts";
import { type Definition, readDefinition } from "./definition.ts";
import { describeFailure } from "./failure.ts";
import { inlineSource } from "./inline.ts";
import { type Iterated, invoke, rounds } from "./invoke.ts";
import * as iterate from "./iterate.ts";
import { createLogs } from "./logs.ts";
import { createMachine, type Machine, startFuel } from "./machine.ts";
import { mapOutcome } from "./map.ts";
import { mapReduceOutcome, parsePartition, reduceOutcome } from "./map-reduce.ts";
import { arrayFrom, isView, parse, quote, stringify } from "./primordials.ts";
import { HostFault, Refusal } from "./refusal.ts";
import { frame, frameError, type Outcome } from "./reply.ts";
import { createResidents } from "./resident.ts";
import { createRun, type Place, type Run } from "./run.ts";
import type { Source } from "./source.ts";

export interface RuntimeOptions {
  logLinesPerTaskMax: number;
  logLineCharsMax: number;
  outputBytesMax: number;
}

export interface Runtime extends Machine {
  /** Makes a guest of an author's default export. Never throws: a bad definition is what describe and run answer. */
  bind(definition: unknown): Guest;
  /** A line of the author's console. */
  log(parts: readonly unknown[]): void;
  /** For tests without a server: a run of a definition, to be used with the kinds' own functions. */
  start(definition: unknown, job: GuestJob, uses: Readonly<Record<string, unknown>>): Run;
}

/**
 * The guest runtime: decodes inputs, calls the author's entries, encodes outputs, counts fuel, and turns whatever goes
 * wrong into a reply. One for each isolate; knows nothing of hosts, files or networks.
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  const machine = createMachine();
  const logs = createLogs({
    linesPerTaskMax: options.logLinesPerTaskMax,
    lineCharsMax: options.logLineCharsMax,
  });
  const { outputBytesMax } = options;

  function bind(value: unknown): Guest {
    const residents = createResidents();
    const read = readSafely(machine, value);
    machine.stop();
    return {
      describe() {
        if ("fault" in read) return read.fault;
        const { description, example } = read.definition;
        machine.begin(startFuel);
        try {
          return withExample(stringify(description)!, example);
        } catch (error) {
          return faultJson("bad-definition", describeFailure(error, machine, nowhere, undefined));
        } finally {
          machine.stop();
        }
      },
      load: (key, meta, data) => residents.load(key, meta, data),
      evict: (key) => residents.evict(key),
      run(text, data) {
        const request = parse(text) as GuestRequest;
        logs.clear();
        machine.begin(request.fuelMax);
        let run: Run | undefined;
        try {
          if ("fault" in read) throw new HostFault(`the definition is not valid: ${read.fault}`);
          const { definition } = read;
          const shared = { machine, definition, residents, logs, outputBytesMax };
          const started = startOf(shared, request, data);
          run = started;
          const outcome = dispatch(started, request, data);
          return frame(outcome.fuel ?? machine.used(), outcome, logs.lines);
        } catch (error) {
          const place: Place = run?.place ?? { entry: request.entry };
          const failure = describeFailure(error, machine, place, run?.refusal);
          return frameError(machine.used(), failure, logs.lines);
        } finally {
          // Whatever author code is left (a microtask) finds the meter exhausted.
          machine.stop();
        }
      },
    };
  }

  return {
    ...machine,
    bind,
    log: (parts) => logs.add(parts),
    start(value, job, uses) {
      const read = readSafely(machine, value);
      if ("fault" in read) throw new HostFault(read.fault);
      logs.clear();
      machine.begin(Number.MAX_SAFE_INTEGER);
      const { definition } = read;
      const shared = { machine, definition, residents: createResidents(), logs, outputBytesMax };
      return createRun(shared, job, Number.MAX_SAFE_INTEGER, definition.kind, uses);
    },
  };
}

const nowhere: Place = { entry: "describe" };

/** An invoke without any input runs the definition's own example. */
function startOf(
  shared: Parameters<typeof createRun>[0],
  request: GuestRequest,
  data: string | ArrayBuffer | undefined,
): Run {
  const { job, fuelMax, entry } = request;
  const { example } = shared.definition;
  const given = data !== undefined || (entry === "invoke" && request.slice !== undefined);
  if (entry !== "invoke" || given || example === undefined) {
    return createRun(shared, job, fuelMax, entry);
  }
  const params = { ...example.params, ...job.params };
  const uses = copyJson(example.uses ?? {}) as Record<string, unknown>;
  return createRun(shared, { ...job, params }, fuelMax, entry, uses);
}

function dispatch(
  run: Run,
  request: GuestRequest,
  data: string | ArrayBuffer | undefined,
): Outcome {
  switch (request.entry) {
    case "probe": {
      const outcome = mapSlice(run, request.slice);
      const { to, from } = request.slice;
      return { ...outcome, body: "", control: { records: to - from }, anyCount: !run.askedCount };
    }
    case "map":
      if ("slices" in request)
        return iterate.mapSlices(run, new Uint8Array(bufferOf(data)), request);
      return mapped(run, mapSlice(run, request.slice));
    case "reduce":
      return reduceOutcome(run, parsePartition(textOf(data)));
    case "init": {
      const { slice } = request;
      if (slice !== undefined) run.place.shard = slice.shard;
      const source =
        slice === undefined ? undefined : run.residents.source(slice, iterate.neededColumns(run));
      return { body: [iterate.init(run, source)], control: { done: false } };
    }
    case "merge":
      return iterate.mergeNode(run, bufferOf(data), request);
    case "step":
      return iterate.stepStage(run, bufferOf(data), request);
    case "round":
      return iterate.stepAndMap(run, bufferOf(data), request);
    case "finish":
      return iterate.resultOutcome(run, iterate.finish(run, new Uint8Array(bufferOf(data))));
    case "invoke":
      return invoke(run, invokedSource(run, request, data), request);
    default:
      throw new HostFault("there is no such entry");
  }
}

function mapSlice(run: Run, slice: Extract<GuestRequest, { entry: "probe" }>["slice"]): Outcome {
  const { task, shard, record } = slice;
  run.place.task = task;
  run.place.shard = shard;
  const source = run.residents.source(slice, iterate.neededColumns(run));
  if (run.definition.kind === "map") return mapOutcome(run, source, shard, record);
  return mapReduceOutcome(run, source, shard, record);
}

/** Whether it depends on the number of shards is told of large tasks alone: no result of others is kept. */
function mapped(run: Run, outcome: Outcome): Outcome {
  const anyCount = !run.askedCount && run.machine.used() >= rememberedFuelMin;
  return anyCount ? { ...outcome, anyCount } : outcome;
}

function invokedSource(
  run: Run,
  { slice }: Extract<GuestRequest, { entry: "invoke" }>,
  data: string | ArrayBuffer | undefined,
): Source {
  if (slice !== undefined) return run.residents.source(slice, iterate.neededColumns(run));
  return inlineSource(run.definition.input, inputOf(run, data));
}

function inputOf(run: Run, data: string | ArrayBuffer | undefined): unknown {
  if (data !== undefined) return parse(textOf(data));
  const { example } = run.definition;
  if (example === undefined) throw new Refusal("wrong-input", "the function has no example");
  return copyJson(example.input);
}

/** As a caller would send it: an entry that writes to its records must not change the example. */
function copyJson(value: unknown): unknown {
  const text = stringify(value, (_key, inner) =>
    isView(inner) ? arrayFrom(inner as Uint8Array) : inner,
  );
  return text === undefined ? undefined : parse(text);
}

function textOf(data: string | ArrayBuffer | undefined): string {
  if (typeof data !== "string") throw new HostFault("this entry takes a string");
  return data;
}

function bufferOf(data: string | ArrayBuffer | undefined): ArrayBuffer {
  if (typeof data !== "object") throw new HostFault("this entry takes an ArrayBuffer");
  return data;
}

function readSafely(
  machine: Machine,
  value: unknown,
): { definition: Definition } | { fault: string } {
  try {
    return { definition: readDefinition(value) };
  } catch (error) {
    if (typeof error === "object" && error !== null && "code" in error) {
      const { code, message, hint } = error as { code: unknown; message: unknown; hint?: unknown };
      if (code === "missing-entry" || code === "bad-definition") {
        return { fault: faultJson(code, { message: `${message}`, hint }) };
      }
    }
    return {
      fault: faultJson("bad-definition", describeFailure(error, machine, nowhere, undefined)),
    };
  }
}

/** What describe answers for a definition that is not valid: {"error":{code,message,hint?}}. */
function faultJson(code: string, fault: { message: string; hint?: unknown }): string {
  const hint = typeof fault.hint === "string" ? `,"hint":${quote(fault.hint)}` : "";
  return `{"error":{"code":${quote(code)},"message":${quote(fault.message)}${hint}}}`;
}

/** The example rides along, for the market to show, when it is small. */
function withExample(description: string, example: Definition["example"]): string {
  if (example === undefined) return description;
  const { input, params, uses } = example;
  const call = stringify(copyJson({ input, params, uses }));
  if (call === undefined || call.length > 16_384) return description;
  return `${description.slice(0, -1)},"exampleCall":${call}}`;
}

export { type Iterated, inlineSource, rounds };
