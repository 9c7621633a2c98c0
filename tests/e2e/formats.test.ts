import { readdir } from "node:fs/promises";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SubmitRequest } from "../../client/index.ts";
import { seeded } from "../support/functions.ts";
import { System } from "../support/system.ts";

/** Every format and every inline kind, from the bytes that come in to the bytes that go out. */
let system: System;

/** Functions that give back what they read, so that a test sees the records themselves. */
const echo = (input: string, expression: string, extra = "") => `
import { bytes, csv, items, lines, map, matrix, ndjson, range, text } from "sparegrid";
export default map({ title: "Echo", input: ${input}, ${extra} map: (value, { record, shard }) => (${expression}) });
`;

const sources: Record<string, string> = {
  text: echo("text()", "value"),
  lines: echo("lines()", "[record, value]"),
  csv: echo("csv()", "value"),
  ndjson: echo("ndjson<unknown>()", "[record, value] as unknown"),
  matrix: echo("matrix()", "value"),
  "sized-bytes": echo("bytes({ size: 3 })", "value.toHex()"),
  "whole-bytes": echo("bytes()", "value.toHex()"),
  range: echo("range()", "value * value"),
  items: echo("items<unknown>()", "value"),
  typed: echo(
    "items<number>()",
    "({ f64: new Float64Array([value, 0.1]), f32: new Float32Array([0.1]), u8: [new Uint8Array([value])] })",
  ),
  doubles: echo("items<number>()", "new Float64Array([value, value / 3])"),
  flat: echo(
    "items<string>()",
    "({ name: value, length: value.length, odd: value.length % 2 === 1 })",
  ),
  nested: echo("items<string>()", "({ deep: [value, { value }] })"),
  picture: echo(
    "items<number>()",
    "new Uint8Array([value, 255 - value])",
    'output: "image/x-raw",',
  ),
  uneven: `
import { lines, map } from "sparegrid";
export default map({
  title: "Uneven work", input: lines(),
  map(line, { record }) {
    let x = record;
    for (let i = 0; i < (record * 7919) % 5000; i++) x = (x * 31 + i) % 1000003;
    return { record, line, x };
  },
});`,
  letters: `
import { lines, mapReduce } from "sparegrid";
export default mapReduce({
  title: "Letters", input: lines(), reducers: 5,
  map(line, emit, { record }) { for (const letter of line) emit(letter, record); },
  reduce: (key: string, records: number[]) => ({ count: records.length, first: records[0]!, code: key.codePointAt(0)! }),
});`,
  total: `
import { iterate, lines } from "sparegrid";
export default iterate({
  title: "Total", input: lines(), roundsMax: 3,
  init: () => ({ sum: 0, seen: new Float64Array(2) }),
  map: (lines, { sum }) => lines.reduce((total, line) => total + line.length, sum),
  merge: (a, b) => a + b,
  step: (state, total, { round }) => ({ state: { sum: total, seen: new Float64Array([round, total]) }, done: false }),
});`,
};

beforeAll(async () => {
  system = await System.start();
  for (const [name, source] of Object.entries(sources))
    await system.client.functions.publish({ name, source });
});
afterAll(() => system?.stop());

type Upload = Parameters<System["client"]["datasets"]["upload"]>[1];

const upload = (data: string | Uint8Array, options: Omit<Upload, "name">) =>
  system.client.datasets.upload(typeof data === "string" ? Buffer.from(data) : data, {
    name: "data",
    ...options,
  } as Upload);

const run = async (name: string, settings: Omit<SubmitRequest, "function">) =>
  (await system.client.run(name, settings as object)).result;

