import type { ConstantMeta, GuestSlice, ShardMeta } from "../../../protocol/guest.ts";
import { parseCsv, toRecord } from "./csv.ts";
import { copyInto, createRecord, joinStrings, parse, split } from "./primordials.ts";
import { HostFault, Refusal } from "./refusal.ts";
import { bytesSource, listSource, rangeSource, rowsSource, type Source, toRows } from "./source.ts";

/** A blob kept under a key. What is decoded of it stays until it is evicted. */
interface Blob {
  readonly meta: ShardMeta | ConstantMeta;
  readonly data: string | ArrayBuffer;
  /** Records before they are made into what an author sees; format by format. */
  parsed?: readonly string[] | readonly string[][] | Float64Array<ArrayBuffer>;
  /** What an iterate's map gets, by slice ("from:to"). */
  shards?: Record<string, unknown>;
  constant?: unknown;
}

export interface Residents {
  load(key: string, meta: string, data: string | ArrayBuffer): void;
  evict(key: string): void;
  /** @throws Refusal malformed-record, wrong-input; HostFault when the shard is not resident */
  source(slice: GuestSlice, needed: readonly string[] | undefined): Source;
  /** A constant's value, decoded once. @throws Refusal malformed-record; HostFault */
  constant(key: string): unknown;
}

export function createResidents(): Residents {
  // No Map: its methods are on a prototype that an author can patch.
  const blobs = createRecord<Blob>();

  function blobOf(key: string): Blob {
    const blob = blobs[key];
    if (blob === undefined) throw new HostFault(`no blob is loaded as ${key}`);
    return blob;
  }

  function shardOf(key: string): { blob: Blob; meta: ShardMeta } {
    const blob = blobOf(key);
    if (blob.meta.type !== "shard") throw new HostFault(`${key} is no shard`);
    return { blob, meta: blob.meta };
  }

  return {
    load(key, meta, data) {
      blobs[key] ??= { meta: parse(meta) as Blob["meta"], data };
    },
    evict(key) {
      delete blobs[key];
    },
    source(slice, needed) {
      if (slice.key === undefined) return rangeSource(slice.from, slice.to);
      const { blob, meta } = shardOf(slice.key);
      if (needed !== undefined) requireColumns(meta.columns ?? [], needed);
      return kept(blob, slice, sourceOf(blob, meta, slice));
    },
    constant(key) {
      const blob = blobOf(key);
      if (blob.constant === undefined) blob.constant = decodeConstant(blob, shardOf);
      return blob.constant;
    },
  };
}

/** An iterate asks for the same shard every round: what its map gets is kept. */
function kept(blob: Blob, slice: GuestSlice, source: Source): Source {
  const key = `${slice.from}:${slice.to}`;
  return {
    ...source,
    all() {
      blob.shards ??= createRecord();
      blob.shards[key] ??= source.all();
      return blob.shards[key];
    },
  };
}

function sourceOf(blob: Blob, meta: ShardMeta, slice: GuestSlice): Source {
  const { from, to } = slice;
  switch (meta.format) {
    case "text":
      return listSource([blob.data]);
    case "lines":
      return listSource(linesOf(blob).slice(from, to));
    case "ndjson": {
      const lines = linesOf(blob).slice(from, to);
      return lazily(lines.length, () => parseLines(lines, slice.record));
    }
    case "csv": {
      const columns = meta.columns ?? [];
      blob.parsed ??= parseCsv(blob.data as string);
      const rows = blob.parsed as readonly string[][];
      return lazily(to - from, () => {
        const records: Record<string, string>[] = [];
        for (let i = from; i < to; i++) records[i - from] = toRecord(columns, rows[i] ?? []);
        return records;
      });
    }
    case "matrix": {
      const numbers = numbersOf(blob, meta);
      const columns = columnsOf(meta, numbers.length);
      return rowsSource(
        numbers.subarray(from * columns.length, to * columns.length),
        columns,
        to - from,
      );
    }
    case "bytes": {
      const whole = new Uint8Array(blob.data as ArrayBuffer);
      const size = meta.recordBytes ?? whole.length;
      return bytesSource(whole.subarray(from * size, to * size), size, to - from);
    }
  }
}

