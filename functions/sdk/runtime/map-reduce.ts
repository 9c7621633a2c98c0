import { contextOf, mapContextOf } from "./context.ts";
import { refusedPromise, toJson } from "./json.ts";
import { requireRoom, toBytes } from "./map.ts";
import {
  MapClass,
  PromiseClass,
  parse,
  quote,
  sortStrings,
  split,
  stringify,
} from "./primordials.ts";
import { createRandom, hashText, streams } from "./random.ts";
import { badOutput } from "./refusal.ts";
import type { Outcome } from "./reply.ts";
import type { Run } from "./run.ts";
import type { Source } from "./source.ts";
import { fromTree, inlineTyped, isPlain, toTree } from "./tree.ts";

/**
 * Values of a key, other than numbers, that gather before they are folded: lists that are joined two by two would be
 * copied again and again. A fixed number, so that a task always folds alike.
 */
const foldEvery = 64;

export type Groups = Map<string, unknown[]>;

/** Maps a source, gathers the emitted values by key, and folds them when the function combines. */
export function gather(run: Run, source: Source, shard: number, firstRecord: number): Groups {
  const { definition, machine, place, random } = run;
  const { map } = definition;
  const { meter, outOfFuel } = machine;
  const fold = foldOf(run);
  const groups: Groups = new MapClass();
  // The hot path of every mapReduce: no closure calls, one look-up for a known key.
  const emit = (key: unknown, value: unknown): void => {
    if (typeof key !== "string") {
      run.refusal ??= badOutput(
        `a key is a string, not ${key === null ? "null" : typeof key}`,
        "emit(String(key), value)",
      );
      throw new TypeError(run.refusal.message);
    }
    meter[0]! += 1;
    if (meter[0]! > 0) throw outOfFuel;
    const values = groups.get(key);
    if (values === undefined) groups.set(key, [value]);
    else if (fold !== undefined && typeof value === "number" && isNumber(values)) {
      values[0] = fold(key, [values[0], value]);
    } else {
      values[values.length] = value;
      if (values.length === foldEvery && fold !== undefined) groups.set(key, [fold(key, values)]);
    }
  };
  const context = mapContextOf(run, shard);
  for (let i = 0; i < source.count; i++) {
    place.record = firstRecord + i;
    machine.charge(1);
    random.seek(streams.map, 0, firstRecord + i);
    const answer = map(source.at(i), emit, context);
    if (run.refusal !== undefined) throw run.refusal;
    if (answer !== undefined) refuseAnswer(answer);
  }
  delete place.record;
  if (fold !== undefined) {
    groups.forEach((values, key) => {
      if (values.length > 1) groups.set(key, [fold(key, values)]);
    });
  }
  return groups;
}

/** Numbers are folded as they come: what they fold to is as small, and gathering them costs more than the fold. */
function isNumber(values: readonly unknown[]): boolean {
  return values.length === 1 && typeof values[0] === "number";
}

/** Concise arrows return whatever their expression gives; only a promise shows a mistake. */
function refuseAnswer(answer: unknown): void {
  if (answer instanceof PromiseClass) throw refusedPromise(answer, "map returned");
}

function foldOf(run: Run): ((key: string, values: unknown[]) => unknown) | undefined {
  const { combine } = run.definition;
  if (combine === undefined) return undefined;
  // Its own generator: folding happens amid a record and must not shift what map draws.
  const random = createRandom(run.job.seed);
  const context = contextOf(run, random);
  return (key, values) => {
    random.seekKey(streams.combine, key);
    return combine(key, values, context);
  };
}

/** The body of a map: exactly `reducers` lines, each a partition's [key, [values], …]. */
export function mapReduceOutcome(
  run: Run,
  source: Source,
  shard: number,
  firstRecord: number,
): Outcome {
  const groups = gather(run, source, shard, firstRecord);
  const { reducers } = run.job;
  const partitions: unknown[][] = [];
  for (let p = 0; p < reducers; p++) partitions[p] = [];
  groups.forEach((values, key) => {
    const partition = partitions[reducers === 1 ? 0 : hashText(key) % reducers]!;
    partition[partition.length] = key;
    partition[partition.length] = carried(values);
  });
  let body = "";
  for (let p = 0; p < reducers; p++) {
    body += p === 0 ? stringify(partitions[p]) : `\n${stringify(partitions[p])}`;
    requireRoom(run, body.length);
  }
  return { body };
}

/** A key's values as JSON brings them back unchanged: a list, or a number that is alone. @throws Refusal bad-output */
export function carried(values: unknown[]): unknown {
  let plain = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) {
      throw badOutput("undefined cannot be carried", "emit a value; null says that there is none");
    }
    if (!isPlain(value)) plain = false;
  }
  // Most values of most functions: a list of each would be a good part of the text, and of the work to read it.
  if (plain && isNumber(values)) return values[0];
  return plain ? values : toTree(values, inlineTyped);
}

/** All lines of one partition, in task order, gathered by key. */
export function parsePartition(data: string): Groups {
  const groups: Groups = new MapClass();
  const lines = data === "" ? [] : split(data, "\n");
  for (let l = 0; l < lines.length; l++) {
    const line = lines[l]!;
    const marked = line.includes('{"$');
    const pairs = parse(line) as unknown[];
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i] as string;
      const carriedValues = pairs[i + 1];
      const values =
        typeof carriedValues === "number"
          ? [carriedValues]
          : ((marked ? fromTree(carriedValues) : carriedValues) as unknown[]);
      const before = groups.get(key);
      if (before === undefined) groups.set(key, values);
      else for (let v = 0; v < values.length; v++) before[before.length] = values[v];
    }
  }
  return groups;
}

/** Reduces every key in code-unit order and hands on the results. */
export function eachReduced(
  run: Run,
  groups: Groups,
  take: (key: string, value: unknown) => void,
): void {
  const { machine, definition } = run;
  const { reduce } = definition;
  const random = createRandom(run.job.seed);
  const context = contextOf(run, random);
  const keys: string[] = [];
  groups.forEach((_values, key) => {
    keys[keys.length] = key;
  });
  sortStrings(keys);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const values = groups.get(key)!;
    machine.charge(1 + values.length);
    random.seekKey(streams.reduce, key);
    const value = reduce(key, values, context);
    if (run.refusal !== undefined) throw run.refusal;
    take(key, value);
  }
}

export function reduceOutcome(run: Run, groups: Groups, separator = "\n"): Outcome {
  const { output } = run.definition;
  if (output.type === "bytes") {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    eachReduced(run, groups, (_key, value) => {
      const part = toBytes(value);
      bytes += part.length;
      requireRoom(run, bytes);
      parts[parts.length] = part;
    });
    return { body: parts, contentType: output.contentType };
  }
  let body = "";
  eachReduced(run, groups, (key, value) => {
    const line = `{"key":${quote(key)},"value":${toJson(value)}}`;
    body += body === "" ? line : separator + line;
    requireRoom(run, body.length);
  });
  return { body };
}