describe("uploaded datasets give their records", () => {
  const doubles = [1.5, -0, 1e-300, Number.MAX_SAFE_INTEGER, 0.1, 3];
  const cases: [string, string, string | Uint8Array, Omit<Upload, "name">, unknown][] = [
    ["text", "text", "one\ntwo\n\nthree ä\n", { format: "text" }, ["one\ntwo\n\nthree ä\n"]],
    [
      "lines with CRLF, empty lines and no last newline",
      "lines",
      "a\r\n\r\nß 🎲\nlast",
      { format: "lines" },
      [
        [0, "a"],
        [1, ""],
        [2, "ß 🎲"],
        [3, "last"],
      ],
    ],
    [
      "CSV with quoted newlines, quotes and commas",
      "csv",
      'name,note\r\n"Ada","a ""quoted""\nsecond line, with a comma"\r\nBob,\r\n',
      { format: "csv" },
      [
        { name: "Ada", note: 'a "quoted"\nsecond line, with a comma' },
        { name: "Bob", note: "" },
      ],
    ],
    [
      "NDJSON",
      "ndjson",
      '{"a":[1,null]}\n"x\\ny"\n-1.5e3\nnull\n',
      { format: "ndjson" },
      [
        [0, { a: [1, null] }],
        [1, "x\ny"],
        [2, -1500],
        [3, null],
      ],
    ],
    [
      "a matrix as CSV with a header",
      "matrix",
      "x,y\n1,2.5\n-3e2,.5\n",
      { format: "matrix" },
      [
        [1, 2.5],
        [-300, 0.5],
      ],
    ],
    [
      "a matrix as f64",
      "matrix",
      new Uint8Array(Float64Array.from(doubles).buffer),
      { format: "matrix", encoding: "f64", columns: 3 },
      [
        [1.5, 0, 1e-300],
        [Number.MAX_SAFE_INTEGER, 0.1, 3],
      ],
    ],
    [
      "a matrix as f32",
      "matrix",
      new Uint8Array(Float32Array.from([1.5, 0.1, 2, 3]).buffer),
      { format: "matrix", encoding: "f32", columns: 2 },
      [
        [1.5, Math.fround(0.1)],
        [2, 3],
      ],
    ],
    [
      "bytes with a record size",
      "sized-bytes",
      Buffer.from("00ff0a0d0a22", "hex"),
      { format: "bytes", recordBytes: 3 },
      ["00ff0a", "0d0a22"],
    ],
    [
      "bytes without one",
      "whole-bytes",
      Buffer.from("00ff0a0d0a22aa", "hex"),
      { format: "bytes" },
      ["00ff0a0d0a22aa"],
    ],
    ["NDJSON for a function of items", "items", "1\n[2]\n", { format: "ndjson" }, [1, [2]]],
  ];

  test.each(cases)("%s", async (_what, name, data, options, expected) => {
    const dataset = await upload(data, options);
    expect(await run(name, { dataset: dataset.id })).toEqual(expected);
  });

  test("quoted newlines survive a cut into many shards", async () => {
    const random = seeded(3);
    const rows = Array.from({ length: 9000 }, (_, i) => ({
      id: String(i),
      note: `line ${i}\n"${"x".repeat(Math.floor(random() * 40))}", more`,
    }));
    const text = rows.map(({ id, note }) => `${id},"${note.replaceAll('"', '""')}"`).join("\n");
    const dataset = await upload(`id,note\n${text}`, { format: "csv" });
    expect(dataset.shards).toBeGreaterThan(5);
    expect(await run("csv", { dataset: dataset.id })).toEqual(rows);
  });
});