/** A source whose records are made together, on first use. */
function lazily(count: number, make: () => readonly unknown[]): Source {
  let list: readonly unknown[] | undefined;
  const all = (): readonly unknown[] => {
    list ??= make();
    return list;
  };
  return { count, fuel: count, at: (i) => (list ?? all())[i], all };
}

function linesOf(blob: Blob): readonly string[] {
  blob.parsed ??= split(blob.data as string, "\n");
  return blob.parsed as readonly string[];
}

/** Parsing a whole chunk as one array is faster than a line at a time (bench: parsing). */
function parseLines(lines: readonly string[], firstRecord: number): readonly unknown[] {
  let text = "[";
  for (let i = 0; i < lines.length; i++) text += i === 0 ? lines[i] : `,${lines[i]}`;
  try {
    const list = parse(`${text}]`) as unknown[];
    if (list.length === lines.length) return list;
  } catch {
    // The loop below says which line it was.
  }
  const list: unknown[] = [];
  for (let i = 0; i < lines.length; i++) {
    try {
      list[i] = parse(lines[i]!);
    } catch {
      throw new Refusal("malformed-record", `record ${firstRecord + i} is not JSON`);
    }
  }
  return list;
}

function numbersOf(blob: Blob, meta: ShardMeta): Float64Array<ArrayBuffer> {
  if (blob.parsed === undefined) {
    const buffer = blob.data as ArrayBuffer;
    const bytesPerNumber = meta.dtype === "f32" ? 4 : 8;
    if (buffer.byteLength % bytesPerNumber !== 0) {
      throw new Refusal("malformed-record", `a matrix shard ends within a number`);
    }
    blob.parsed =
      meta.dtype === "f32" ? new Float64Array(new Float32Array(buffer)) : new Float64Array(buffer);
  }
  return blob.parsed as Float64Array<ArrayBuffer>;
}

/** Columns by name; nameless ones are c0, c1, … */
export function columnsOf(meta: Pick<ShardMeta, "columns" | "records">, numbers: number): string[] {
  if (meta.columns !== undefined && meta.columns.length > 0) return meta.columns;
  return numberedColumns(meta.records === 0 ? 0 : Math.floor(numbers / meta.records));
}

export function numberedColumns(count: number): string[] {
  const columns: string[] = [];
  for (let i = 0; i < count; i++) columns[i] = `c${i}`;
  return columns;
}

export function requireColumns(columns: readonly string[], needed: readonly string[]): void {
  for (let i = 0; i < needed.length; i++) {
    let found = false;
    for (let c = 0; c < columns.length; c++) if (columns[c] === needed[i]) found = true;
    if (found) continue;
    throw new Refusal(
      "wrong-input",
      `the data has no column ${needed[i]}`,
      `its columns are ${joinStrings(columns, ", ")}`,
    );
  }
}

/** A dataset as a constant: one text, one Rows, or all records in a list. */
function decodeConstant(
  blob: Blob,
  shardOf: (key: string) => { blob: Blob; meta: ShardMeta },
): unknown {
  if (blob.meta.type === "json") return parse(blob.data as string);
  if (blob.meta.type === "shard") throw new HostFault("a shard is no constant");
  const keys = blob.meta.shards;
  const list: unknown[] = [];
  const matrices: Float64Array<ArrayBuffer>[] = [];
  let columns: string[] = [];
  let height = 0;
  for (let k = 0; k < keys.length; k++) {
    const { blob: shard, meta } = shardOf(keys[k]!);
    if (meta.format === "matrix") {
      const numbers = numbersOf(shard, meta);
      columns = columnsOf(meta, numbers.length);
      height += meta.records;
      matrices[k] = numbers;
      continue;
    }
    const slice = { task: 0, shard: k, from: 0, to: meta.records, record: list.length };
    const part = sourceOf(shard, meta, slice);
    for (let i = 0; i < part.count; i++) list[list.length] = part.at(i);
  }
  if (matrices.length === 0) return list;
  const numbers = new Float64Array(height * columns.length);
  let at = 0;
  for (let k = 0; k < matrices.length; k++) {
    copyInto(numbers, matrices[k]!, at);
    at += matrices[k]!.length;
  }
  return toRows(numbers, columns, height);
}
