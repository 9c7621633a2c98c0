import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import { dataset, problem, TestServers } from "./testing.ts";

const servers = new TestServers();
afterEach(() => servers.stop());

interface Upload {
  length: string | undefined;
  encoding: string | undefined;
  query: Record<string, string>;
  bytes: number;
  key: string | undefined;
}

function uploadApp(uploads: Upload[], failFirst = false): Hono {
  const app = new Hono().get("/v1/datasets/uploads/:key", () => problem(404, "not-found"));
  return app.post("/v1/datasets", async (c) => {
    const { byteLength } = await c.req.arrayBuffer();
    uploads.push({
      length: c.req.header("content-length"),
      encoding: c.req.header("content-encoding"),
      query: c.req.query(),
      bytes: byteLength,
      key: c.req.header("idempotency-key"),
    });
    if (failFirst && uploads.length === 1)
      return problem(503, "store-unavailable", { fault: "platform" });
    return c.json(dataset, 201);
  });
}

test("a file is streamed with its length, encoding and progress, and sent again after a failure", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sparegrid-client-"));
  const path = join(folder, "data.txt.gz");
  await writeFile(path, Buffer.alloc(1_000_000, "a\n"));
  const uploads: Upload[] = [];
  const { client } = await servers.serve(uploadApp(uploads, true));
  const progress: number[] = [];
  try {
    const uploaded = await client.datasets.upload(path, {
      format: "lines",
      name: "data",
      contentEncoding: "gzip",
      onProgress: (sent, total) => {
        expect(total).toBe(1_000_000);
        progress.push(sent);
      },
    });
    expect(uploaded.id).toBe("ds_1");
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(uploads).toHaveLength(2);
  expect(uploads[1]).toMatchObject({
    length: "1000000",
    encoding: "gzip",
    bytes: 1_000_000,
    query: { format: "lines", name: "data" },
    key: uploads[0]!.key,
  });
  expect(progress.at(-1)).toBe(1_000_000);
  expect(progress.length).toBeGreaterThan(4);
});

test("a stream of unknown length is sent once, without a length, and never repeated", async () => {
  const uploads: Upload[] = [];
  const { client } = await servers.serve(uploadApp(uploads, true));
  const source = Readable.from([Buffer.from("a\n"), Buffer.from("b\n")]);
  await expect(client.datasets.upload(source, { format: "lines" })).rejects.toMatchObject({
    code: "store-unavailable",
  });
  expect(uploads).toMatchObject([{ length: undefined, bytes: 4 }]);
});

test("bytes and Blobs are sent whole", async () => {
  const uploads: Upload[] = [];
  const { client } = await servers.serve(uploadApp(uploads));
  await client.datasets.upload(new Uint8Array(300_000), { format: "bytes", recordBytes: 100 });
  await client.datasets.upload(new Blob(["a\nb"]), { format: "lines" });
  expect(uploads.map(({ bytes, length }) => [bytes, length])).toEqual([
    [300_000, "300000"],
    [3, "3"],
  ]);
  expect(uploads[0]!.query).toEqual({ format: "bytes", recordBytes: "100" });
});