describe("compressed uploads", () => {
  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const)("%s is the same dataset as plain", async (contentEncoding, compress) => {
    const text = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i}`).join("\n"));
    const plain = await upload(text, { format: "lines" });
    const compressed = await upload(compress(text), { format: "lines", contentEncoding });
    expect(compressed.digest).toBe(plain.digest);
    expect(compressed.records).toBe(40_000);
    expect(plain.shards).toBeGreaterThan(5);
    const detail = await system.client.datasets.get(compressed.id);
    expect(detail.preview.slice(0, 2)).toEqual(["line 0", "line 1"]);
  });
});

describe("an inline input gives one answer, as a job and as an invocation", () => {
  const cases: [string, string, unknown, unknown][] = [
    ["a text", "text", "one\ntwo ä", ["one\ntwo ä"]],
    [
      "a text of lines",
      "lines",
      "a\r\n\nb\n",
      [
        [0, "a"],
        [1, ""],
        [2, "b"],
      ],
    ],
    [
      "an array of lines",
      "lines",
      ["a", "", "ü"],
      [
        [0, "a"],
        [1, ""],
        [2, "ü"],
      ],
    ],
    ["CSV text with a quoted newline", "csv", 'a,b\n"1\n2",3\n', [{ a: "1\n2", b: "3" }]],
    [
      "an array of objects for CSV",
      "csv",
      [
        { a: "x\ny", b: 1.5 },
        { a: '"', b: "," },
      ],
      [
        { a: "x\ny", b: "1.5" },
        { a: '"', b: "," },
      ],
    ],
    [
      "NDJSON values",
      "ndjson",
      [{ a: 1 }, null, "x\n"],
      [
        [0, { a: 1 }],
        [1, null],
        [2, "x\n"],
      ],
    ],
    [
      "rows of numbers",
      "matrix",
      [
        [1, 0.1],
        [-2, 1e300],
      ],
      [
        [1, 0.1],
        [-2, 1e300],
      ],
    ],
    [
      "rows with names",
      "matrix",
      {
        columns: ["a", "b,c"],
        rows: [
          [1, 0.1],
          [-2, 1e-7],
        ],
      },
      [
        [1, 0.1],
        [-2, 1e-7],
      ],
    ],
    ["base64 with a record size", "sized-bytes", "AAECAwQF", ["000102", "030405"]],
    [
      "byte arrays with a record size",
      "sized-bytes",
      [
        [0, 1, 2],
        [253, 254, 255],
      ],
      ["000102", "fdfeff"],
    ],
    ["base64 as one record", "whole-bytes", "AAECAwQF/w==", ["000102030405ff"]],
    ["one byte array", "whole-bytes", [[1, 2]], ["0102"]],
    ["a range", "range", 5, [0, 1, 4, 9, 16]],
    ["items", "items", [1, "two", { three: [3] }, null], [1, "two", { three: [3] }, null]],
  ];

  test.each(cases)("%s", async (_what, name, input, expected) => {
    const { result } = await system.client.invoke(name, input);
    expect(result, "invoked").toEqual(expected);
    expect(await run(name, { input: input as SubmitRequest["input"] }), "run").toEqual(expected);
  });
});

describe("results", () => {
  async function resultAs(name: string, input: unknown, accept?: string) {
    const { client } = system;
    const { id } = await client.jobs.submit({
      function: name,
      input: input as SubmitRequest["input"],
    });
    expect((await client.jobs.wait(id)).status).toBe("succeeded");
    const response = await fetch(`${system.url}/v1/jobs/${id}/result`, {
      headers: { authorization: `Bearer ${system.key}`, ...(accept ? { accept } : {}) },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const type = response.headers.get("content-type")!.split(";")[0];
    return { status: response.status, type, bytes, text: bytes.toString() };
  }
  const names = ["Ada", 'O"Neill', "a,b"];
  const lines =
    '{"name":"Ada","length":3,"odd":true}\n{"name":"O\\"Neill","length":7,"odd":true}\n{"name":"a,b","length":3,"odd":true}\n';

  test("as NDJSON, by default and by name", async () => {
    for (const accept of [undefined, "application/x-ndjson", "*/*"]) {
      const result = await resultAs("flat", names, accept);
      expect(result).toMatchObject({ status: 200, type: "application/x-ndjson", text: lines });
    }
  });

  test("as one JSON array", async () => {
    const { type, text } = await resultAs("flat", names, "application/json");
    expect(type).toBe("application/json");
    const parsed = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(JSON.parse(text)).toEqual(parsed);
  });

  test("as CSV, by quality", async () => {
    const accept = "application/json;q=0.5, text/csv";
    const { type, text } = await resultAs("flat", names, accept);
    expect(type).toBe("text/csv");
    expect(text).toBe('name,length,odd\nAda,3,true\n"O""Neill",7,true\n"a,b",3,true\n');
  });

  test("as doubles", async () => {
    const { type, bytes } = await resultAs("doubles", [1, 2], "application/octet-stream");
    expect(type).toBe("application/octet-stream");
    const doubles = Float64Array.from({ length: 4 }, (_, i) => bytes.readDoubleLE(i * 8));
    expect([...doubles]).toEqual([1, 1 / 3, 2, 2 / 3]);
  });

  test("what a result cannot be is refused with what it can", async () => {
    for (const accept of ["text/csv", "application/octet-stream", "image/png"]) {
      const { status, text } = await resultAs("nested", names, accept);
      expect(status).toBe(406);
      expect(JSON.parse(text)).toMatchObject({ code: "not-acceptable" });
      expect(text).toContain("Accept one of: application/");
    }
  });

  test("bytes are bytes, in order", async () => {
    const own = await resultAs("picture", [1, 2, 3]);
    expect(own).toMatchObject({ type: "image/x-raw" });
    expect([...own.bytes]).toEqual([1, 254, 2, 253, 3, 252]);
    const { bytes } = await resultAs("picture", [1, 2, 3], "application/octet-stream");
    expect(bytes.equals(own.bytes)).toBe(true);
  });

  test("typed arrays come as numbers, not as objects", async () => {
    expect(await run("typed", { input: [1] })).toEqual([
      { f64: [1, 0.1], f32: [Math.fround(0.1)], u8: [[1]] },
    ]);
    // 26 letters on the three lines; every round adds the former sum once for each task (here: one).
    expect(await run("total", { input: "abc\ndefgh\nij" })).toEqual({ sum: 30, seen: [3, 30] });
  });
});

describe("however the work is cut", () => {
  let dataset: string;
  const count = 6000;

  beforeAll(async () => {
    const random = seeded(11);
    const letters = ["a", "b", "\u00e9", "\ue000", "\ufb01", "\u{1f3b2}", '"', "\\", "\u2028", "Z"];
    const text = Array.from(
      { length: count },
      (_, i) => `${letters[Math.floor(random() * letters.length)]}${"-".repeat(i % 50)}`,
    ).join("\n");
    dataset = (await upload(text, { format: "lines" })).id;
  });

  async function textOf(name: string, recordsPerTask?: number) {
    const { client } = system;
    const request = { function: name, dataset, ...(recordsPerTask ? { recordsPerTask } : {}) };
    const { id } = await client.jobs.submit(request);
    const job = await client.jobs.wait(id);
    expect(job.status).toBe("succeeded");
    return { job, text: await (await client.jobs.result(id)).text() };
  }

  test.each(["uneven", "letters"])("the result of %s is the same bytes", async (name) => {
    const whole = await textOf(name);
    const sevens = await textOf(name, 7);
    const ones = await textOf(name, 1);
    expect(ones.job.tasksDone).toBeGreaterThanOrEqual(count);
    expect(sevens.job.tasksDone).toBeGreaterThanOrEqual(count / 7);
    expect(whole.job.tasksDone).toBeLessThan(count / 7);
    expect(sevens.text === whole.text).toBe(true);
    expect(ones.text === whole.text).toBe(true);
  });

  test("outputs come in the order of the records", async () => {
    const { text } = await textOf("uneven", 7);
    const records = text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { record: number }).record);
    expect(records).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test("keys come in the order of their code units over all reduce tasks", async () => {
    const { text, job } = await textOf("letters");
    const keys = text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { key: string }).key);
    // Plain sort() compares code units: 🎲 (d83c dfb2) comes before U+E000.
    expect(keys).toEqual([...keys].sort());
    expect(new Set(keys)).toEqual(
      new Set(["-", "a", "b", "é", "\ue000", "\ufb01", "🎲", '"', "\\", "\u2028", "Z"]),
    );
    expect(job.progress.total).toBe(5);
  });
});

describe("storage", () => {
  async function blobFiles(): Promise<number> {
    const entries = await readdir(path.join(system.dataDir, "blobs"), {
      recursive: true,
      withFileTypes: true,
    });
    return entries.filter((entry) => entry.isFile()).length;
  }

  test("identical shards are stored once", async () => {
    const before = await blobFiles();
    const zeros = Buffer.alloc(1024 * 1024);
    const first = await upload(zeros, { format: "bytes", recordBytes: 1024 });
    const stored = (await blobFiles()) - before;
    expect(first.shards).toBeGreaterThan(15);
    expect(stored).toBeLessThan(first.shards);
    const again = await upload(zeros, { format: "bytes", recordBytes: 1024 });
    expect(again.id).not.toBe(first.id);
    expect(again.digest).toBe(first.digest);
    expect((await blobFiles()) - before).toBe(stored);
    // One that goes leaves the other's shards.
    await system.client.datasets.delete(first.id);
    const { preview } = await system.client.datasets.get(again.id);
    expect(preview).not.toHaveLength(0);
  });
});
