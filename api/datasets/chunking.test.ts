import { afterAll, beforeAll, expect, test } from "vitest";
import type { IngestOptions } from "../ports.ts";
import { readCsvRows } from "./csv-scan.ts";
import { gridError, openTestIngest, randomChunks, seededRandom } from "./test-support.ts";

/** How an upload happens to be chunked is no part of the data: the manifest must not depend on it. */

let store: Awaited<ReturnType<typeof openTestIngest>>;
beforeAll(async () => {
  store = await openTestIngest();
});
afterAll(() => store.close());

type Random = () => number;
const pick = <T>(random: Random, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)]!;
const words = ["a", "é", "日本", "🙂", "long word ", "x".repeat(40), "", " ", "\t", "7"];
const phrase = (random: Random) =>
  Array.from({ length: Math.floor(random() * 12) }, () => pick(random, words)).join("");
const lineEnd = (random: Random) => pick(random, ["\n", "\n", "\r\n"]);

function many(random: Random, count: number, one: () => string): string {
  return Array.from({ length: Math.floor(random() * count) + 1 }, one).join("");
}

function csvField(random: Random): string {
  const text = phrase(random);
  return random() < 0.3 ? `"${text}\r\n""quoted"",\n${text}"` : text || "0";
}

const generators: Record<
  string,
  { options: Partial<IngestOptions>; make: (random: Random) => Buffer }
> = {
  lines: {
    options: { format: "lines" },
    make: (random) => Buffer.from(many(random, 9000, () => phrase(random) + lineEnd(random))),
  },
  "lines with bad UTF-8": {
    options: { format: "lines", onBadRecord: "skip" },
    make: (random) => {
      const bytes = Buffer.from(many(random, 9000, () => phrase(random) + lineEnd(random)));
      for (let i = 0; i < 20; i++) bytes[Math.floor(random() * bytes.length)] = 0xff;
      return bytes;
    },
  },
  text: {
    options: { format: "text" },
    make: (random) =>
      Buffer.from(
        many(random, 9000, () => phrase(random) + (random() < 0.001 ? lineEnd(random) : " ")),
      ),
  },
  ndjson: {
    options: { format: "ndjson" },
    make: (random) =>
      Buffer.from(
        many(random, 6000, () =>
          random() < 0.02
            ? lineEnd(random)
            : JSON.stringify({ a: phrase(random) }) + lineEnd(random),
        ),
      ),
  },
  "plain csv": {
    options: { format: "csv" },
    make: (random) =>
      Buffer.from(
        `a,b,c\r\n${many(random, 9000, () => `${random()},é${random()},x${lineEnd(random)}`)}`,
      ),
  },
  "quoted csv": {
    options: { format: "csv" },
    make: (random) =>
      Buffer.from(
        `\ufeff"a",b\n${many(random, 5000, () => `${csvField(random)},${csvField(random)}${lineEnd(random)}`)}`,
      ),
  },
  "broken csv": {
    options: { format: "csv", onBadRecord: "skip" },
    make: (random) =>
      Buffer.from(
        `a,b\n${many(random, 4000, () => (random() < 0.02 ? pick(random, ['"open', 'x"y,1', '"a"b,c', "1,2,3", "\n"]) : csvField(random)) + pick(random, [",", ",", lineEnd(random)]))}`,
      ),
  },
  "matrix csv": {
    options: { format: "matrix", onBadRecord: "skip" },
    make: (random) =>
      Buffer.from(
        many(
          random,
          20_000,
          () =>
            `${random()},${Math.floor(random() * 99)}${random() < 0.01 ? ",1" : ""}${lineEnd(random)}`,
        ),
      ),
  },
  bytes: {
    options: { format: "bytes", recordBytes: 12, onBadRecord: "skip" },
    make: (random) => Buffer.from(many(random, 9000, () => phrase(random))),
  },
};

test.each(Object.keys(generators))("%s: any chunking gives the same manifest", async (name) => {
  const { options, make } = generators[name]!;
  const seed = Date.now() >>> 0;
  console.log(`${name}: seed ${seed}`);
  const random = seededRandom(seed);
  for (let run = 0; run < 12; run++) {
    const bytes = make(random);
    const whole = await store.ingest(bytes, options).catch((error: unknown) => error);
    for (let chunking = 0; chunking < 4; chunking++) {
      const chunks = randomChunks(bytes, random);
      const cut = await store.ingest(chunks, options).catch((error: unknown) => error);
      expect(cut).toEqual(whole);
    }
  }
});

test("each byte by itself gives the same manifest, with every border inside something", async () => {
  const data = {
    lines: "é\r\n日本語\r\n🙂\n\r\n",
    csv: '\ufeffa,b\r\n"é""\r\n",1\r\n2,"🙂"\r\n',
    ndjson: '{"a":"é\\n"}\r\n\r\n["🙂"]\r\n',
    matrix: "x,y\r\n-1.5e3,2\r\n3,4.25\r\n",
    text: "é 日本\r\n🙂",
  } as const;
  for (const [format, text] of Object.entries(data)) {
    const bytes = Buffer.from(text);
    const options = { format: format as keyof typeof data };
    const whole = await store.ingest(bytes, options);
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(await store.ingest(single, options)).toEqual(whole);
  }
});

test("what was cut is what was sent, for random quoted CSV", async () => {
  const seed = Date.now() >>> 0;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const rows = Array.from({ length: 20_000 }, () => [csvField(random), csvField(random)]);
  const text = `a,b\n${rows.map((row) => row.join(",")).join("\n")}\n`;
  const { manifest } = await store.ingest(randomChunks(Buffer.from(text), random), {
    format: "csv",
  });
  const shards = await store.shards(manifest.shards);
  expect(shards.flatMap((shard) => readCsvRows(shard.toString()))).toEqual(
    rows.map((row) =>
      row.map((field) => (field[0] === '"' ? field.slice(1, -1).replaceAll('""', '"') : field)),
    ),
  );
});

test("the line of an error does not depend on the chunking", async () => {
  const random = seededRandom(7);
  const bytes = Buffer.from(
    `a,b\n${'1,"x\ny"\n'.repeat(20_000)}bad\n${'1,"x\ny"\n'.repeat(20_000)}`,
  );
  for (let chunking = 0; chunking < 10; chunking++) {
    const error = await gridError(store.ingest(randomChunks(bytes, random), { format: "csv" }));
    expect(error.details.line).toBe(40_002);
  }
});
