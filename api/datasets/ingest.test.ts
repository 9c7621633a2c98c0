import { readdir } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../../protocol/digest.ts";
import { GridError } from "../../protocol/errors.ts";
import { manifestSchema } from "../../protocol/manifest.ts";
import type { BlobStore } from "../store/port.ts";
import { createDatasetIngest } from "./ingest.ts";
import { gridError, openTestIngest } from "./test-support.ts";

let store: Awaited<ReturnType<typeof openTestIngest>>;
beforeEach(async () => {
  store = await openTestIngest();
});
afterEach(() => store.close());

const manyLines = Buffer.from(
  Array.from({ length: 100_000 }, (_, i) => `this is line ${i}`).join("\n"),
);

async function storedBlobs(): Promise<string[]> {
  const files = await readdir(join(store.dataDir, "blobs"), { recursive: true });
  return files.flatMap((file) => /[0-9a-f]{64}$/.exec(file)?.[0] ?? []).sort();
}

const lines = { format: "lines", onBadRecord: "refuse" } as const;

describe("what is stored", () => {
  test("shards and manifest are blobs under their digests", async () => {
    const { manifest, digest } = await store.ingest(manyLines, {});
    const json = await store.blobs.get(digest);
    expect(manifestSchema.parse(JSON.parse(json!.toString()))).toEqual(manifest);
    for (const bytes of await store.shards([...manifest.shards, { digest }]))
      expect([...manifest.shards.map((shard) => shard.digest), digest]).toContain(digestOf(bytes));
    expect(await storedBlobs()).toEqual([...manifest.shards.map((s) => s.digest), digest].sort());
  });

  test("shards that repeat are stored once", async () => {
    const data = Buffer.alloc(256 * 1024, "0123456789abcde\n");
    const { manifest } = await store.ingest(data, {});
    const distinct = new Set(manifest.shards.map((shard) => shard.digest));
    expect(distinct.size).toBeLessThan(manifest.shards.length);
    expect(await storedBlobs()).toHaveLength(distinct.size + 1);
  });

  test("progress counts up to the totals", async () => {
    const seen: [number, number][] = [];
    const ingested = await store.ingest(manyLines, {
      onProgress: (bytes, records) => seen.push([bytes, records]),
    });
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual(seen.toSorted((a, b) => a[0] - b[0]));
    expect(seen.at(-1)).toEqual([ingested.bytes, ingested.records]);
  });
});

describe("a refused upload", () => {
  const bad = Buffer.concat([manyLines, Buffer.from([10, 0xff])]);

  test("says why, and names the line", async () => {
    const error = await gridError(store.ingest(bad, {}));
    expect(error).toMatchObject({ code: "malformed-record", details: { line: 100_001 } });
  });

  test("takes nothing away that was there before", async () => {
    await store.ingest(manyLines.subarray(0, 400_000), {});
    const before = await storedBlobs();
    await gridError(store.ingest(bad, {}));
    expect(await storedBlobs()).toEqual(expect.arrayContaining(before));
  });
});

describe("cut-offs", () => {
  test("fewer or more bytes than announced", async () => {
    for (const expectedBytes of [manyLines.length - 1, manyLines.length + 1]) {
      const error = await gridError(store.ingest(manyLines, { expectedBytes }));
      expect(error.code).toBe("upload-incomplete");
    }
    await store.ingest(manyLines, { expectedBytes: manyLines.length });
  });

  test("a stream that fails", async () => {
    async function* failing() {
      yield manyLines;
      throw new Error("gone");
    }
    const { ingest } = createDatasetIngest({ blobs: store.blobs });
    const error = await gridError(ingest(failing(), lines));
    expect(error.code).toBe("upload-incomplete");
    expect((error.cause as Error).message).toBe("gone");
  });

  test("an abort, before and during the upload", async () => {
    const { ingest } = createDatasetIngest({ blobs: store.blobs });
    const error = await gridError(
      ingest(Readable.from([manyLines]), { ...lines, signal: AbortSignal.abort() }),
    );
    expect(error.code).toBe("upload-incomplete");
    const controller = new AbortController();
    const body = new Readable({ read() {} });
    body.push(manyLines);
    const failed = gridError(ingest(body, { ...lines, signal: controller.signal }));
    await expect.poll(async () => (await storedBlobs()).length).toBeGreaterThan(5);
    controller.abort();
    expect((await failed).code).toBe("upload-incomplete");
    expect(body.destroyed).toBe(true);
  });

  test("over HTTP: a client that dies is noticed, one that sends bad data gets its answer", async () => {
    const { ingest } = createDatasetIngest({ blobs: store.blobs });
    const codes: string[] = [];
    const server = createServer((incoming, answer) => {
      ingest(incoming, lines).catch((error: GridError) => {
        codes.push(error.code);
        answer.writeHead(error.status, { connection: "close" }).end(error.code);
      });
    }).listen(0);
    const { port } = server.address() as AddressInfo;
    const dying = request({ port, method: "POST", headers: { "content-length": 10_000_000 } });
    dying.on("error", () => {});
    dying.write(manyLines, () => setTimeout(() => dying.destroy(), 50));
    await expect.poll(() => codes).toEqual(["upload-incomplete"]);
    const response = await fetch(`http://localhost:${port}`, {
      method: "POST",
      body: Readable.toWeb(Readable.from([Buffer.from([0xff, 10]), manyLines])) as ReadableStream,
      duplex: "half",
    } as RequestInit);
    expect([response.status, await response.text()]).toEqual([422, "malformed-record"]);
    server.close();
  });

  test("a store that fails", async () => {
    const failure = new GridError("store-unavailable", "the disk is full");
    let puts = 0;
    const blobs: BlobStore = {
      ...store.blobs,
      put: (digest, bytes) =>
        ++puts > 5 ? Promise.reject(failure) : store.blobs.put(digest, bytes),
    };
    const { ingest } = createDatasetIngest({ blobs });
    expect(await gridError(ingest(Readable.from([manyLines]), lines))).toBe(failure);
  });
});

describe("compressed uploads", () => {
  test.each([
    ["gzip", gzipSync(manyLines)],
    ["zstd", zstdCompressSync(manyLines, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ])("%s gives the same dataset; truncated and corrupt data is refused", async (name, bytes) => {
    const plain = await store.ingest(manyLines, {});
    const options = { contentEncoding: name, expectedBytes: bytes.length };
    expect(await store.ingest(bytes, options)).toEqual(plain);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 999) }, (_, i) =>
      bytes.subarray(i * 999, (i + 1) * 999),
    );
    expect(await store.ingest(chunks, options)).toEqual(plain);
    for (const length of [3, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const cut = bytes.subarray(0, length);
      const error = await gridError(store.ingest(cut, { contentEncoding: name }));
      expect(error.code).toBe("upload-incomplete");
    }
    const corrupt = Buffer.from(bytes);
    const middle = bytes.length >> 1;
    corrupt.fill(0x55, middle, middle + 64);
    const error = await gridError(store.ingest(corrupt, { contentEncoding: name }));
    expect(error.code).toBe("malformed-record");
    const garbage = await gridError(
      store.ingest(Buffer.from("this is no compressed data"), { contentEncoding: name }),
    );
    expect(garbage.code).toBe("malformed-record");
  });

  test("another encoding is not supported", async () => {
    const error = await gridError(store.ingest("a", { contentEncoding: "br" }));
    expect(error.code).toBe("unsupported-encoding");
  });

  test("a bomb without line ends stops at the record limit", async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000), { level: 1 });
    const error = await gridError(store.ingest(bomb, { contentEncoding: "gzip" }));
    expect(error.code).toBe("record-too-large");
  });
});

test("the body is read no faster than the store takes shards", async () => {
  const gate = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const blobs: BlobStore = {
    ...store.blobs,
    async put(digest, bytes) {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
      return store.blobs.put(digest, bytes);
    },
  };
  let pulled = 0;
  async function* body() {
    for (let i = 0; i < 100; i++) {
      pulled++;
      yield Buffer.from(`${i}\n`.repeat(50_000));
    }
  }
  const { ingest } = createDatasetIngest({ blobs, putsMax: 3 });
  const done = ingest(body(), lines);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(most).toBe(3);
  expect(pulled).toBeLessThan(30);
  gate.resolve();
  expect((await done).records).toBe(5_000_000);
});
